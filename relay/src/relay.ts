/** The relay: the broker in the cloud that carries presses one way and statuses the other, and keeps nothing. */
import type { Logger } from '../../config/src/log.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { type Broker, startBroker } from './broker.ts';
import { type CertificateSource, type Certificates, openCertificates } from './certificates.ts';
import { type Counters, countRefusal, makeCounters } from './counters.ts';
import { type Door, type DoorOptions, type House, type OpenDoor, openDoor } from './doors.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { OpenAccess } from './open-access.ts';
import { announce } from './opening.ts';
import type { RedisOptions } from './redis/connect.ts';
import { type Shared, startNode } from './redis/node.ts';
import type { Users } from './users.ts';
import { usersOf } from './users-watch.ts';

export interface RelayOptions {
  /** Where the doors listen that do not say so themselves, for example 127.0.0.1. */
  host: string;
  /** MQTT over TCP; 0 for any free port. Short for a first door of kind `mqtt`. */
  port?: number;
  /** Who may connect: the path of a users file, or the users themselves. */
  users: Users | string;
  /** MQTT over TLS. Short for one more door of kind `mqtts`, and for its certificates. */
  tls?: TlsOptions;
  /** All further doors. */
  doors?: readonly DoorOptions[];
  /** For every mqtts and wss door: one for each kind of key, RSA for buttons, EC for everybody else. */
  certificates?: readonly CertificateSource[];
  /** How often the certificates' files are looked at, in milliseconds. Default: 5,000. */
  certificateCheckMs?: number;
  log: Logger;
  limits?: Partial<Limits>;
  /** Several relays on the same Redis act as one. Its URL, or more. Default: this relay is alone, all in memory. */
  redis?: RedisOptions | string;
  /** For conformance tests only: everybody gets in and may do everything. No command and no setting leads here. */
  openAccess?: OpenAccess;
}

/** `certificates` as in {@link RelayOptions}, or the only one. */
export type TlsOptions = { port: number } & (
  | CertificateSource
  | { certificates: readonly CertificateSource[] }
);

export interface RelayStats extends Readonly<Counters> {
  /** Open connections, logged in or not. */
  connections: number;
  /** Where one of several nodes stands: while Redis is away, nobody is served. */
  redis?: 'up' | 'away';
}

export interface Relay {
  /** Of the first door, as are port, address and url. */
  host: string;
  port: number;
  /** `host:port` */
  address: string;
  /** `mqtt://host:port` */
  url: string;
  /** Every door, in the order of the options: `port`, `tls`, `doors`. */
  doors: readonly Door[];
  /** The first door of kind mqtts, if there is one; `mqtts://host:port`. */
  tls?: Door;
  /** What has been counted so far, as a copy. */
  stats(): RelayStats;
  /**
   * Reads the files again that may have changed. What cannot be taken is logged and stays as it was: then false.
   * Connections stay open.
   */
  reload(): boolean;
  /** Stops listening and disconnects everybody. Ends within two seconds. */
  close(): Promise<void>;
}

/** Starts a relay. Throws a SetupError when a file is broken or a port cannot be had. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { log, host } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const counters = makeCounters();
  const onChange = () => broker.usersChanged();
  const users = usersOf(options.users, { limits, counters, log, onChange });
  const plan = doorsOf(options);
  const certificates = certificatesOf(options);
  const { redis, openAccess } = options;
  const start = (shared?: Shared) => startBroker(users.current, limits, counters, log, openAccess, shared);
  const node =
    redis === undefined
      ? undefined
      : startNode(redis, limits.takeoverTimeoutMs, log, start, () => countRefusal(counters, 'redis-away'));
  const broker: Broker & { up?(): boolean } = await (node ?? start()).catch(error => {
    certificates?.close();
    throw error;
  });
  const doors: OpenDoor[] = [];
  const connections = () => doors.reduce((sum, door) => sum + door.connections(), 0);
  const close = () => {
    users.stop();
    certificates?.close();
    return closeAll(doors, broker, limits.closeTimeoutMs);
  };
  const house: House = {
    host,
    limits,
    ...(certificates === undefined ? {} : { context: certificates.context }),
    hasRoom: () => connections() < limits.connections,
    serve: broker.serve,
    onRefused: reason => countRefusal(counters, reason),
    log,
  };
  try {
    for (const door of plan) doors.push(await openDoor(door, house));
    const [first] = doors;
    if (first === undefined) throw new SetupError('the relay has no door: it needs at least one');
    const tls = doors.find(({ kind }) => kind === 'mqtts');
    users.watch();
    announce(doors, users.current(), log, openAccess);
    return {
      host: first.host,
      port: first.port,
      address: first.address,
      url: first.url,
      doors,
      ...(tls === undefined ? {} : { tls }),
      stats: () => ({
        ...counters,
        refused: { ...counters.refused },
        connections: connections(),
        ...(broker.up && { redis: broker.up() ? ('up' as const) : ('away' as const) }),
      }),
      reload: () => {
        // Both, whatever the first one says.
        const results = [users.reload(), certificates?.reload() ?? true];
        return results.every(Boolean);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function doorsOf({ port, tls, doors = [] }: RelayOptions): DoorOptions[] {
  return [
    ...(port === undefined ? [] : [{ kind: 'mqtt' as const, port }]),
    ...(tls === undefined ? [] : [{ kind: 'mqtts' as const, port: tls.port }]),
    ...doors,
  ];
}

function certificatesOf(options: RelayOptions): Certificates | undefined {
  const { tls, certificates = [], certificateCheckMs, log } = options;
  const own = tls === undefined ? [] : 'certificates' in tls ? tls.certificates : [tls];
  const all = [...own, ...certificates];
  return all.length === 0 ? undefined : openCertificates(all, log, certificateCheckMs);
}

async function closeAll(doors: OpenDoor[], broker: Broker, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>(resolve => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([Promise.all([...doors.map(door => door.close()), broker.close()]), deadline]);
  clearTimeout(timer);
}
