/** aedes, set up with our rules: in memory, because with a persistence on disk it loses messages under load. */
import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import type { Logger } from '../../../config/src/log.ts';
import type { AccessPolicy } from '../auth/policy.ts';
import type { UsersChange } from '../auth/users-watch.ts';
import { addressKey } from '../limits/address.ts';
import { makeWaitForDrain } from '../limits/backpressure.ts';
import type { Limits } from '../limits/limits.ts';
import type { ClientLog } from '../metrics/client-log.ts';
import { type Counters, countRefusal } from '../metrics/counters.ts';
import { cleanSessions } from './clean-sessions.ts';
import { keepDoubledFilters, plainFilter } from './doubled-filters.ts';
import { Inbound } from './inbound.ts';
import { forgetConnect, shrinkParser } from './memory.ts';
import { oncePerMessage } from './once-per-message.ts';
import { makeRetained, type Retained } from './retained.ts';
import { TopicRouter } from './topic-router.ts';

export interface BrokerOptions {
  /** Who gets in, and who may do what. */
  policy: AccessPolicy;
  limits: Limits;
  counters: Counters;
  /** What clients cause. */
  clientLog: ClientLog;
  log: Logger;
}

/** What becomes of a connection. */
export interface Progress {
  /** CONNECT is whole: until then a deadline may run. */
  onConnect(): void;
  onLogin(): void;
}

export interface Broker {
  /** Takes a new connection, of whatever kind. `from` is the other end's address, for the log. */
  serve(stream: Duplex, from: string, progress?: Progress): void;
  /** Disconnects everybody who is no longer the user that was let in, and forgets what is retained of them. */
  usersChanged(change: UsersChange): Promise<void>;
  /** Disconnects everybody who is logged in. */
  close(): Promise<void>;
}

/** Starts the broker without any listener. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { policy } = options;
  const router = new TopicRouter();
  const retained = makeRetained();
  const inbounds = new WeakMap<Client, Inbound>();
  const aedes = await createAedes(options, { router, retained, inbounds });
  noteEvents(aedes, options);
  const boundQueue = queueLimits(options);
  const readInTurn = inboundLimits(options, inbounds);
  const deliverOnce = oncePerMessage(aedes, router);
  return {
    serve(stream, from, progress) {
      const client = aedes.handle(stream);
      readInTurn(client, from, progress);
      policy.login.arrived(client, from);
      deliverOnce(client);
      boundQueue(client);
      keepDoubledFilters(client);
      shrinkParser(client);
    },
    usersChanged: async change => {
      let count = 0;
      for (const topic of policy.orphaned(change)) {
        if (retained.forget(topic)) sayEmpty(aedes, topic);
        if (++count % topicsPerTurn === 0) await new Promise(setImmediate);
      }
      // Afterwards: the last will of who is still known may be retained.
      policy.usersChanged(change);
    },
    close: () => new Promise(resolve => aedes.close(() => resolve())),
  };
}

/** Topics that are forgotten in one turn of the event loop: a whole site may have gone. */
const topicsPerTurn = 100;

/** Whoever listens hears that nothing is retained there any more: its lab may have something newer to say. */
function sayEmpty(aedes: Aedes, topic: string): void {
  aedes.publish({ cmd: 'publish', topic, payload: '', qos: 0, retain: true, dup: false }, () => {});
}

/** What stands in the place of aedes' own. */
interface Parts {
  router: TopicRouter;
  retained: Retained;
  inbounds: WeakMap<Client, Inbound>;
}

/** aedes with our router, our retained messages and our rules. */
async function createAedes(
  { policy, limits }: BrokerOptions,
  { router, retained, inbounds }: Parts,
): Promise<Aedes> {
  const aedes = await Aedes.createBroker({
    preConnect: policy.login.preConnect,
    authenticate: policy.login.authenticate,
    ...policy.authorization,
    authorizeSubscribe: (client, subscription, done) =>
      policy.authorization.authorizeSubscribe(client, plainFilter(subscription), done),
    authorizeForward: (client, packet) => {
      const forwarded = policy.authorization.authorizeForward(client, packet);
      if (forwarded !== null && packet.qos > 0) inbounds.get(client)?.expectAnswer();
      return forwarded;
    },
    connectTimeout: limits.connectTimeoutMs,
    mq: router as never,
    ...(policy.keepsSessions ? {} : { persistence: cleanSessions() as never }),
  });
  // Also into aedes' own memory, which then keeps the sessions alone.
  const { persistence } = aedes as unknown as { persistence: object };
  Object.assign(persistence, retained.persistence);
  return aedes;
}

/** Counts and logs who comes and goes. */
function noteEvents(aedes: Aedes, { policy: { login }, counters, clientLog, log }: BrokerOptions): void {
  aedes.on('clientReady', forgetConnect);
  aedes.on('client', client => {
    counters.clients++;
    login.registered(client);
    clientLog.note('info', client.id, { user: client.id }, 'logged in');
  });
  aedes.on('clientDisconnect', client => {
    counters.clients--;
    login.left(client);
    clientLog.note('info', client.id, { user: client.id }, 'left');
  });
  aedes.on('clientError', (client, { message }) =>
    log.debug({ user: client.id, message }, 'connection failed'),
  );
  aedes.on('connectionError', (_, { message }) => log.debug({ message }, 'connection failed before CONNECT'));
  // Not in aedes' types, but without a listener it would end the program.
  aedes.addListener('error', (error: Error) => log.error({ message: error.message }, 'broker error'));
}

/** What bounds the bytes that may wait for a client. */
function queueLimits({ policy, limits, counters, clientLog }: BrokerOptions): (client: Client) => void {
  const queueBytes = (client: Client) =>
    policy.roleOf(client) === 'provisioner' ? limits.provisionerQueueBytes : limits.queueBytes;
  const waitForDrain = makeWaitForDrain(limits, queueBytes, (client, reason) => {
    countRefusal(counters, reason);
    clientLog.note('warn', client.id, { user: client.id, reason }, 'dropped: it does not read');
  });
  return client => void Object.assign(client, { waitForDrain });
}

/** What hands a client's packets on in its turn, and closes the connection at the first that may not be. */
function inboundLimits(
  { policy, limits, counters, clientLog }: BrokerOptions,
  inbounds: WeakMap<Client, Inbound>,
): (client: Client, from: string, progress?: Progress) => void {
  return (client, from, progress) => {
    const inbound = new Inbound(client.conn as Duplex, {
      packetBytes: limits.packetBytes,
      onConnect: () => progress?.onConnect(),
      waitFor: (weight, behind) => {
        const role = policy.roleOf(client);
        // Nobody's client may do nothing anyway.
        const waitMs = role === undefined ? 0 : policy.rate({ name: client.id, role }, weight, behind);
        if (waitMs !== 0 && waitMs !== undefined) counters.slowed++;
        return waitMs;
      },
      onFault: reason => {
        countRefusal(counters, reason);
        const user = client.connected ? { user: client.id } : {};
        clientLog.note('warn', user.user ?? addressKey(from), { ...user, from, reason }, 'packet refused');
        client.close();
      },
    });
    inbounds.set(client, inbound);
    client.once('connected', () => {
      progress?.onLogin();
      inbound.open();
    });
  };
}
