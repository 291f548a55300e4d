/** `dashbutton clusters`: what stands. */
import { Command } from 'commander';
import type { ClustersOptions } from './clusters.ts';

export function clustersCommand(): Command {
  return new Command('clusters')
    .description('the clusters that stand: being built, ready, being given back, left by a failed build')
    .requiredOption('--config <file>', 'the settings of the provisioner')
    .option('--all', 'those that are gone, too')
    .option('--json', 'the records as they are in the journal, one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton clusters --config lab.yaml           cluster, state, profile, age, time left, address
  dashbutton clusters --all --config lab.yaml     also those that were given back, or never came to be

The state "left" is what a failed build has left on the platform, with the reason why it is not gone yet.
Asks the running provisioner; when none runs, reads its journal and says so on standard error.`,
    )
    .action(async (options: ClustersOptions) => {
      const { clusters } = await import('./clusters.ts');
      const lines = await clusters(options, line => process.stderr.write(`${line}\n`));
      process.stdout.write(lines.map(line => `${line}\n`).join(''));
    });
}
