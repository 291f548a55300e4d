/** The relay: the broker in the cloud that carries presses one way and statuses the other, and keeps nothing. */
import type { Logger } from '../../config/src/log.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { type OpenAccess, openPolicy } from './auth/open-access.ts';
import { usersPolicy } from './auth/policy.ts';
import type { Users } from './auth/users.ts';
import { type UsersChange, usersOf } from './auth/users-watch.ts';
import { type Broker, startBroker } from './broker/broker.ts';
import { makeConnectionLimits } from './limits/connections.ts';
import { defaultLimits, type Limits } from './limits/limits.ts';
import { makeRoom } from './limits/room.ts';
import { type CertificateSource, type Certificates, openCertificates } from './listeners/certificates.ts';
import {
  type Listener,
  type ListenerOptions,
  type OpenListener,
  openListener,
  type SharedByListeners,
} from './listeners/listeners.ts';
import { makeClientLog } from './metrics/client-log.ts';
import { countRefusal, makeCounters, type RelayStats } from './metrics/counters.ts';
import { logStartup } from './startup-log.ts';

export interface RelayOptions {
  /** Where the listeners listen that do not say so themselves, for example 127.0.0.1. */
  host: string;
  /** MQTT over TCP; 0 for any free port. Short for a first listener of kind `mqtt`. */
  port?: number;
  /** Who may connect: the path of a users file, or the users themselves. */
  users: Users | string;
  /** MQTT over TLS. Short for one more listener of kind `mqtts`, and for its certificates. */
  tls?: TlsOptions;
  /** All further listeners. */
  listeners?: readonly ListenerOptions[];
  /** For every mqtts and wss listener: one for each kind of key, RSA for buttons, EC for everybody else. */
  certificates?: readonly CertificateSource[];
  /** How often the certificates' files are looked at, in milliseconds. Default: 5,000. */
  certificateCheckMs?: number;
  log: Logger;
  limits?: Partial<Limits>;
  /** For conformance tests only: everybody gets in and may do everything. No command and no setting leads here. */
  openAccess?: OpenAccess;
}

/** `certificates` as in {@link RelayOptions}, or the only one. */
export type TlsOptions = { port: number } & (
  | CertificateSource
  | { certificates: readonly CertificateSource[] }
);

export interface Relay {
  /** Of the first listener, as are port, address and url. */
  host: string;
  port: number;
  /** `host:port` */
  address: string;
  /** `mqtt://host:port` */
  url: string;
  /** Every listener, in the order of the options: `port`, `tls`, `listeners`. */
  listeners: readonly Listener[];
  /** The first listener of kind mqtts, if there is one; `mqtts://host:port`. */
  tls?: Listener;
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
  const clientLog = makeClientLog(log, limits);
  const onChange = (change: UsersChange) => broker.usersChanged(change);
  const users = usersOf(options.users, { limits, counters, log, onChange });
  const plan = listenersOf(options);
  const certificates = certificatesOf(options);
  const { openAccess } = options;
  const policy =
    openAccess === undefined
      ? usersPolicy(users.current, limits, counters, clientLog)
      : openPolicy(openAccess, limits);
  const broker = await startBroker({ policy, limits, counters, clientLog, log });
  const listeners: OpenListener[] = [];
  const onRefused = (reason: string) => countRefusal(counters, reason);
  const room = makeRoom(limits.connections, () => onRefused('made-way'));
  const close = () => {
    users.stop();
    certificates?.close();
    return closeAll(listeners, broker, limits.closeTimeoutMs).finally(() => clientLog.close());
  };
  const shared: SharedByListeners = {
    host,
    limits,
    ...(certificates === undefined ? {} : { context: certificates.context }),
    room,
    connections: makeConnectionLimits(limits),
    serve: broker.serve,
    onRefused,
    log,
  };
  try {
    for (const listener of plan) listeners.push(await openListener(listener, shared));
    const [first] = listeners;
    if (first === undefined) throw new SetupError('the relay has no listener: it needs at least one');
    const tls = listeners.find(({ kind }) => kind === 'mqtts');
    users.watch();
    logStartup(listeners, users.current(), log, openAccess);
    return {
      host: first.host,
      port: first.port,
      address: first.address,
      url: first.url,
      listeners,
      ...(tls === undefined ? {} : { tls }),
      stats: () => ({
        ...counters,
        refused: { ...counters.refused },
        connections: room.size(),
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

function listenersOf({ port, tls, listeners = [] }: RelayOptions): ListenerOptions[] {
  return [
    ...(port === undefined ? [] : [{ kind: 'mqtt' as const, port }]),
    ...(tls === undefined ? [] : [{ kind: 'mqtts' as const, port: tls.port }]),
    ...listeners,
  ];
}

function certificatesOf(options: RelayOptions): Certificates | undefined {
  const { tls, certificates = [], certificateCheckMs, log } = options;
  const own = tls === undefined ? [] : 'certificates' in tls ? tls.certificates : [tls];
  const all = [...own, ...certificates];
  return all.length === 0 ? undefined : openCertificates(all, log, certificateCheckMs);
}

async function closeAll(listeners: OpenListener[], broker: Broker, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>(resolve => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([
    Promise.all([...listeners.map(listener => listener.close()), broker.close()]),
    deadline,
  ]);
  clearTimeout(timer);
}
