/** `dashbutton provisioner`: what runs inside the lab. */
import { Command } from 'commander';
import { type Logger, makeLog } from '../config/src/log.ts';
import type { ProvisionerConfig } from '../provisioner/src/settings/config.ts';
import { endOnMistake, heedSignals } from './service.ts';

const mistakeAdvice =
  'start it again (systemd does); its journal has every press, and what was under way goes on. Please report this line';

export function provisionerCommand(): Command {
  return new Command('provisioner')
    .description(
      'run the provisioner: takes presses from the relay, has the clusters built, says how it goes',
    )
    .requiredOption('--config <file>', 'its settings (YAML); provisioner/example.yaml explains each')
    .option(
      '--recover',
      'where there is no journal, make one first, as dashbutton journal recover does, or do not start',
    )
    .option('--check', 'only read the settings, say what is wrong with them, and end')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton provisioner --config lab.yaml --check      all problems of the settings at once
  dashbutton provisioner --config lab.yaml              dials out through the proxy that lab.yaml names

The log goes to standard output: readable on a terminal, else one JSON object a line. LOG_FORMAT=json or pretty
chooses, LOG_LEVEL=debug says more. Settings and the files that they name are read again within a second of a change,
and at SIGHUP where there is no terminal: taken over whole or, with what is wrong in the log, not at all. SIGTERM and Ctrl-C end it within 5 s; the next start goes on with every build.
A terminal that is closed ends it the same way; started with nohup or by systemd it has none.
Secrets are read from files that the settings name, never from the command line.`,
    )
    .action(async (options: { config: string; check?: boolean; recover?: boolean }) => {
      const { loadConfig } = await import('../provisioner/src/settings/config.ts');
      const config = loadConfig(options.config);
      if (options.check) {
        for (const warning of config.warnings ?? []) process.stderr.write(`warning: ${warning}\n`);
        process.stdout.write(`${options.config}: no problems found\n`);
        return;
      }
      const log = makeLog('provisioner');
      endOnMistake(log, mistakeAdvice);
      const signals = heedSignals(log);
      if (options.recover === true) await recoverIfLost(config, log);
      const { startProvisioner } = await import('../provisioner/src/provisioner.ts');
      const { startOperator } = await import('../provisioner/src/operator/operator.ts');
      const provisioner = await startProvisioner(config, { log });
      const operator = await startOperator(provisioner, config, log).catch(async error => {
        await provisioner.stop();
        throw error;
      });
      const { SettingsFollower } = await import('../provisioner/src/settings/follow.ts');
      const update = (changed: ProvisionerConfig) => provisioner.update(changed);
      const follower = new SettingsFollower({ path: options.config, running: config, update, log });
      const stop = async () => {
        follower.stop();
        await operator.stop();
        await provisioner.stop();
      };
      await signals.untilStopped(stop, () => void follower.reload());
    });
}

/** For a pod that comes back without its disk: nobody is there to be asked, and nothing is made while anything is not known. */
async function recoverIfLost(config: ProvisionerConfig, log: Logger): Promise<void> {
  const { hasJournal, makeJournal } = await import('../provisioner/src/journal/make.ts');
  if (hasJournal(config.journal)) return;
  const { isEmpty, recover, standingOf } = await import('../provisioner/src/recover/recover.ts');
  const { checkNobodyRuns } = await import('./journal/recover.ts');
  const { controlPathOf } = await import('../provisioner/src/operator/control-path.ts');
  await checkNobodyRuns(controlPathOf(config.journal));
  log.warn({ journal: config.journal }, 'no journal: platforms and relays are asked what it must have been');
  const recovery = await recover(config);
  // A first start.
  const say = (line: string) => (isEmpty(recovery) ? log.info(line) : log.warn(line));
  for (const note of recovery.notes) say(note);
  await makeJournal(config.journal, recovery.beginning);
  log.warn({ clusters: standingOf(recovery).map(({ cluster }) => cluster) }, 'a journal was made');
}
