/** The PROXY protocol: the parser on its own, and real listeners behind a balancer that sends it. */
import { once } from 'node:events';
import { connect as openSocket, type Socket } from 'node:net';
import { connect as openTls } from 'node:tls';
import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ListenerKind } from '../../../relay/src/listeners/listeners.ts';
import {
  maxHeaderBytes,
  type ProxyHeader,
  parseProxyHeader,
  plainAddress,
} from '../../../relay/src/listeners/proxy-protocol.ts';
import type { Relay, RelayOptions } from '../../../relay/src/relay.ts';
import { pause, until } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import { connectPacket, relayForTest } from '../fixtures/helpers.ts';

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A header of version 2. */
function version2(command: number, family: number, body: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([signature, Buffer.from([0x20 | command, family]), length, body]);
}

const inet = Buffer.from([203, 0, 113, 7, 192, 0, 2, 1, 0x30, 0x39, 0x22, 0xb3]);
const inet6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('303922b3', 'hex'),
]);
const additions = Buffer.from([0x04, 0, 3, 1, 2, 3]);

const good: [string, Buffer, string | undefined][] = [
  ['1, TCP4', Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 12345 8883\r\n'), '203.0.113.7'],
  ['1, TCP6', Buffer.from('PROXY TCP6 2001:DB8:0::7 2001:db8::1 12345 8883\r\n'), '2001:db8::7'],
  ['1, IPv4 in IPv6', Buffer.from('PROXY TCP6 ::ffff:203.0.113.7 ::1 0 65535\r\n'), '203.0.113.7'],
  ['1, UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  ['1, UNKNOWN and more', Buffer.from('PROXY UNKNOWN ffff:f::1 ffff::1 65535 65535\r\n'), undefined],
  ['2, IPv4', version2(1, 0x11, inet), '203.0.113.7'],
  ['2, IPv6', version2(1, 0x21, inet6), '2001:db8::7'],
  ['2, IPv4 and additions', version2(1, 0x11, Buffer.concat([inet, additions])), '203.0.113.7'],
  ['2, LOCAL', version2(0, 0x00, Buffer.alloc(0)), undefined],
  ['2, LOCAL with addresses', version2(0, 0x11, inet), undefined],
  ['2, nothing said', version2(1, 0x00, additions), undefined],
  ['2, UNIX', version2(1, 0x31, Buffer.alloc(216)), undefined],
  [
    '2, the longest',
    version2(1, 0x11, Buffer.concat([inet, Buffer.alloc(maxHeaderBytes - 28)])),
    '203.0.113.7',
  ],
];

test.each(good)('version %s: whole, in any pieces, and what follows is not touched', (_, header, source) => {
  const whole: ProxyHeader = { kind: 'whole', length: header.length, ...(source && { source }) };
  const found = parseProxyHeader(Buffer.concat([header, Buffer.from('\x10\x0c\r\nPROXY')]));
  expect(found).toEqual({ source: undefined, ...whole });
  for (let end = 0; end < header.length; end++) {
    expect(parseProxyHeader(header.subarray(0, end)), `${end} bytes`).toEqual({ kind: 'more' });
  }
});

const bad: [string, Buffer][] = [
  ['MQTT', mqttPacket.generate(connectPacket('house-01'))],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
  ['a handshake of TLS', Buffer.from([0x16, 3, 1, 2, 0, 1])],
  ['small letters', Buffer.from('proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n')],
  ['UDP', Buffer.from('PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n')],
  ['a family too few', Buffer.from('PROXY\r\n')],
  ['IPv6 as TCP4', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n')],
  ['IPv4 as TCP6', Buffer.from('PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n')],
  ['a zone', Buffer.from('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n')],
  ['octal', Buffer.from('PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n')],
  ['no ports', Buffer.from('PROXY TCP4 1.1.1.1 2.2.2.2\r\n')],
  ['a port too high', Buffer.from('PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n')],
  ['a port with a zero', Buffer.from('PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n')],
  ['a word too many', Buffer.from('PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n')],
  ['two blanks', Buffer.from('PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n')],
  ['a line that does not end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`)],
  ['a line whose end is too late', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)],
  ['version 1 in binary', Buffer.concat([signature, Buffer.from([0x11, 0x11, 0, 0])])],
  ['an unknown command', version2(2, 0x11, inet)],
  ['UDP in binary', version2(1, 0x12, inet)],
  ['an unknown family', version2(1, 0x41, inet)],
  ['too short for its addresses', version2(1, 0x11, inet.subarray(1))],
  ['too short for IPv6', version2(1, 0x21, inet)],
  ['too long', version2(1, 0x11, Buffer.alloc(maxHeaderBytes - 15))],
];

test.each(bad)('not a header: %s', (_, bytes) => {
  expect(parseProxyHeader(bytes)).toEqual({ kind: 'bad' });
});

test('any bytes: an answer, the same for every continuation, and none waits for more than the longest header', () => {
  const start = fc.constantFrom(
    Buffer.alloc(0),
    Buffer.from('PROXY '),
    Buffer.from('PROXY TCP4 '),
    signature,
    Buffer.concat([signature, Buffer.from([0x21, 0x11])]),
    Buffer.concat([signature, Buffer.from([0x21, 0x21, 0])]),
  );
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(start, bytes, bytes, (head, tail, more) => {
      const some = Buffer.concat([head, tail]);
      const found = parseProxyHeader(some);
      if (found.kind !== 'more') expect(parseProxyHeader(Buffer.concat([some, more]))).toEqual(found);
      if (found.kind === 'whole') expect(found.length).toBeLessThanOrEqual(some.length);
      expect(parseProxyHeader(Buffer.concat([some, Buffer.alloc(maxHeaderBytes)])).kind).not.toBe('more');
    }),
    { numRuns: 2_000 },
  );
});

test('any address of either version comes out as it went in', () => {
  const port = fc.integer({ min: 0, max: 65_535 });
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), port, port, (source, target, from, to) => {
      const text = parseProxyHeader(Buffer.from(`PROXY TCP4 ${source} ${target} ${from} ${to}\r\n`));
      expect(text).toMatchObject({ kind: 'whole', source });
      const body = Buffer.from([
        ...source.split('.').map(Number),
        ...target.split('.').map(Number),
        0,
        1,
        0,
        2,
      ]);
      expect(parseProxyHeader(version2(1, 0x11, body))).toMatchObject({ kind: 'whole', source });
    }),
  );
  fc.assert(
    fc.property(fc.ipV6(), source => {
      const text = parseProxyHeader(Buffer.from(`PROXY TCP6 ${source} ::1 1 2\r\n`));
      expect(text).toMatchObject({ kind: 'whole', source: plainAddress(source) });
    }),
  );
});

/** A relay with a listener of each kind behind a balancer. It refuses packets of 100 bytes, and its log says from whom. */
async function relayBehindBalancer(limits: RelayOptions['limits'] = {}) {
  const lines: string[] = [];
  const kinds: ListenerKind[] = ['mqtt', 'mqtts', 'ws', 'wss'];
  const relay = await relayForTest({
    listeners: kinds.map(kind => ({ kind, port: 0, proxyProtocol: true })),
    certificates: [await makeCertificate('ec')],
    limits: { packetBytes: 150, ...limits },
    log: pino({ level: 'debug' }, { write: line => void lines.push(line) }),
  });
  return { relay, lines };
}

function toDoor(relay: Relay, kind: ListenerKind): Socket {
  // The first listener is the one without a balancer of `relayForTest`.
  const port = relay.listeners.find(listener => listener.kind === kind && listener.proxyProtocol)?.port ?? 0;
  const socket = openSocket({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

const closed = (socket: Socket) => new Promise<void>(resolve => socket.once('close', () => resolve()));
const connect = mqttPacket.generate(connectPacket('house-01'));
const header = version2(1, 0x11, inet);
/** Announces more than the limit: the refusal is logged with the address. */
const tooLong = Buffer.from([0x30, 0xff, 0x7f]);

test('MQTT: header and CONNECT in one segment, or byte by byte; the true address is the one in the log', async () => {
  const { relay, lines } = await relayBehindBalancer();
  const socket = toDoor(relay, 'mqtt');
  socket.write(Buffer.concat([header, connect]));
  const [connack] = await once(socket, 'data');
  expect(connack).toEqual(Buffer.from([0x20, 2, 0, 0]));
  socket.write(tooLong);
  await closed(socket);
  const refused = lines.find(line => line.includes('packet refused')) ?? '';
  expect(JSON.parse(refused)).toMatchObject({ from: '203.0.113.7', reason: 'packet-too-long' });
  const slow = toDoor(relay, 'mqtt');
  for (const byte of Buffer.concat([Buffer.from('PROXY UNKNOWN\r\n'), connect])) {
    slow.write(Buffer.from([byte]));
    await pause(1);
  }
  expect((await once(slow, 'data'))[0]).toEqual(Buffer.from([0x20, 2, 0, 0]));
  slow.write(tooLong);
  await until(() => lines.some(line => line.includes('"from":"127.0.0.1"')), "the balancer's own address");
});

test.each([
  ['in one segment with the handshake', 0],
  ['on its own', 50],
])('TLS, and WebSocket over TLS: the header %s comes before TLS', async (_, pauseMs) => {
  const { relay } = await relayBehindBalancer();
  for (const kind of ['mqtts', 'wss'] as const) {
    const raw = toDoor(relay, kind);
    await once(raw, 'connect');
    raw.cork();
    raw.write(header);
    if (pauseMs > 0) {
      raw.uncork();
      await pause(pauseMs);
    }
    const secure = openTls({ socket: raw, rejectUnauthorized: false });
    secure.on('error', () => {});
    setImmediate(() => raw.uncork());
    await once(secure, 'secureConnect');
    if (kind === 'mqtts') {
      secure.write(connect);
      expect((await once(secure, 'data'))[0]).toEqual(Buffer.from([0x20, 2, 0, 0]));
      continue;
    }
    const web = new WebSocket('ws://relay/mqtt', 'mqtt', { createConnection: () => secure });
    web.on('error', () => {});
    await once(web, 'open');
    web.send(connect);
    expect((await once(web, 'message'))[0]).toEqual(Buffer.from([0x20, 2, 0, 0]));
  }
});

test('WebSocket: header, handshake and CONNECT', async () => {
  const { relay, lines } = await relayBehindBalancer();
  const socket = toDoor(relay, 'ws');
  socket.write('PROXY TCP4 203.0.113.9 192.0.2.1 1 2\r\n');
  const web = new WebSocket('ws://relay/mqtt', 'mqtt', { createConnection: () => socket });
  web.on('error', () => {});
  await once(web, 'open');
  web.send(connect);
  expect((await once(web, 'message'))[0]).toEqual(Buffer.from([0x20, 2, 0, 0]));
  web.send(tooLong);
  await until(() => lines.some(line => line.includes('"from":"203.0.113.9"')), 'the true address');
});

test('without a header no way in: wrong bytes at once, none after the deadline; an open port may be looked at', async () => {
  const patient = await relayBehindBalancer({ proxyHeaderTimeoutMs: 1e9 });
  const direct = toDoor(patient.relay, 'mqtt');
  direct.write(connect);
  const looking = toDoor(patient.relay, 'wss');
  looking.end();
  await Promise.all([direct, looking].map(closed));
  expect(patient.relay.stats().refused).toEqual({ 'proxy-header': 1 });
  const { relay } = await relayBehindBalancer({ proxyHeaderTimeoutMs: 300 });
  const silent = toDoor(relay, 'mqtts');
  const dripping = toDoor(relay, 'ws');
  const line = Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 12345 8883');
  let sent = 0;
  const drip = setInterval(() => dripping.write(line.subarray(sent, ++sent)), 50);
  onTestFinished(() => clearInterval(drip));
  await Promise.all([silent, dripping].map(closed));
  clearInterval(drip);
  expect(sent).toBeLessThan(line.length);
  await until(() => relay.stats().connections === 0, 'that all are gone');
  expect(relay.stats().refused).toEqual({ 'proxy-header-late': 2 });
  const reset = toDoor(relay, 'mqtt');
  await once(reset, 'connect');
  reset.write('PROXY ');
  reset.resetAndDestroy();
  await until(() => relay.stats().connections === 0, 'that it is gone');
});

test('a listener without it takes a header for a broken packet', async () => {
  const relay = await relayForTest();
  const socket = openSocket({ host: relay.host, port: relay.port });
  socket.on('error', () => {});
  socket.write(Buffer.concat([Buffer.from('PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n'), connect]));
  await closed(socket);
  expect(relay.stats().logins).toBe(0);
});
