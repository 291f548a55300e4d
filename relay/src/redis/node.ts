/**
 * One node of several. While Redis answers, it serves; when Redis is away (gone, silent, full, read-only), the node
 * lets all its clients go, takes none, and starts anew when Redis is back: with new connections and a new id. So
 * there is no state to repair: everybody subscribes again, is given the newest retained messages, and the
 * provisioner publishes again what may have been lost. And nothing is queued, so no queue can grow.
 *
 * The id is new each time: with one that stays the same across restarts, messages were measured to be lost.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Aedes, AedesOptions, Client, PublishPacket } from 'aedes';
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Broker } from '../broker.ts';
import { connectRedis, nameOf, prefixOf, type RedisOptions } from './connect.ts';
import { join, type Members } from './members.ts';
import { makeMessages } from './messages.ts';
import { makePersistence } from './persistence.ts';
import { SeatsAcross } from './seats.ts';
import { makeStore, type Will } from './store.ts';
import { defaultTiming, type Timing } from './timing.ts';

type Authenticate = NonNullable<AedesOptions['authenticate']>;

/** What makes aedes one of several. */
export interface Shared {
  options: Pick<AedesOptions, 'id' | 'mq' | 'persistence'>;
  /** The same login, and after it: alone under this name on all nodes. */
  alone(authenticate: Authenticate): Authenticate;
  /** Joins the other nodes. Rejects when Redis does not answer. */
  attach(aedes: Aedes): Promise<void>;
}

/** Return code of CONNACK: server unavailable (MQTT 3.1.1 table 3.1). */
const serverUnavailable = 3;

interface Generation {
  broker: Broker;
  /** Resolves with the reason when Redis is away. */
  failed: Promise<string>;
  close(): Promise<void>;
}

export interface NodeBroker extends Broker {
  /** Redis answers, and clients are served. */
  up(): boolean;
}

/** From one connection to Redis to its end. Rejects with a SetupError when Redis cannot be had. */
async function begin(
  options: RedisOptions,
  takeoverTimeoutMs: number,
  timing: Timing,
  makeBroker: (shared: Shared) => Promise<Broker>,
): Promise<Generation> {
  const redis = await connectRedis(options, timing.answerMs);
  const subscriber = await connectRedis(options, timing.answerMs).catch(error => {
    redis.disconnect();
    throw error;
  });
  let fail = (_: string): void => {};
  const failed = new Promise<string>(resolve => {
    fail = resolve;
  });
  const onFailed = (error: Error) => fail(error.message);
  for (const one of [redis, subscriber]) one.once('close', () => fail('connection lost'));

  const id = randomUUID();
  const store = makeStore(redis);
  const mq = makeMessages(redis, subscriber, prefixOf(options), onFailed);
  const seats = new SeatsAcross(id, store, mq, takeoverTimeoutMs, onFailed);
  let members: Members | undefined;
  const streams = new Set<Duplex>();

  async function close(broker?: Broker): Promise<void> {
    members?.stop();
    const parting = async () => {
      await broker?.close();
      await store.settled();
      await store.bury(id);
    };
    // Without Redis there is nobody to take leave of.
    await Promise.race([parting().catch(() => {}), sleep(timing.closeMs, undefined, { ref: false })]);
    for (const stream of streams) stream.destroy();
    redis.disconnect();
    subscriber.disconnect();
  }

  const shared: Shared = {
    options: { id, mq, persistence: makePersistence(redis, store, id, onFailed) },
    alone: authenticate => (client, name, password, done) =>
      authenticate(client, name, password, (error, success) => {
        if (error || !success) return done(error, success);
        seats.take(client.id, client).then(
          alone => done(null, alone),
          (cause: Error) => {
            onFailed(cause);
            done(Object.assign(new Error('Redis is away'), { returnCode: serverUnavailable }), false);
          },
        );
      }),
    async attach(aedes) {
      aedes.on('client', client => seats.registered(client));
      aedes.on('clientDisconnect', client => seats.left(client));
      await seats.open();
      members = await join(id, store, seats, timing, (name, will) => speakFor(aedes, name, will), onFailed);
    },
  };
  try {
    const inner = await makeBroker(shared);
    const broker: Broker = {
      ...inner,
      serve(stream, from) {
        streams.add(stream);
        stream.once('close', () => streams.delete(stream));
        inner.serve(stream, from);
      },
    };
    return { broker, failed, close: () => close(inner) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Publishes the will of a client whose node is dead, under the same rules as if it were said now. */
function speakFor(aedes: Aedes & AedesOptions, name: string, will: Will): Promise<void> {
  const packet: PublishPacket = { cmd: 'publish', dup: false, ...will };
  return new Promise((resolve, reject) => {
    // The rules look only at the name; the client itself is gone. What they refuse is dropped, and logged by them.
    aedes.authorizePublish?.({ id: name, closed: true } as Client, packet, refused => {
      if (refused) return resolve();
      aedes.publish(packet, error => (error ? reject(error) : resolve()));
    });
  });
}

/**
 * A broker that shares everything with the other nodes on this Redis.
 * @param makeBroker makes the broker itself; called again each time Redis is back
 * @param onTurnedAway told for each connection that comes while Redis is away
 * @throws SetupError when Redis cannot be had at the start.
 */
export async function startNode(
  redis: RedisOptions | string,
  takeoverTimeoutMs: number,
  log: Logger,
  makeBroker: (shared: Shared) => Promise<Broker>,
  onTurnedAway: () => void,
): Promise<NodeBroker> {
  const options = typeof redis === 'string' ? { url: redis } : redis;
  const timing: Timing = { ...defaultTiming, ...options.timing };
  const closing = new AbortController();
  const start = () => begin(options, takeoverTimeoutMs, timing, makeBroker);
  let current: Generation | undefined = await start();
  const where = nameOf(options);
  log.info({}, `several nodes: sharing with others through ${where}`);

  async function again(): Promise<Generation> {
    for (let waitMs = timing.retryMs; ; waitMs = Math.min(2 * waitMs, timing.longestRetryMs)) {
      await sleep(waitMs, undefined, { signal: closing.signal });
      try {
        return await start();
      } catch (error) {
        log.warn({ message: messageOf(error) }, `${where} is still away`);
      }
    }
  }

  const stopped = once(closing.signal, 'abort').then(() => undefined);

  async function live(): Promise<void> {
    while (current) {
      const reason = await Promise.race([current.failed, stopped]);
      const ended = current;
      current = undefined;
      if (reason !== undefined)
        log.error({ reason }, `${where} is away: all clients are let go until it is back`);
      await ended.close();
      if (closing.signal.aborted) return;
      current = await again();
      log.info({}, `${where} is back: serving again`);
    }
  }

  const life = live().catch(() => {});
  return {
    up: () => current !== undefined,
    serve(stream, from) {
      if (current) return current.broker.serve(stream, from);
      onTurnedAway();
      stream.destroy();
    },
    // Without a broker nobody is there: who comes back is asked by the new users.
    usersChanged: () => current?.broker.usersChanged(),
    async close() {
      closing.abort();
      await life;
    },
  };
}
