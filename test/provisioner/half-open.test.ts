/** A connection that dies without a word is noticed, whatever it was waiting for; a dropping relay is not hammered. */
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import type { RelayAddress } from '../../provisioner/src/way/addresses.ts';
import { Connection } from '../../provisioner/src/way/connection.ts';
import { dial } from '../../provisioner/src/way/dial.ts';
import { Link } from '../../provisioner/src/way/link.ts';
import { closeAll, connack, forwarder, listen, schemes, serve } from './ways.ts';

afterEach(closeAll);

const will = { topic: 'a', payload: Buffer.from('b') };

/** In seconds; 1.5 times that is the promise, and the rest of the limit is for a slow machine. */
const keepAliveS = 1;
const noticedWithinMs = 4_000;

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
      if (bytes[0] === 0xc0) stream.write(Buffer.from([0xd0, 0]));
    });
  });
}

test.each(
  schemes,
)('%s: kept while pings are answered, given up 1.5 keep-alives after the silence', async scheme => {
  const relay = await serve(scheme, pinger);
  const middle = await forwarder(relay.port);
  const connection = await open({ ...relay, port: middle.port });
  let over: string | undefined;
  void connection.closed.then(reason => {
    over = reason;
  });
  await new Promise(resolve => setTimeout(resolve, 2_500));
  expect(over).toBeUndefined();
  const silentAt = performance.now();
  middle.silence();
  expect(await connection.closed).toBe('no sign of life for 1.5 s');
  expect(performance.now() - silentAt).toBeLessThan(noticedWithinMs);
});

test('silence while CONNECT waits, and while SUBSCRIBE waits', async () => {
  const relay = await serve('mqtt', pinger);
  const middle = await forwarder(relay.port);
  const connection = await open({ ...relay, port: middle.port });
  middle.silence();
  const startedAt = performance.now();
  await expect(connection.subscribe(['x'])).rejects.toThrow(/^RELAY test /);
  expect(performance.now() - startedAt).toBeLessThan(noticedWithinMs);
  const again = performance.now();
  await expect(open({ ...relay, port: middle.port })).rejects.toThrow(/^RELAY test refused: /);
  expect(performance.now() - again).toBeLessThan(noticedWithinMs);
});

/** How often a link comes back within 4 s, with the shortest jitter there is. */
async function attempts(behaviour: (socket: Socket) => void): Promise<number> {
  let count = 0;
  const port = await listen(
    createServer(socket => {
      count++;
      behaviour(socket);
    }),
  );
  const link = new Link({
    relay: { host: '127.0.0.1', port, tls: false, user: 'lab', password: 'x' },
    topics: [],
    will: () => will,
    onMessage: () => {},
    onUp: () => {},
    onSettle: () => {},
    log: silentLog,
    random: () => 0,
  });
  await new Promise(resolve => setTimeout(resolve, 4_000));
  await link.stop(will);
  return count;
}

test('a relay that accepts and drops at once is not hammered, before or after its yes', async () => {
  const afterYes = (socket: Socket) => socket.once('data', () => socket.end(connack));
  const counts = await Promise.all([attempts(socket => socket.destroy()), attempts(afterYes)]);
  // 0, 125, 375, 875, 1875 and 3875 ms.
  for (const count of counts) {
    expect(count).toBeGreaterThan(2);
    expect(count).toBeLessThanOrEqual(6);
  }
});
