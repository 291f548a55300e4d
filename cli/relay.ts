/** `dashbutton relay`: the broker in the cloud. */
import { Command } from 'commander';
import { makeLog } from '../config/src/log.ts';
import { portOption, untilStopped } from './until-stopped.ts';

export function relayCommand(): Command {
  return new Command('relay')
    .description('run the relay: the broker that carries presses one way and statuses the other')
    .requiredOption('--users <file>', 'who may connect (YAML; verifiers, never clear passwords)')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'MQTT over TCP; 0 takes any free one', portOption, 1883)
    .addHelpText(
      'after',
      `
Examples:
  dashbutton relay --users users.yaml                     on loopback, port 1883
  dashbutton relay --users users.yaml --host 0.0.0.0      open to the network

The log goes to standard output, one JSON object a line; LOG_LEVEL=debug says more.`,
    )
    .action(async (options: { users: string; host: string; port: number }) => {
      const { startRelay } = await import('../relay/src/relay.ts');
      const relay = await startRelay({
        host: options.host,
        port: options.port,
        users: options.users,
        log: makeLog('relay'),
      });
      await untilStopped(() => relay.close());
    });
}
