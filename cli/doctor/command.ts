/** `dashbutton doctor`: what is wrong with this set-up. */
import { Command } from 'commander';

interface Options {
  config: string;
  profile?: string;
  json?: boolean;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look at everything that a press needs, stop at the first broken step, name the setting')
    .requiredOption('--config <file>', 'the settings of the provisioner')
    .option('--profile <name>', "only this profile's template")
    .option('--json', 'one JSON object a line, one line a step')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton doctor --config lab.yaml                    configuration, DNS, proxy, relay, credentials, beacon,
                                                         platform login, template objects, journal
  dashbutton doctor --config lab.yaml --profile house    of the templates only this one
  dashbutton doctor --config lab.yaml --json | jq -r 'select(.state == "broken") | .problems[].setting'
  sudo -u dashbutton dashbutton doctor --config /etc/dashbutton/lab.yaml
                                                         as the user of the service; a proxy that comes from the
                                                         environment is that of this command, not of the service

Orders nothing, changes no setting and no record. A provisioner that runs on the same journal is asked, not disturbed. When none does,
this logs in under its name for a moment and says "offline": run it on the machine of the provisioner, because one
that runs elsewhere under that name loses its connection for a second.

Exit code 0: nothing is broken (there may be warnings); 1: a step is; 2: the settings cannot be read.`,
    )
    .action(async ({ config, profile, json }: Options) => {
      const { doctor, exitCodeOf } = await import('./doctor.ts');
      const { jsonOf, linesOf, summaryOf } = await import('./report.ts');
      const say = (line: string) => process.stdout.write(`${line}\n`);
      const options = {
        config,
        ...(profile === undefined ? {} : { profile }),
        env: process.env,
        now: Date.now,
      };
      const results = await doctor(options, result => {
        for (const line of json === true ? [jsonOf(result)] : linesOf(result)) say(line);
      });
      if (json !== true) say(summaryOf(results));
      process.exitCode = exitCodeOf(results);
    });
}
