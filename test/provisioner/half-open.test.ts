/** A connection that dies without a word is noticed, whatever it was waiting for; a dropping relay is not hammered. */
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { type Logger, silentLog } from '../../config/src/log.ts';
import type { RelayAddress } from '../../provisioner/src/uplink/addresses.ts';
import { Connection } from '../../provisioner/src/uplink/connection.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { Link } from '../../provisioner/src/uplink/link.ts';
import { noRivals } from '../fixtures/no-rivals.ts';
import { pause, until } from '../fixtures/patience.ts';
import { endsBefore } from './fixtures/by-itself.ts';
import { closeAll, connack, forwarder, listen, schemes, serve } from './fixtures/ways.ts';

// Side by side: most of the time they wait.
afterAll(closeAll);

const will = { topic: 'a', payload: Buffer.from('b') };

/** In seconds; 1.5 times that is the promise. */
const keepAliveS = 1;

async function open(relay: RelayAddress): Promise<Connection> {
  const stream = await dial(relay, undefined, new AbortController().signal);
  return Connection.open({
    stream,
    relayName: 'test',
    user: 'lab',
    password: 'x',
    will,
    keepAliveS,
    onMessage: () => {},
  });
}

/** Answers CONNECT and PINGREQ, nothing else. */
function pinger(stream: Duplex): void {
  stream.once('data', () => {
    stream.write(connack);
    stream.on('data', (bytes: Buffer) => {
      if (isPing(bytes)) stream.write(Buffer.from([0xd0, 0]));
    });
  });
}

/** Of PINGREQ, plain (MQTT 3.1.1 section 3.12). */
const isPing = (bytes: Buffer) => bytes[0] === 0xc0;

test.concurrent.each(
  schemes,
)('kept while pings are answered, given up after one that is not: %s', async scheme => {
  let answered = 0;
  let toldS = 0;
  const relay = await serve(scheme, stream => {
    // CONNECT: two bytes of fixed header, name, level and flags, then the keep-alive (MQTT 3.1.1 section 3.1.2).
    stream.once('data', (bytes: Buffer) => {
      toldS = bytes.readUInt16BE(10);
    });
    pinger(stream);
    stream.on('data', (bytes: Buffer) => {
      if (isPing(bytes)) answered++;
    });
  });
  const middle = await forwarder(relay.port);
  const connection = await open({ ...relay, port: middle.port });
  let over: string | undefined;
  void connection.closed.then(reason => {
    over = reason;
  });
  await until(() => answered >= 3, 'three pings');
  expect(over).toBeUndefined();
  expect(toldS).toBe(keepAliveS);
  let unanswered = 0;
  middle.onBytes = () => unanswered++;
  middle.silence();
  expect(await connection.closed).toBe('no sign of life for 1.5 s');
  // One ping after a keep-alive, and the end half of one later, before the next.
  expect(unanswered).toBeLessThanOrEqual(1);
});

test.concurrent('silence while SUBSCRIBE waits: given up after one ping', async () => {
  const relay = await serve('mqtt', pinger);
  const middle = await forwarder(relay.port);
  const connection = await open({ ...relay, port: middle.port });
  let pings = 0;
  middle.onBytes = bytes => {
    if (isPing(bytes)) pings++;
  };
  middle.silence();
  await expect(connection.subscribe(['x'])).rejects.toThrow(/^RELAY test /);
  expect(pings).toBeLessThanOrEqual(1);
});

test.concurrent('silence while CONNECT waits: given up before the limit for longer keep-alives', async () => {
  const relay = await serve('mqtt', pinger);
  const middle = await forwarder(relay.port);
  middle.silence();
  const refused = expect(open({ ...relay, port: middle.port })).rejects.toThrow(/^RELAY test refused: /);
  // Without a keep-alive the limit is 10 s.
  expect(await endsBefore(9_000, refused)).toBe(true);
});

/** A link to a relay that does this with each connection, with the shortest jitter there is. */
async function link(
  behaviour: (socket: Socket) => void,
  log: Logger = silentLog,
): Promise<{ attempts(): number; link: Link; stop(): Promise<void> }> {
  let count = 0;
  const port = await listen(
    createServer(socket => {
      count++;
      behaviour(socket);
    }),
  );
  const made = new Link({
    relay: { host: '127.0.0.1', port, tls: false, user: 'lab', password: 'x' },
    ...{ name: 'relay', site: 'lab', buttons: [] },
    will: () => will,
    onPress: () => {},
    newest: () => undefined,
    sayBeacon: () => {},
    ...noRivals(),
    log,
    random: () => 0,
  });
  return { attempts: () => count, link: made, stop: () => made.stop(will) };
}

const drops: [string, (socket: Socket) => void][] = [
  ['before its yes', socket => socket.destroy()],
  ['after its yes', socket => socket.once('data', () => socket.end(connack))],
];

test.concurrent.for(drops)('a relay that accepts and drops %s is not hammered', async ([, behaviour], {
  onTestFinished,
}) => {
  const { attempts, stop } = await link(behaviour);
  onTestFinished(stop);
  await pause(2_000);
  // 0, 125, 375, 875 and 1875 ms, or later.
  expect(attempts()).toBeLessThanOrEqual(5);
  await until(() => attempts() > 3, 'more attempts');
});

test.concurrent('cuts of quiet connections are learned from, said once, and then there are none', async ({
  onTestFinished,
}) => {
  const limitMs = 1_600;
  let cuts = 0;
  const lines: { msg: string; quietS?: number; keepAliveS?: number; cutAfterS?: number }[] = [];
  const log = pino({}, { write: line => void lines.push(JSON.parse(line)) });
  const made = await link(socket => {
    pinger(socket);
    const cut = () => {
      cuts++;
      socket.destroy();
    };
    let timer = setTimeout(cut, limitMs);
    socket.on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(cut, limitMs);
    });
    socket.once('close', () => clearTimeout(timer));
  }, log);
  onTestFinished(made.stop);
  const learned = await until(() => made.link.learned, 'what two cuts teach');
  expect(cuts).toBe(2);
  expect(learned.keepAliveS).toBe(1);
  await until(() => made.link.connected, 'the third connection');
  await pause(2 * limitMs);
  expect(cuts).toBe(2);
  expect(made.attempts()).toBe(3);
  const lost = lines.filter(({ msg }) => msg === 'lost the relay');
  expect(lost.map(({ quietS = 0 }) => Math.floor(quietS))).toEqual([1, 1]);
  const told = lines.filter(({ msg }) => msg.startsWith('connections that are quiet for '));
  expect(told.map(({ msg }) => msg)).toEqual([
    `connections that are quiet for ${learned.cutAfterS} s are cut on the way: from now on something is said every 1 s`,
  ]);
  expect(told[0]).toMatchObject(learned);
});
