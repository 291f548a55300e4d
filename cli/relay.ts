/** `dashbutton relay`: the broker in the cloud. */
import { Command } from 'commander';
import { makeLog } from '../config/src/log.ts';
import { SetupError } from '../config/src/setup-error.ts';
import type { TlsOptions } from '../relay/src/tls.ts';
import { portOption, untilStopped } from './until-stopped.ts';

/** IANA's port for MQTT over TLS. */
const defaultTlsPort = 8883;

interface Options {
  users: string;
  host: string;
  port: number;
  cert?: string;
  key?: string;
  tlsPort?: number;
}

function tlsOf({ cert, key, tlsPort }: Options): { tls?: TlsOptions } {
  if (cert !== undefined && key !== undefined) return { tls: { port: tlsPort ?? defaultTlsPort, cert, key } };
  if (cert === undefined && key === undefined && tlsPort === undefined) return {};
  throw new SetupError('TLS needs both --cert <file> and --key <file>');
}

export function relayCommand(): Command {
  return new Command('relay')
    .description('run the relay: the broker that carries presses one way and statuses the other')
    .requiredOption('--users <file>', 'who may connect (YAML; verifiers, never clear passwords)')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'MQTT over TCP; 0 takes any free one', portOption, 1883)
    .option('--cert <file>', 'opens MQTT over TLS too: its certificate (PEM; RSA, or buttons cannot use it)')
    .option('--key <file>', 'the private key of the certificate (PEM)')
    .option('--tls-port <port>', 'MQTT over TLS (default: 8883); 0 takes any free one', portOption)
    .addHelpText(
      'after',
      `
Examples:
  dashbutton relay --users users.yaml                     on loopback, port 1883
  dashbutton relay --users users.yaml --host 0.0.0.0      open to the network
  dashbutton relay --users users.yaml --host 0.0.0.0 --cert relay.crt --key relay.key
                                                          with TLS on port 8883 too

The log goes to standard output: readable on a terminal, else one JSON object a line (LOG_FORMAT=json|pretty
decides, LOG_LEVEL=debug says more).`,
    )
    .action(async (options: Options) => {
      const { startRelay } = await import('../relay/src/relay.ts');
      const log = makeLog('relay');
      const relay = await startRelay({
        host: options.host,
        port: options.port,
        users: options.users,
        ...tlsOf(options),
        log,
      });
      await untilStopped(() => relay.close(), log);
    });
}
