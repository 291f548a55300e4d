/** `dashbutton release`: gives a cluster back. */
import { Command } from 'commander';
import type { ReleaseOptions } from './release.ts';

export function releaseCommand(): Command {
  return new Command('release')
    .description(
      'give a cluster back, call a build off, or remove what a failed one has left; asks before it does',
    )
    .argument('<cluster>', 'its name, as dashbutton clusters shows it')
    .requiredOption('--config <file>', 'the settings of the provisioner')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .option('--wait', 'until it is gone, at most as long as a build of its profile may take (deadlineS)')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton release house-01-3 --config lab.yaml                asks, orders it, ends at once
  dashbutton release house-01-3 --config lab.yaml --wait         ends when it is gone
  dashbutton release house-01-3 --config lab.yaml --yes --wait   for scripts: exit code 0 means gone

The provisioner has to run: it does it, and the button's display says so when it is about this cluster.`,
    )
    .action(async (cluster: string, options: ReleaseOptions) => {
      const { release } = await import('./release.ts');
      const keyboard = { input: process.stdin, output: process.stderr };
      await release(cluster, options, keyboard, line => process.stdout.write(`${line}\n`));
    });
}
