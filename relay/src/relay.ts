/** The relay: the broker in the cloud that carries presses one way and statuses the other, and keeps nothing. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../config/src/log.ts';
import { type Broker, startBroker } from './broker.ts';
import { type Counters, countRefusal, makeCounters } from './counters.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { type Listener, listen } from './listener.ts';
import { makeTls, secure, type TlsOptions } from './tls.ts';
import { readUsers, type Users } from './users.ts';

export interface RelayOptions {
  /** Where to listen, for example 127.0.0.1. */
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Who may connect: the path of a users file, or the users themselves. */
  users: Users | string;
  /** One more door, on the same host: MQTT over TLS. Default: none. */
  tls?: TlsOptions;
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
  /** The door with TLS, if there is one; `mqtts://host:port`. */
  tls?: { port: number; address: string; url: string };
  /** What has been counted so far, as a copy. */
  stats(): RelayStats;
  /** Stops listening and disconnects everybody. Ends within two seconds. */
  close(): Promise<void>;
}

/** Starts a relay. Throws a SetupError when a file is broken or a port cannot be had. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { log, tls } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const users = typeof options.users === 'string' ? readUsers(options.users) : options.users;
  const context = tls === undefined ? undefined : makeTls(tls, log);
  const counters = makeCounters();
  const broker = await startBroker(() => users, limits, counters, log);
  const doors: Listener[] = [];
  const connections = () => doors.reduce((sum, door) => sum + door.connections(), 0);
  const open = async (port: number, wrap: (socket: Socket) => Duplex): Promise<Listener> => {
    const door = await listen({
      host: options.host,
      port,
      maxConnections: limits.connections,
      hasRoom: () => connections() < limits.connections,
      onConnection: socket => broker.serve(wrap(socket), socket.remoteAddress ?? 'unknown'),
      onFull: () => countRefusal(counters, 'too-many-connections'),
    });
    doors.push(door);
    return door;
  };
  const close = () => closeAll(doors, broker, limits.closeTimeoutMs);
  try {
    const { host, port, address } = await open(options.port, socket => socket);
    log.info({ address, users: users.size }, 'relay open: MQTT over TCP, only with a password');
    const relay: Relay = {
      host,
      port,
      address,
      url: `mqtt://${address}`,
      stats: () => ({ ...counters, refused: { ...counters.refused }, connections: connections() }),
      close,
    };
    if (tls === undefined || context === undefined) return relay;
    const onFailed = (reason: string) => {
      countRefusal(counters, 'tls-handshake');
      log.debug({ reason }, 'TLS handshake failed');
    };
    const door = await open(tls.port, socket => secure(socket, context, onFailed));
    log.info({ address: door.address }, 'relay open: MQTT over TLS, only with a password');
    return { ...relay, tls: { port: door.port, address: door.address, url: `mqtts://${door.address}` } };
  } catch (error) {
    await close();
    throw error;
  }
}

async function closeAll(doors: Listener[], broker: Broker, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>(resolve => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([Promise.all([...doors.map(door => door.close()), broker.close()]), deadline]);
  clearTimeout(timer);
}
