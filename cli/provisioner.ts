/** `dashbutton provisioner`: what runs inside the lab. */
import { Command } from 'commander';
import { makeLog } from '../config/src/log.ts';
import { endOnMistake, heedSignals } from './service.ts';

const mistakeAdvice =
  'start it again (systemd does); its journal has every press, and what was under way goes on. Please report this line';

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

The log goes to standard output: readable on a terminal, else one JSON object a line. LOG_FORMAT=json or pretty
chooses, LOG_LEVEL=debug says more. SIGTERM and Ctrl-C end it within 5 s; the next start goes on with every build.
A terminal that is closed ends it the same way; started with nohup or by systemd it has none.
Secrets are read from files that the settings name, never from the command line.`,
    )
    .action(async (options: { config: string; check?: boolean }) => {
      const { loadConfig } = await import('../provisioner/src/settings/config.ts');
      const config = loadConfig(options.config);
      if (options.check) {
        process.stdout.write(`${options.config}: no problems found\n`);
        return;
      }
      const log = makeLog('provisioner');
      endOnMistake(log, mistakeAdvice);
      const signals = heedSignals(log);
      const { startProvisioner } = await import('../provisioner/src/provisioner.ts');
      const { startOperator } = await import('../provisioner/src/operator/operator.ts');
      const provisioner = await startProvisioner(config, { log });
      const operator = await startOperator(provisioner, config, log).catch(async error => {
        await provisioner.stop();
        throw error;
      });
      await signals.untilStopped(async () => {
        await operator.stop();
        await provisioner.stop();
      });
    });
}
