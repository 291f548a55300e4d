/** The monitor: metrics and health over HTTP, for machines. Only when the settings say where. */
import { isIPv4 } from 'node:net';
import type { Logger } from '../../../config/src/log.ts';
import { errnoOf, messageOf, SetupError } from '../../../config/src/setup-error.ts';
import { at } from '../way/addresses.ts';
import { type Measured, makeMetrics } from './metrics.ts';
import { readinessOf } from './readiness.ts';
import { close, json, listen, makeServer } from './server.ts';

export interface Monitor {
  host: string;
  /** The one in the settings, or the one that 0 has become. */
  port: number;
  stop(): Promise<void>;
}

export interface MonitorOptions {
  host: string;
  port: number;
  /** Names of the profiles, so that a metric is there before its first press. */
  profiles: readonly string[];
  log: Logger;
}

/** @throws SetupError when it cannot listen there. */
export async function startMonitor(provisioner: Measured, options: MonitorOptions): Promise<Monitor> {
  const { host, port, profiles, log } = options;
  const metrics = makeMetrics(provisioner, profiles);
  const server = makeServer({
    'GET /metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.text() }),
    'GET /healthz': () => json({ alive: true }),
    'GET /readyz': () => {
      const readiness = readinessOf(provisioner.health());
      return json(readiness, readiness.ready ? 200 : 503);
    },
  });
  await listen(server, { host, port }).catch(error => {
    throw new SetupError(`monitor ${at(host, port)}: ${reasonFor(error)}`);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  log.info({ monitor: at(host, taken) }, 'metrics and health can be asked for');
  if (!isLoopback(host)) {
    log.warn(
      { monitor: at(host, taken) },
      'the monitor listens beyond this machine: whoever reaches it may read it, there is no password',
    );
  }
  return { host, port: taken, stop: () => close(server) };
}

/** True for what no other machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function reasonFor(error: unknown): string {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return 'another program listens there: choose another port';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address';
    case 'EACCES':
      return 'this user may not listen there: choose a port from 1024 on';
    default:
      return messageOf(error);
  }
}
