/** The relay: the broker in the cloud that carries presses one way and statuses the other, and keeps nothing. */
import type { Logger } from '../../config/src/log.ts';
import { type Broker, startBroker } from './broker.ts';
import { type Counters, countRefusal, makeCounters } from './counters.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { type Listener, listen } from './listener.ts';
import { readUsers, type Users } from './users.ts';

export interface RelayOptions {
  /** Where to listen, for example 127.0.0.1. */
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Who may connect: the path of a users file, or the users themselves. */
  users: Users | string;
  log: Logger;
  limits?: Partial<Limits>;
}

export interface RelayStats extends Readonly<Counters> {
  /** Open connections, logged in or not. */
  connections: number;
}

export interface Relay {
  host: string;
  port: number;
  /** `host:port` */
  address: string;
  /** `mqtt://host:port` */
  url: string;
  /** What has been counted so far, as a copy. */
  stats(): RelayStats;
  /** Stops listening and disconnects everybody. Ends within two seconds. */
  close(): Promise<void>;
}

/** Starts a relay. Throws a SetupError when the users file is broken or the port cannot be had. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const users = typeof options.users === 'string' ? readUsers(options.users) : options.users;
  const counters = makeCounters();
  const broker = await startBroker(() => users, limits, counters, options.log);
  const listener = await openDoor(options, limits, counters, broker);
  const { host, port, address } = listener;
  options.log.info({ address, users: users.size }, 'relay open: MQTT over TCP, only with a password');
  return {
    host,
    port,
    address,
    url: `mqtt://${address}`,
    stats: () => ({ ...counters, refused: { ...counters.refused }, connections: listener.connections() }),
    close: () => closeAll(listener, broker, limits.closeTimeoutMs),
  };
}

async function openDoor(
  { host, port }: RelayOptions,
  limits: Limits,
  counters: Counters,
  broker: Broker,
): Promise<Listener> {
  try {
    return await listen({
      host,
      port,
      maxConnections: limits.connections,
      onConnection: socket => broker.serve(socket, socket.remoteAddress ?? 'unknown'),
      onFull: () => countRefusal(counters, 'too-many-connections'),
    });
  } catch (error) {
    await broker.close();
    throw error;
  }
}

async function closeAll(listener: Listener, broker: Broker, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>(resolve => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([Promise.all([listener.close(), broker.close()]), deadline]);
  clearTimeout(timer);
}
