/** The relay's own WebSocket listeners, with real clients: MQTT.js, ws, and bytes. */
import { connectAsync } from 'mqtt';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { silentLog } from '../../../config/src/log.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { startRelay } from '../../../relay/src/relay.ts';
import { pause, until } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import {
  connectPacket,
  keys,
  login,
  messagesOf,
  publishPacket,
  rawClient,
  relayForTest,
  subscribePacket,
  users,
} from '../fixtures/helpers.ts';
import {
  answerTo,
  frame,
  handshake,
  openWeb,
  rawWeb,
  relayWithWeb,
  webListener,
} from '../fixtures/websocket-listener.ts';

const bytesOf = (...packets: Packet[]) => Buffer.concat(packets.map(packet => mqttPacket.generate(packet)));

test.each([
  'ws',
  'wss',
] as const)('MQTT.js over %s beside MQTT over TCP: both hear each other', async kind => {
  const relay = await relayWithWeb();
  const listener = webListener(relay, kind);
  expect(listener.url).toBe(`${kind}://127.0.0.1:${listener.port}/mqtt`);
  const plain = await login(relay, 'house-01');
  const heard = messagesOf(plain);
  await plain.subscribeAsync(statusTopic('house-01'));
  const web = await connectAsync(listener.url, {
    clientId: 'lab-provisioner',
    username: 'lab-provisioner',
    password: keys['lab-provisioner'] ?? '',
    reconnectPeriod: 0,
    rejectUnauthorized: false,
  });
  const pressed = messagesOf(web);
  await web.subscribeAsync(pressTopic('house-01'), { qos: 1 });
  await web.publishAsync(statusTopic('house-01'), 'ready', { qos: 1 });
  await plain.publishAsync(pressTopic('house-01'), 'now', { qos: 1 });
  await until(() => heard.length === 1 && pressed.length === 1, 'both messages');
  expect(relay.stats()).toMatchObject({ clients: 2, connections: 2, refused: {} });
  await web.endAsync();
  await until(() => relay.stats().connections === 1, 'that it has left');
});

test('listeners are a list, in the order of the options; a relay needs one, and may have it without plain TCP', async () => {
  const relay = await relayWithWeb({ tls: { port: 0, ...(await makeCertificate('rsa')) } });
  const { port, address, listeners, tls } = relay;
  expect(listeners.map(({ kind }) => kind)).toEqual(['mqtt', 'mqtts', 'ws', 'wss']);
  expect(listeners[0]).toMatchObject({ port, address, url: `mqtt://${address}`, proxyProtocol: false });
  expect(listeners[1]).toBe(tls);
  const without = { host: '127.0.0.1', users, log: silentLog };
  await expect(startRelay(without)).rejects.toThrow('the relay has no listener: it needs at least one');
  const web = await startRelay({ ...without, listeners: [{ kind: 'ws', host: '127.0.0.2', port: 0 }] });
  expect(web.url).toBe(`ws://127.0.0.2:${web.port}/mqtt`);
  await web.close();
});

test('a wrong password: the reason arrives before the end', async () => {
  const relay = await relayWithWeb();
  const wrong = connectAsync(
    webListener(relay).url,
    { clientId: 'house-01', username: 'house-01', password: 'wr0ng', reconnectPeriod: 0 },
    false,
  );
  await expect(wrong).rejects.toMatchObject({ code: 4 });
});

const handshakes: [string, string, RegExp][] = [
  ['another path', handshake('/'), /^HTTP\/1\.1 404 Not Found\r\n/],
  ['a longer path', handshake('/mqtt/x'), /^HTTP\/1\.1 404 /],
  [
    'no subprotocol',
    handshake('/mqtt', { 'Sec-WebSocket-Protocol': undefined }),
    /^HTTP\/1\.1 400 [\s\S]*mqtt\n$/,
  ],
  ['another one', handshake('/mqtt', { 'Sec-WebSocket-Protocol': 'mqttv3.1, chat' }), /^HTTP\/1\.1 400 /],
  ['an old version', handshake('/mqtt', { 'Sec-WebSocket-Version': '7' }), /^HTTP\/1\.1 400 /],
  ['a bad key', handshake('/mqtt', { 'Sec-WebSocket-Key': 'x' }), /^HTTP\/1\.1 400 /],
  [
    'no upgrade',
    'GET /mqtt HTTP/1.1\r\nHost: relay\r\n\r\n',
    /^HTTP\/1\.1 426 [\s\S]*Upgrade: websocket\r\n/,
  ],
  ['no upgrade elsewhere', 'GET /health HTTP/1.1\r\nHost: relay\r\n\r\n', /^HTTP\/1\.1 404 /],
  [
    'a body',
    'POST /mqtt HTTP/1.1\r\nHost: relay\r\nContent-Length: 9000000\r\n\r\nx',
    /^HTTP\/1\.1 426 [\s\S]*Connection: close/,
  ],
  ['two at once', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2), /^HTTP\/1\.1 404 ((?!HTTP)[\s\S])*$/],
  ['MQTT', bytesOf(connectPacket('house-01')).toString('latin1'), /^HTTP\/1\.1 400 /],
  ['a head without end', `GET /mqtt HTTP/1.1\r\nX: ${'x'.repeat(9_000)}`, /^HTTP\/1\.1 400 /],
];

test.each(handshakes)('no WebSocket: %s', async (_, text, answer) => {
  const relay = await relayWithWeb();
  expect(await answerTo(relay, text)).toMatch(answer);
  await until(() => relay.stats().connections === 0, 'that it is gone');
  expect(relay.stats().refused).toEqual({ 'websocket-handshake': 1 });
});

test('the subprotocol is echoed, compression is not taken, a query is no other path, a path can be chosen', async () => {
  const relay = await relayForTest({ listeners: [{ kind: 'ws', port: 0, path: '/elsewhere' }] });
  const { socket } = await rawWeb(relay);
  const offers = {
    'Sec-WebSocket-Protocol': 'chat, mqtt',
    'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
  };
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk;
  });
  socket.write(handshake('/elsewhere?from=lab', offers));
  await until(() => answer.endsWith('\r\n\r\n'), 'the answer');
  expect(answer).toMatch(/^HTTP\/1\.1 101 /);
  expect(answer).toMatch(/\r\nSec-WebSocket-Protocol: mqtt\r\n/);
  expect(answer).not.toMatch(/extensions/i);
  await expect(relayForTest({ listeners: [{ kind: 'ws', port: 0, path: 'mqtt' }] })).rejects.toThrow(
    'the WebSocket path "mqtt" does not begin with /',
  );
});

test('each packet in one frame; packets may come in pieces, many at once, and right behind the handshake', async () => {
  const relay = await relayWithWeb();
  const { ws, frames } = await openWeb(relay);
  // Section 6: packets need not fit the frames. One byte a frame, then four packets in one.
  for (const byte of bytesOf(connectPacket('lab-provisioner'))) ws.send(Buffer.from([byte]));
  const statuses = ['house-01', 'cloud-01'].map(name =>
    publishPacket(statusTopic(name), 'x'.repeat(300), { retain: true }),
  );
  ws.send(
    bytesOf(...statuses, publishPacket(beaconTopic('lab'), 'online', { retain: true }), { cmd: 'pingreq' }),
  );
  await until(() => frames.length === 2, 'CONNACK and PINGRESP');
  const topics = [statusTopic('house-01'), beaconTopic('lab')];
  const early = await rawWeb(relay);
  let answer = Buffer.alloc(0);
  early.socket.on('data', chunk => {
    answer = Buffer.concat([answer, chunk]);
  });
  const connect = bytesOf(connectPacket('house-01'));
  const subscribe = bytesOf(subscribePacket(1, ...topics));
  early.socket.write(
    Buffer.concat([
      Buffer.from(handshake()),
      frame(2, connect),
      frame(2, subscribe.subarray(0, 9)),
      frame(2, subscribe.subarray(9)),
    ]),
  );
  // Unmasked frames of one packet each: CONNACK, SUBACK, and the two retained messages in any order.
  await until(() => framesIn(answer).length === 4, 'four frames');
  const commands = framesIn(answer).map(packetsOf);
  expect(commands.flat().sort()).toEqual(['connack', 'publish', 'publish', 'suback']);
  expect(commands.every(({ length }) => length === 1)).toBe(true);
});

/** The payloads of the frames behind the answer to a handshake. */
function framesIn(answer: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = answer.indexOf('\r\n\r\n') + 4; at >= 4 && at + 2 <= answer.length; ) {
    const short = (answer[at + 1] ?? 0) & 127;
    const [start, length] = short < 126 ? [at + 2, short] : [at + 4, answer.readUInt16BE(at + 2)];
    if (start + length > answer.length) break;
    expect(answer[at]).toBe(0x82);
    payloads.push(answer.subarray(start, start + length));
    at = start + length;
  }
  return payloads;
}

function packetsOf(bytes: Buffer): string[] {
  const found: string[] = [];
  const parser = mqttPacket.parser();
  parser.on('packet', ({ cmd }) => found.push(cmd));
  expect(parser.parse(bytes)).toBe(0);
  return found;
}

test('text ends the connection, even of one who is logged in', async () => {
  const relay = await relayWithWeb();
  const { ws, frames, closed } = await openWeb(relay);
  ws.send(bytesOf(connectPacket('house-01')));
  await until(() => frames.length === 1, 'CONNACK');
  ws.send('hello');
  expect(await closed).toBe(1003);
  await until(() => relay.stats().clients === 0 && relay.stats().connections === 0, 'that it is gone');
  expect(relay.stats().refused).toEqual({ 'websocket-text': 1 });
});

test('a long frame is refused when it is announced, a long packet in a short one too, and bytes without a mask', async () => {
  const relay = await relayWithWeb({ limits: { packetBytes: 1_000 } });
  const long = await rawWeb(relay);
  // 5,000 bytes are announced, none is sent.
  long.socket.write(
    Buffer.concat([Buffer.from(handshake()), Buffer.from([0x82, 0xfe, 0x13, 0x88, 0, 0, 0, 0])]),
  );
  await long.closed;
  expect(relay.stats().refused).toEqual({ 'websocket-frame': 1 });
  const packet = await openWeb(relay);
  packet.ws.send(Buffer.from([0x10, 0xff, 0x7f]));
  await packet.closed;
  expect(relay.stats().refused).toEqual({ 'websocket-frame': 1, 'packet-too-long': 1 });
  const bare = await rawWeb(relay);
  bare.socket.write(Buffer.concat([Buffer.from(handshake()), Buffer.from([0x82, 0x01, 0x10])]));
  await bare.closed;
  const pieces = await rawWeb(relay);
  // A message of 2,000 empty pieces that never ends.
  pieces.socket.write(Buffer.concat([Buffer.from(handshake()), Buffer.from([0x02, 0x80, 0, 0, 0, 0])]));
  pieces.socket.write(Buffer.alloc(6 * 2_000, Buffer.from([0x00, 0x80, 0, 0, 0, 0])));
  await pieces.closed;
  expect(relay.stats().refused).toEqual({ 'websocket-frame': 3, 'packet-too-long': 1 });
});

test('pings are answered, but not for one who reads no answers', async () => {
  const relay = await relayWithWeb();
  const { ws } = await openWeb(relay);
  const ponged = new Promise<Buffer>(resolve => ws.once('pong', resolve));
  ws.ping('are you there');
  expect(String(await ponged)).toBe('are you there');
  const flood = await rawWeb(relay);
  flood.socket.pause();
  flood.socket.write(handshake());
  const some = Buffer.concat(Array.from({ length: 1_000 }, () => frame(9, Buffer.alloc(125))));
  // 26 MB at most: what both kernels keep, several times over.
  for (let i = 0; i < 200 && relay.stats().refused['websocket-pings'] === undefined; i++) {
    await new Promise(resolve => {
      flood.socket.write(some, resolve);
      flood.closed.then(resolve, resolve);
    });
  }
  await until(() => relay.stats().refused['websocket-pings'] === 1, 'that it is cut off');
});

test('one deadline from the open socket to CONNECT: the handshake counts', async () => {
  const relay = await relayWithWeb({ limits: { connectTimeoutMs: 700 } });
  const order: string[] = [];
  const tell = (what: string) => () => void order.push(what);
  const silent = await rawWeb(relay);
  const half = await rawWeb(relay);
  half.socket.write(handshake().slice(0, 50));
  const upgraded = await rawWeb(relay);
  await until(() => relay.stats().connections === 3, 'three connections');
  await pause(200);
  // Its time begins only now, but before the WebSocket, whose time would begin later if it had one of its own.
  const later = await rawClient(relay);
  await until(() => relay.stats().connections === 4, 'the fourth');
  upgraded.socket.write(handshake());
  await Promise.all([
    ...[silent, half, upgraded].map(({ closed }) => closed.then(tell('earlier'))),
    later.closed.then(tell('later')),
  ]);
  expect(order).toEqual(['earlier', 'earlier', 'earlier', 'later']);
  await until(() => relay.stats().connections === 0, 'that all are gone');
});

test('handshakes count among the connections; close ends all of them', async () => {
  const relay = await relayWithWeb({ limits: { connections: 3 } });
  const oldest = await rawWeb(relay);
  const { ws, frames } = await openWeb(relay);
  ws.send(bytesOf(connectPacket('house-01')));
  await until(() => frames.length === 1, 'CONNACK');
  await rawClient(relay);
  await rawWeb(relay);
  await oldest.closed;
  expect(relay.stats()).toMatchObject({ connections: 3, clients: 1, refused: { 'made-way': 1 } });
  await relay.close();
  expect(relay.stats()).toMatchObject({ connections: 0, clients: 0 });
});

test('an orderly close of the WebSocket, or none: the will is published', async () => {
  const relay = await relayWithWeb();
  const plain = await login(relay, 'house-01');
  const heard = messagesOf(plain);
  await plain.subscribeAsync(beaconTopic('lab'));
  const will = { topic: beaconTopic('lab'), payload: Buffer.from('offline'), qos: 1, retain: true } as const;
  for (const [i, end] of (['close', 'terminate'] as const).entries()) {
    const { ws, frames } = await openWeb(relay);
    ws.send(bytesOf(connectPacket('lab-provisioner', { will })));
    await until(() => frames.length === 1, 'CONNACK');
    ws[end]();
    await until(() => heard.length === i + 1, `the will after ${end}`);
  }
  expect(relay.stats()).toMatchObject({ clients: 1, connections: 1 });
});
