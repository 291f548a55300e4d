/** aedes, set up with our rules: in memory, because with a persistence on disk it loses messages under load. */
import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import type { Logger } from '../../config/src/log.ts';
import { type Counters, countRefusal } from './counters.ts';
import { makeGuard } from './guard.ts';
import type { Limits } from './limits.ts';
import { makeLogin } from './login.ts';
import { packetGauge } from './packet-gauge.ts';
import type { Users } from './users.ts';

export interface Broker {
  /** Takes a new connection, of whatever kind. `from` is the other end's address, for the log. */
  serve(stream: Duplex, from: string): void;
  /** Disconnects everybody who is logged in. */
  close(): Promise<void>;
}

/** Starts the broker without any listener. `users` is asked anew at each decision. */
export async function startBroker(
  users: () => Users,
  limits: Limits,
  counters: Counters,
  log: Logger,
): Promise<Broker> {
  const login = makeLogin(users, limits, counters, log);
  const aedes = await Aedes.createBroker({
    preConnect: login.preConnect,
    authenticate: login.authenticate,
    ...makeGuard(users, limits, counters, log),
    connectTimeout: limits.connectTimeoutMs,
    queueLimit: limits.packetsBeforeConnack,
    drainTimeout: limits.stallTimeoutMs,
  });
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
  return {
    serve: (stream, from) => {
      const client = aedes.handle(stream);
      deliverEverything(client, aedes.id);
      watchPackets(client, stream, limits.packetBytes, () => {
        countRefusal(counters, 'packet-too-long');
        log.warn({ user: client.id, from, reason: 'packet-too-long' }, 'packet refused');
      });
    },
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
 * subscriptions are exact topics and cannot overlap, so the client's highest number stays at zero.
 */
function deliverEverything(client: Client, brokerId: string): void {
  const { duplicates } = client as Client & { duplicates: object };
  Object.defineProperty(duplicates, brokerId, { get: () => 0, set: () => {} });
}
