/** `dashbutton relay export`: the relay's users for another broker. */
import { Command } from 'commander';
import type { ExportOptions } from './export.ts';

export function exportCommand(): Command {
  return new Command('export')
    .description("the relay's users and rules for another broker")
    .addCommand(mosquittoCommand());
}

function mosquittoCommand(): Command {
  return new Command('mosquitto')
    .description('a password file, an access file and an example configuration for Mosquitto 2.0')
    .option('--users <file>', "the relay's users file", 'users.yaml')
    .option('--passwords <folders...>', "where enroll left its files (default: the users file's folder)")
    .option('--out <folder>', 'where to write', 'mosquitto')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton relay export mosquitto --users users.yaml --out mosquitto
  dashbutton relay export mosquitto --users users.yaml --out mosquitto --passwords . lab/secrets

The users file holds verifiers, and Mosquitto wants hashes of its own of the passwords: they are made from the
*.password and *.device.json files that enroll wrote, each tried against its verifier first. Users without one are
named.`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { exportMosquitto } = await import('./export.ts');
      // `dashbutton relay` has --users too, and takes it wherever it stands.
      process.stdout.write(await exportMosquitto(command.optsWithGlobals<ExportOptions>()));
    });
}
