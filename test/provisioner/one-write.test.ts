/** Each MQTT packet leaves in one piece and at once: TCP segment, TLS record, WebSocket frame. */
import { createServer } from 'node:http';
import { createServer as createTcpServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { generate } from 'mqtt-packet';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { RelayAddress } from '../../provisioner/src/uplink/addresses.ts';
import { Connection } from '../../provisioner/src/uplink/connection.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { packetsIn } from '../../provisioner/src/uplink/packets.ts';
import { pause, until } from '../fixtures/patience.ts';
import { closeAll, connack, forwarder, listen, schemes, serve } from './fixtures/ways.ts';

afterEach(closeAll);

const never = new AbortController().signal;
const topic = 'dashbutton/v1/buttons/house-01/status';

function connect(stream: Duplex): Promise<Connection> {
  const will = { topic: 'a', payload: Buffer.from('b') };
  return Connection.open({
    stream,
    relayName: 'test',
    user: 'lab',
    password: 'x',
    will,
    onMessage: () => {},
  });
}

/** Says yes to CONNECT and reads on. */
const welcome = (stream: Duplex) => {
  stream.once('data', () => stream.write(connack));
  stream.resume();
};

test.each(['mqtt', 'ws'] as const)('one call of the system for each packet: %s', async scheme => {
  const relay = await serve(scheme, welcome);
  let writes = 0;
  // Below the stream: what Node hands to the system, one call each.
  const stream = await dial(relay, undefined, never);
  const socket = stream instanceof Socket ? stream : clientSocketTo(relay);
  const handle = (socket as unknown as { _handle: Record<string, (...parts: unknown[]) => unknown> })._handle;
  for (const name of ['writev', 'writeBuffer', 'writeUtf8String', 'writeLatin1String', 'writeAsciiString']) {
    const original = handle[name]?.bind(handle);
    handle[name] = (...parts) => {
      writes++;
      return original?.(...parts);
    };
  }
  const connection = await connect(stream);
  expect(writes).toBe(1);
  connection.publish(topic, Buffer.alloc(300, 'x'), true);
  // A second write would follow at once.
  await pause(100);
  expect(writes).toBe(2);
  connection.drop();
});

/** This process' own socket to the relay, which a WebSocket hides. */
function clientSocketTo(relay: RelayAddress): Socket {
  const all = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const found = all.find(it => it instanceof Socket && it.remotePort === relay.port);
  if (found instanceof Socket) return found;
  throw new Error('no socket to the relay');
}

test.each(['mqtts', 'wss'] as const)('one TLS record for each packet: %s', async scheme => {
  const relay = await serve(scheme, welcome);
  const middle = await forwarder(relay.port);
  const connection = await connect(await dial({ ...relay, port: middle.port }, undefined, never));
  await pause(100);
  const pieces: Buffer[] = [];
  middle.onBytes = bytes => pieces.push(bytes);
  connection.publish(topic, Buffer.alloc(300, 'x'), true);
  await pause(100);
  // RFC 8446 section 5.1: type, version, length, each record.
  const bytes = Buffer.concat(pieces);
  const records: number[] = [];
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) records.push(bytes[at] ?? 0);
  expect(records).toEqual([23]);
  connection.drop();
});

test('WebSocket: one binary frame for each packet, in order, uncompressed, also when many leave together', async () => {
  const frames: Buffer[] = [];
  let extensions: string | undefined = 'none seen';
  const server = createServer();
  new WebSocketServer({ server, path: '/mqtt', perMessageDeflate: true }).on(
    'connection',
    (client, request) => {
      extensions = request.headers['sec-websocket-extensions'];
      client.on('message', (data, isBinary) => {
        expect(isBinary).toBe(true);
        frames.push(data as Buffer);
        if (frames.length === 1) client.send(connack);
      });
    },
  );
  const port = await listen(server);
  const stream = await dial({ host: '127.0.0.1', port, tls: false, path: '/mqtt' }, undefined, never);
  const connection = await connect(stream);
  const sizes = [0, 1, 120, 127, 128, 5_000, 20_000, 70_000];
  for (const size of sizes) connection.publish(topic, Buffer.alloc(size, 'y'), false);
  await until(() => frames.length > sizes.length, 'all frames');
  expect(frames).toHaveLength(1 + sizes.length);
  expect(frames.map(frame => packetsIn(frame).length)).toEqual(frames.map(() => 1));
  const lengthOf = (size: number) => {
    const payload = Buffer.alloc(size, 'y');
    return generate({ cmd: 'publish', topic, payload, qos: 1, messageId: 1, dup: false, retain: false })
      .length;
  };
  expect(frames.slice(1).map(frame => frame.length)).toEqual(sizes.map(lengthOf));
  expect(extensions).toBeUndefined();
  connection.drop();
});

test('the cutter finds every packet, and loses no byte of what is none', () => {
  const packets = [0, 100, 20_000, 2_200_000].map(size =>
    generate({ cmd: 'publish', topic: 'a', payload: Buffer.alloc(size), qos: 0, dup: false, retain: false }),
  );
  const all = Buffer.concat(packets);
  expect(packetsIn(all).map(packet => packet.length)).toEqual(packets.map(packet => packet.length));
  for (const rest of ['30', '3080', '30ffffffffff01', '300500']) {
    const bytes = Buffer.concat([packets[0] ?? all, Buffer.from(rest, 'hex')]);
    expect(Buffer.concat(packetsIn(bytes))).toEqual(bytes);
  }
});

/** How long that is with and without Nagle's algorithm is what `npm run bench:press` would show: 40 ms. */
test.each(schemes)('no packet waits for an acknowledgement, TCP_NODELAY is set: %s', async scheme => {
  const relay = await serve(scheme, welcome);
  const ports = portsWithoutNagle();
  const stream = await dial(relay, undefined, never);
  stream.destroy();
  expect(ports).toContain(relay.port);
});

/** The other ends of sockets on which this process sets TCP_NODELAY from now on, to the end of the test. */
function portsWithoutNagle(): number[] {
  const ports: number[] = [];
  const server = createTcpServer().listen(0);
  const { _handle: handle } = server as unknown as { _handle: TcpHandle };
  const tcp = Object.getPrototypeOf(handle) as TcpHandle;
  server.close();
  const original = tcp.setNoDelay;
  tcp.setNoDelay = function (on) {
    const peer: { port?: number } = {};
    this.getpeername(peer);
    if (on && peer.port !== undefined) ports.push(peer.port);
    return original.call(this, on);
  };
  onTestFinished(() => {
    tcp.setNoDelay = original;
  });
  return ports;
}

/** What Node's own sockets call. */
interface TcpHandle {
  setNoDelay(on: boolean): number;
  getpeername(out: { port?: number }): number;
}
