/** The monitor of a service: metrics and health over HTTP, for machines. Only when the settings say where. */
import { isIPv4 } from 'node:net';
import type { Logger } from './log.ts';
import { errnoOf, messageOf, SetupError } from './setup-error.ts';
import { close, json, listen, makeServer } from './small-server.ts';

export interface Monitor {
  host: string;
  /** The one in the settings, or the one that 0 has become. */
  port: number;
  stop(): Promise<void>;
}

export interface MonitorOptions {
  host: string;
  port: number;
  /** In Prometheus' text format, made when it is asked for. */
  metrics: { contentType: string; text(): Promise<string> };
  /** What `/readyz` answers: 200 when `ready`, else 503. */
  readiness: () => { ready: boolean };
  log: Logger;
}

/** @throws SetupError when it cannot listen there. */
export async function startMonitor({
  host,
  port,
  metrics,
  readiness,
  log,
}: MonitorOptions): Promise<Monitor> {
  const server = makeServer({
    'GET /metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.text() }),
    'GET /healthz': () => json({ alive: true }),
    'GET /readyz': () => {
      const now = readiness();
      return json(now, now.ready ? 200 : 503);
    },
  });
  await listen(server, { host, port }).catch(error => {
    throw new SetupError(`monitor ${placeOf(host, port)}: ${reasonFor(error)}`);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  const monitor = placeOf(host, taken);
  log.info({ monitor }, 'metrics and health can be asked for');
  if (!isLoopback(host)) {
    log.warn(
      { monitor },
      'the monitor listens beyond this machine: whoever reaches it may read it, there is no password',
    );
  }
  return { host, port: taken, stop: () => close(server) };
}

/** True for what no other machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function placeOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
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
