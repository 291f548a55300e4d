/** `dashbutton relay`: the broker in the cloud. */
import { Command } from 'commander';
import { type Logger, makeLog } from '../config/src/log.ts';
import type { Monitor } from '../config/src/monitor.ts';
import { SetupError } from '../config/src/setup-error.ts';
import type { Relay, TlsOptions } from '../relay/src/relay.ts';
import type { RelaySettings } from '../relay/src/settings/settings.ts';
import { authCommand } from './relay-auth/command.ts';
import { exportCommand } from './relay-export/command.ts';
import { testCommand } from './relay-test/command.ts';
import { endOnMistake, heedSignals, portOption } from './service.ts';

/** IANA's port for MQTT over TLS. */
const defaultTlsPort = 8883;

interface Options {
  config?: string;
  check?: boolean;
  users?: string;
  host: string;
  port: number;
  cert?: string;
  key?: string;
  tlsPort?: number;
  wsPort?: number;
}

function tlsOf({ cert, key, tlsPort }: Options): { tls?: TlsOptions } {
  if (cert !== undefined && key !== undefined) return { tls: { port: tlsPort ?? defaultTlsPort, cert, key } };
  if (cert === undefined && key === undefined && tlsPort === undefined) return {};
  throw new SetupError('TLS needs both --cert <file> and --key <file>');
}

/** From the settings file, or from the few options that a trial needs. */
async function settingsOf(options: Options): Promise<RelaySettings> {
  const { config, users, host, port, wsPort } = options;
  if (config !== undefined) {
    if (users !== undefined)
      throw new SetupError('give --config or --users, not both: the settings name the users');
    const { loadSettings } = await import('../relay/src/settings/settings.ts');
    return loadSettings(config);
  }
  if (users === undefined) {
    throw new SetupError(
      'expected --config relay.yaml (relay/example.yaml explains it), or --users users.yaml for a trial',
    );
  }
  const listeners = wsPort === undefined ? [] : [{ kind: 'ws' as const, port: wsPort }];
  return { relay: { host, port, users, listeners, ...tlsOf(options) } };
}

/** What a person has to know when a mistake of ours ends it. */
const mistakeAdvice = 'start it again (systemd does); it keeps nothing, and everybody connects again';

export function relayCommand(): Command {
  return new Command('relay')
    .description('run the relay: the broker that carries presses one way and statuses the other')
    .option('--config <file>', 'its settings (YAML); relay/example.yaml explains each')
    .option('--check', 'only read the settings and the files they name, say what is wrong, and end')
    .option('--users <file>', 'without --config: who may connect (YAML; verifiers, never clear passwords)')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'MQTT over TCP; 0 takes any free one', portOption, 1883)
    .option('--cert <file>', 'opens MQTT over TLS too: its certificate (PEM; RSA, or buttons cannot use it)')
    .option('--key <file>', 'the private key of the certificate (PEM)')
    .option('--tls-port <port>', 'MQTT over TLS (default: 8883); 0 takes any free one', portOption)
    .option(
      '--ws-port <port>',
      'opens MQTT over WebSocket at /mqtt too, for behind a reverse proxy',
      portOption,
    )
    .addCommand(exportCommand())
    .addCommand(authCommand())
    .addCommand(testCommand())
    .addHelpText(
      'after',
      `
Examples:
  dashbutton relay --config relay.yaml                    as a service: listeners, certificates, limits, metrics
  dashbutton relay --config relay.yaml --check            all problems of the settings at once
  dashbutton relay --users users.yaml                     a trial on loopback, port 1883
  dashbutton relay --users users.yaml --host 0.0.0.0      open to the network
  dashbutton relay --users users.yaml --host 0.0.0.0 --cert relay.crt --key relay.key
                                                          with TLS on port 8883 too

The log goes to standard output: readable on a terminal, else one JSON object a line (LOG_FORMAT=json|pretty
decides, LOG_LEVEL=debug says more).`,
    )
    .action(async (options: Options) => {
      const { relay: relayOptions, monitor: at } = await settingsOf(options);
      if (options.check) {
        const { checkFiles } = await import('../relay/src/settings/settings.ts');
        checkFiles(relayOptions, makeLog('relay'));
        process.stdout.write(`${options.config ?? options.users}: no problems found\n`);
        return;
      }
      const { saveProcessMemory } = await import('../relay/src/broker/memory.ts');
      saveProcessMemory();
      const { startRelay } = await import('../relay/src/relay.ts');
      const log = makeLog('relay');
      endOnMistake(log, mistakeAdvice);
      const signals = heedSignals(log);
      const relay = await startRelay({ ...relayOptions, log });
      const monitor = at === undefined ? undefined : await watch(relay, at, log);
      const stop = async () => {
        await monitor?.stop();
        await relay.close();
      };
      await signals.untilStopped(stop, () => relay.reload());
    });
}

/** Metrics and health; without them the relay does not start, because nobody would notice that they are missing. */
async function watch(relay: Relay, at: { host: string; port: number }, log: Logger): Promise<Monitor> {
  const { makeMetrics } = await import('../relay/src/metrics/metrics.ts');
  const { startMonitor } = await import('../config/src/monitor.ts');
  const options = { ...at, metrics: makeMetrics(relay), readiness: () => ({ ready: true }), log };
  return startMonitor(options).catch(async error => {
    await relay.close();
    throw error;
  });
}
