/** `dashbutton provisioner`: what runs inside the lab. */
import { Command } from 'commander';
import { makeLog } from '../config/src/log.ts';
import { untilStopped } from './until-stopped.ts';

export function provisionerCommand(): Command {
  return new Command('provisioner')
    .description(
      'run the provisioner: takes presses from the relay, has the clusters built, says how it goes',
    )
    .requiredOption('--config <file>', 'its settings (YAML); provisioner/example.yaml explains each')
    .option('--check', 'only read the settings, say what is wrong with them, and end')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton provisioner --config lab.yaml --check      all problems of the settings at once
  dashbutton provisioner --config lab.yaml              dials out through the proxy that lab.yaml names

The log goes to standard output, one JSON object a line; LOG_LEVEL=debug says more.
Secrets are read from files that the settings name, never from the command line.`,
    )
    .action(async (options: { config: string; check?: boolean }) => {
      const { loadConfig } = await import('../provisioner/src/config.ts');
      const config = loadConfig(options.config);
      if (options.check) {
        process.stdout.write(`${options.config}: no problems found\n`);
        return;
      }
      const { startProvisioner } = await import('../provisioner/src/provisioner.ts');
      const provisioner = await startProvisioner(config, { log: makeLog('provisioner') });
      await untilStopped(() => provisioner.stop());
    });
}
