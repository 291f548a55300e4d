/** MQTT over WebSocket: the handshake and everything that can be there instead, and how it ends. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RelayAddress } from '../../provisioner/src/uplink/addresses.ts';
import { Connection } from '../../provisioner/src/uplink/connection.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { openTcp } from '../../provisioner/src/uplink/sockets.ts';
import { openWebSocket } from '../../provisioner/src/uplink/websocket.ts';
import { endsBefore } from './fixtures/by-itself.ts';
import { closeAll, connack, listen } from './fixtures/ways.ts';

afterEach(closeAll);

const never = new AbortController().signal;
const at = (port: number, path = '/mqtt'): RelayAddress => ({ host: '127.0.0.1', port, tls: false, path });

test('the request names path, host, subprotocol, and wants no compression', async () => {
  let asked = '';
  const port = await listen(
    createServer(socket => {
      socket.once('data', bytes => {
        asked = String(bytes);
        socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      });
    }),
  );
  await expect(dial(at(port, '/a/b'), undefined, never)).rejects.toThrow(/^RELAY /);
  expect(asked).toMatch(/^GET \/a\/b HTTP\/1\.1\r\n/);
  expect(asked).toContain(`Host: 127.0.0.1:${port}\r\n`);
  expect(asked).toContain('Sec-WebSocket-Protocol: mqtt\r\n');
  expect(asked).not.toMatch(/extensions/i);
});

const answers: [string, string, RegExp][] = [
  [
    '404',
    'HTTP/1.1 404 Not Found\r\n\r\n',
    /answered 404 Not Found at \/mqtt \(check the path in relay\.url\)/,
  ],
  ['200', 'HTTP/1.1 200 OK\r\n\r\n<html>', /answered 200 OK at \/mqtt \(check the path/],
  [
    '301',
    'HTTP/1.1 301 Moved\r\nLocation: https://else.example/mqtt?token=s3cret\r\n\r\n',
    /answered 301 Moved at \/mqtt and points to https:\/\/else\.example\/mqtt \(set relay\.url/,
  ],
  [
    '403',
    'HTTP/1.1 403 Forbidden\r\n\r\n',
    /403 Forbidden at \/mqtt \(what stands before the relay does not let/,
  ],
  [
    '502',
    'HTTP/1.1 502 Bad Gateway\r\n\r\n',
    /502 Bad Gateway at \/mqtt \(what stands before the relay cannot/,
  ],
  ['no HTTP', 'SSH-2.0-x\r\n', /does not speak HTTP, so no WebSocket either \(check the scheme/],
  ['nothing, and closes', '', /opens no WebSocket at \/mqtt: it closed the connection/],
];

test.each(answers)('what answers instead of a WebSocket is told: %s', async (_, answer, expected) => {
  const port = await listen(createServer(socket => socket.once('data', () => socket.end(answer))));
  const said = await dial(at(port), undefined, never).then(String, (error: Error) => error.message);
  expect(said).toMatch(/^RELAY 127\.0\.0\.1:\d+ /);
  expect(said).toMatch(expected);
  expect(said).not.toContain('s3cret');
});

test('a WebSocket for something else is told apart', async () => {
  const server = createHttpServer();
  new WebSocketServer({ server, handleProtocols: () => false });
  const port = await listen(server);
  await expect(dial(at(port), undefined, never)).rejects.toThrow(
    /^RELAY .* has a WebSocket at \/mqtt, but not one for MQTT/,
  );
});

test('silence: limited, and ended by stopping', async () => {
  const port = await listen(createServer(socket => socket.resume()));
  const socket = await openTcp('127.0.0.1', port, never, () => {
    throw new Error('not reachable');
  });
  await expect(
    openWebSocket(socket, { host: 'x', port, tls: false, path: '/mqtt' }, undefined, 100),
  ).rejects.toThrow(/^RELAY x:\d+ does not answer as a WebSocket at \/mqtt within 0\.1 s/);
  socket.destroy();
  const stop = new AbortController();
  const attempt = dial(at(port), undefined, stop.signal);
  setTimeout(() => stop.abort(), 50);
  // By itself it ends after 10 s.
  expect(await endsBefore(9_000, expect(attempt).rejects.toThrow(/^RELAY/))).toBe(true);
});

interface Connected {
  connection: Connection;
  stream: Duplex;
  /** Resolves when the server has done `next`. */
  done: Promise<void>;
}

/** A connection to a server that says yes to CONNECT and, once that is heard, does `next`. */
async function connected(next: (client: WebSocket) => void): Promise<Connected> {
  const server = createHttpServer();
  const welcomed = new Promise<WebSocket>(resolve =>
    new WebSocketServer({ server }).on('connection', client => {
      client.on('error', () => {});
      client.once('message', () => {
        client.send(connack);
        resolve(client);
      });
    }),
  );
  const stream = await dial(at(await listen(server)), undefined, never);
  const will = { topic: 'a', payload: Buffer.from('b') };
  const options = { relayName: 'test', user: 'lab', password: 'x', will, onMessage: () => {} };
  const connection = await Connection.open({ ...options, stream });
  return { connection, stream, done: welcomed.then(next) };
}

const ends: [string, (client: WebSocket) => void, RegExp][] = [
  ['closes', client => client.close(), /^the relay closed the connection$/],
  [
    'closes with words',
    client => client.close(1008, 'too\nmany'),
    /^the relay closed the WebSocket: 1008 too many$/,
  ],
  ['goes without a word', client => client.terminate(), /^the relay closed the connection$/],
  ['sends text', client => client.send('hello'), /^the relay sends text, which is not MQTT$/],
  ['sends too much', client => client.send(Buffer.alloc(300 * 1024)), /Max payload size exceeded/],
];

test.each(ends)('the relay %s: the connection is over, with the reason', async (_, end, expected) => {
  const { connection, stream } = await connected(end);
  expect(await connection.closed).toMatch(expected);
  expect(stream.destroyed).toBe(true);
});

test('goodbye ends within its limit though the relay does not answer the close frame', async () => {
  const { connection, done } = await connected(client => client.pause());
  await done;
  // By itself the connection is given up after 45 s.
  expect(await endsBefore(40_000, connection.goodbye('a', Buffer.from('offline')))).toBe(true);
});

test('the stream ends by itself though nobody answers its close frame', async () => {
  const { stream, done } = await connected(client => client.pause());
  await done;
  stream.end();
  // ws itself would wait for 30 s.
  expect(await endsBefore(25_000, once(stream, 'close'))).toBe(true);
});

test('a megabyte each way arrives as it was sent, whatever the pace', async () => {
  const server = createHttpServer();
  new WebSocketServer({ server }).on('connection', client => client.on('message', data => client.send(data)));
  const stream = await dial(at(await listen(server)), undefined, never);
  // Packets of PUBLISH, QoS 0, of 1000 bytes in all, numbered.
  const packets = Array.from({ length: 1000 }, (_, i) => {
    const packet = Buffer.alloc(1000, i % 251);
    packet.set([0x30, 0xe5, 0x07]);
    return packet;
  });
  const got: Buffer[] = [];
  const all = new Promise<void>(resolve => {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      got.push(chunk);
      bytes += chunk.length;
      // A slow reader now and then: ws has to wait.
      if (got.length % 100 === 0) {
        stream.pause();
        setTimeout(() => stream.resume(), 5);
      }
      if (bytes === 1_000_000) resolve();
    });
  });
  for (const packet of packets) stream.write(packet);
  await all;
  expect(Buffer.concat(got).equals(Buffer.concat(packets))).toBe(true);
  stream.destroy();
});
