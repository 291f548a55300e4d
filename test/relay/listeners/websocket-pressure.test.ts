/** The WebSocket listener's stream under pressure, both ways: what one end does not take stays with the other. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import mqttPacket from 'mqtt-packet';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { acceptWebSockets } from '../../../relay/src/listeners/websocket.ts';
import { pause, until } from '../../fixtures/patience.ts';
import { handshake } from '../fixtures/websocket-listener.ts';

const packetBytes = 16 * 1024;

/** A listener with nothing behind it. */
async function listener(): Promise<{ port: number; arrived: Promise<Duplex> }> {
  const accept = acceptWebSockets({ path: '/mqtt', packetBytes, onRefused: () => {} });
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const arrived = new Promise<Duplex>(resolve =>
    server.once('connection', socket => resolve(accept(socket))),
  );
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, arrived };
}

/** One open connection: the broker's end of it, and the client. */
async function pair(): Promise<{ stream: Duplex; ws: WebSocket }> {
  const { port, arrived } = await listener();
  const ws = new WebSocket(`ws://127.0.0.1:${port}/mqtt`, ['mqtt']);
  ws.on('error', () => {});
  const stream = await arrived;
  stream.on('error', () => {});
  onTestFinished(() => {
    ws.terminate();
    stream.destroy();
  });
  await once(ws, 'open');
  return { stream, ws };
}

const packet = mqttPacket.generate({
  cmd: 'publish',
  topic: 'a',
  payload: Buffer.alloc(10_000, 'x'),
  qos: 0,
  dup: false,
  retain: false,
});
/** 20 MB: more than both kernels keep. */
const packets = 2_000;
/** A socket's read has at most 64 KiB, our own buffer 16 KiB, and one message may stick out. */
const maxHeldBytes = 64 * 1024 + 16 * 1024 + packet.length;

test('the broker does not read: nothing piles up on its side; then all of it arrives', async () => {
  const { stream, ws } = await pair();
  for (let i = 0; i < packets; i++) ws.send(packet);
  let held = 0;
  for (let i = 0; i < 20; i++) {
    await pause(10);
    held = Math.max(held, stream.readableLength);
  }
  expect(held).toBeLessThanOrEqual(maxHeldBytes);
  expect(ws.bufferedAmount).toBeGreaterThan(0);
  let bytes = 0;
  stream.on('data', chunk => {
    bytes += chunk.length;
  });
  await until(() => bytes === packets * packet.length, 'all of it');
});

test('the client does not read: what waits is counted in one place, write says so, and drain comes', async () => {
  const { stream, ws } = await pair();
  ws.pause();
  let written = 0;
  let drains = 0;
  stream.on('drain', () => drains++);
  while (written < packets) {
    const isRoom = stream.write(packet);
    written++;
    if (!isRoom && stream.writableLength > 1024 * 1024) break;
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(written).toBeLessThan(packets);
  const drainsBefore = drains;
  await pause(50);
  expect(stream.writableLength).toBeGreaterThan(1024 * 1024);
  let frames = 0;
  let bytes = 0;
  ws.on('message', (data: Buffer) => {
    frames++;
    bytes += data.length;
  });
  ws.resume();
  await until(() => bytes === written * packet.length, 'all of it');
  expect(frames).toBe(written);
  await until(() => drains > drainsBefore, 'drain');
  expect(stream.writableLength).toBe(0);
});

test('destroyed while much waits: the socket is gone at once', async () => {
  const { stream, ws } = await pair();
  const closed = once(ws, 'close');
  let received = 0;
  ws.on('message', () => {
    received++;
  });
  ws.pause();
  for (let i = 0; i < packets; i++) stream.write(packet);
  stream.destroy();
  await once(stream, 'close');
  ws.resume();
  await closed;
  // What waited has gone with it.
  expect(received).toBeLessThan(packets);
});

test.each([
  ['is refused', (socket: Socket) => socket.write(handshake('/'))],
  ['says nothing and goes', (socket: Socket) => socket.end()],
  ['is reset', (socket: Socket) => socket.resetAndDestroy()],
])('whoever %s before the handshake is done takes the stream along', async (_, go) => {
  const { port, arrived } = await listener();
  const socket = connect(port, '127.0.0.1').resume();
  socket.on('error', () => {});
  const stream = await arrived;
  const closed = once(stream, 'close');
  go(socket);
  await closed;
  expect(stream.errored).toBe(null);
});
