/** `dashbutton relay export`: the relay's users for another broker. */
import { Command } from 'commander';
import type { EngineExportOptions } from './engines.ts';
import type { ExportOptions } from './export.ts';

export function exportCommand(): Command {
  return new Command('export')
    .description("the relay's users and rules for another broker")
    .addCommand(mosquittoCommand())
    .addCommand(rmqttCommand())
    .addCommand(emqxCommand());
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

const authOption = [
  '--auth <url>',
  'where dashbutton relay auth answers',
  'http://127.0.0.1:9466/login',
] as const;

function rmqttCommand(): Command {
  return new Command('rmqtt')
    .description("RMQTT's own configuration, whose logins dashbutton relay auth answers")
    .option(...authOption)
    .option('--nodes <hosts...>', 'names or addresses of the nodes of a cluster (default: one node)')
    .option('--out <folder>', 'where to write', 'rmqtt')
    .addHelpText(
      'after',
      `
Examples:
  dashbutton relay export rmqtt --out rmqtt
  dashbutton relay export rmqtt --out rmqtt --nodes 10.0.0.1 10.0.0.2 10.0.0.3   a folder for each node`,
    )
    .action(async (options: EngineExportOptions) => {
      const { exportRmqtt } = await import('./engines.ts');
      process.stdout.write(exportRmqtt(options));
    });
}

function emqxCommand(): Command {
  return new Command('emqx')
    .description("a part of EMQX 5's configuration, whose logins dashbutton relay auth answers")
    .option(...authOption)
    .option('--out <folder>', 'where to write', 'emqx')
    .action(async (options: EngineExportOptions) => {
      const { exportEmqx } = await import('./engines.ts');
      process.stdout.write(exportEmqx(options));
    });
}
