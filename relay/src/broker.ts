/** aedes, set up with our rules: in memory, because with a persistence on disk it loses messages under load. */
import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import type { Logger } from '../../config/src/log.ts';
import { type Counters, countRefusal } from './counters.ts';
import { Exchange } from './exchange.ts';
import { forgetConnect, slim } from './frugal.ts';
import { makeGate } from './gate.ts';
import { makeGuard } from './guard.ts';
import type { Limits } from './limits.ts';
import { makeLogin } from './login.ts';
import { makeOpenGuard, makeOpenLogin, type OpenAccess } from './open-access.ts';
import { packetGauge } from './packet-gauge.ts';
import type { Shared } from './redis/node.ts';
import { keepRetainedByTopic } from './retained.ts';
import { makeWaitForDrain } from './stalls.ts';
import type { Users } from './users.ts';

export interface Broker {
  /** Takes a new connection, of whatever kind. `from` is the other end's address, for the log. */
  serve(stream: Duplex, from: string): void;
  /** Disconnects everybody who is no longer the user that was let in. */
  usersChanged(): void;
  /** Disconnects everybody who is logged in. */
  close(): Promise<void>;
}

/**
 * Starts the broker without any listener. `users` is asked anew at each decision.
 * @param open no logins and no rules, for conformance tests only
 * @param shared makes it one of several nodes
 */
export async function startBroker(
  users: () => Users,
  limits: Limits,
  counters: Counters,
  log: Logger,
  open?: OpenAccess,
  shared?: Shared,
): Promise<Broker> {
  const gate = makeGate(limits);
  const login = open ? makeOpenLogin(limits) : makeLogin(users, limits, counters, log);
  const aedes = await Aedes.createBroker({
    preConnect: login.preConnect,
    authenticate: shared ? shared.alone(login.authenticate) : login.authenticate,
    ...(open ? makeOpenGuard(open) : makeGuard(users, limits, counters, log)),
    connectTimeout: limits.connectTimeoutMs,
    queueLimit: limits.packetsBeforeConnack,
    // Open to wildcards, the exchange must know patterns; shared with other nodes, it is theirs.
    ...(open || shared ? {} : { mq: new Exchange(), persistence: keepRetainedByTopic() }),
    ...shared?.options,
  });
  const queueBytesOf = ({ id }: Client) =>
    users().get(id)?.role === 'provisioner' ? limits.provisionerQueueBytes : limits.queueBytes;
  const waitForDrain = makeWaitForDrain(limits, queueBytesOf, (client, reason) => {
    countRefusal(counters, reason);
    log.warn({ user: client.id, reason }, 'dropped: it does not read');
  });
  aedes.on('clientReady', forgetConnect);
  aedes.on('client', client => {
    counters.clients++;
    login.registered(client);
    log.info({ user: client.id }, 'logged in');
  });
  aedes.on('clientDisconnect', client => {
    counters.clients--;
    login.left(client);
    log.info({ user: client.id }, 'left');
  });
  aedes.on('clientError', (client, { message }) =>
    log.debug({ user: client.id, message }, 'connection failed'),
  );
  aedes.on('connectionError', (_, { message }) => log.debug({ message }, 'connection failed before CONNECT'));
  // Not in aedes' types, but without a listener it would end the program.
  aedes.addListener('error', (error: Error) => log.error({ message: error.message }, 'broker error'));
  await shared?.attach(aedes);
  return {
    serve: (stream, from) => {
      const entry = gate.enter(from);
      if ('refused' in entry) {
        countRefusal(counters, entry.refused);
        // Not a warning each: they come by the thousand.
        log.debug({ from, reason: entry.refused }, 'connection refused');
        stream.destroy();
        return;
      }
      stream.once('close', entry.leave);
      const client = aedes.handle(stream);
      login.arrived(client, from);
      // Open to wildcards, subscriptions can overlap: aedes' own way then.
      if (!open) deliverEverything(client);
      Object.assign(client, { waitForDrain });
      slim(client);
      watchPackets(client, stream, limits.packetBytes, () => {
        countRefusal(counters, 'packet-too-long');
        log.warn({ user: client.id, from, reason: 'packet-too-long' }, 'packet refused');
      });
    },
    usersChanged: () => login.usersChanged(),
    close: () => new Promise(resolve => aedes.close(() => resolve())),
  };
}

/** Drops a client that announces a packet of more than `maxBytes`, before its bytes are kept. */
function watchPackets(client: Client, stream: Duplex, maxBytes: number, onTooLong: () => void): void {
  const fits = packetGauge(maxBytes);
  // aedes reads in paused mode; `data` comes with every chunk it takes, before its parser has seen it.
  stream.on('data', (chunk: Buffer) => {
    if (client.closed || fits(chunk)) return;
    onTooLong();
    // A closed client handles nothing more, not even what came before the long packet in the same chunk.
    client.close();
    stream.destroy();
  });
}

/**
 * aedes numbers messages as they come and gives a client none with a lower number than it has had, so that
 * overlapping subscriptions deliver once. But messages overtake each other inside (a retained one takes one step more):
 * then the lower number is thrown away. Measured with QoS 0, retained and not in turns: 318 of 800 lost. Our
 * subscriptions are exact topics and cannot overlap, so the highest number a client has had stays at zero, for
 * messages of this broker and of every other node.
 */
function deliverEverything(client: Client): void {
  Object.assign(client, { duplicates: noneYet });
}

/** The highest number by broker id; one object for all clients, as nothing is ever written. */
const noneYet = new Proxy(Object.freeze(Object.create(null) as Record<string, number>), {
  get: () => 0,
  set: () => true,
  deleteProperty: () => true,
});
