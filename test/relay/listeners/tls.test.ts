import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { connectAsync } from 'mqtt';
import mqttPacket from 'mqtt-packet';
import { pino } from 'pino';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { SetupError } from '../../../config/src/setup-error.ts';
import { beaconTopic } from '../../../protocol/src/topics.ts';
import { type CertificateSource, readCertificates } from '../../../relay/src/listeners/certificates.ts';
import type { Relay } from '../../../relay/src/relay.ts';
import { pause, until } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import { connectPacket, keys, login, messagesOf, rawClient, relayForTest } from '../fixtures/helpers.ts';

let rsa: CertificateSource;
let ec: CertificateSource;

beforeAll(async () => {
  [rsa, ec] = await Promise.all([makeCertificate('rsa'), makeCertificate('ec')]);
});

const relayWithTls = (limits = {}) => relayForTest({ tls: { port: 0, ...rsa }, limits });

function overTls(relay: Relay, options: ConnectionOptions = {}): TLSSocket {
  const port = relay.tls?.port ?? 0;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

const closed = (socket: { once(event: 'close', done: () => void): unknown }) =>
  new Promise<void>(resolve => socket.once('close', () => resolve()));

test('MQTT over TLS beside MQTT over TCP: one relay, both hear each other; the certificate is checked', async () => {
  const relay = await relayWithTls();
  expect(relay.tls?.url).toBe(`mqtts://127.0.0.1:${relay.tls?.port}`);
  const plain = await login(relay, 'house-01');
  const messages = messagesOf(plain);
  await plain.subscribeAsync(beaconTopic('lab'));
  const secret = await connectAsync(relay.tls?.url ?? '', {
    clientId: 'lab-provisioner',
    username: 'lab-provisioner',
    password: keys['lab-provisioner'] ?? '',
    reconnectPeriod: 0,
    ca: rsa.cert,
    servername: 'localhost',
  });
  await secret.publishAsync(beaconTopic('lab'), 'online', { qos: 1 });
  await until(() => messages.length === 1, 'the beacon');
  expect(relay.stats()).toMatchObject({ clients: 2, connections: 2 });
  await secret.endAsync();
  await until(() => relay.stats().connections === 1, 'that it has left');
});

/** What the interpreter offers (simulator/board/sockets.ts), less what only old servers take. */
const chip: ConnectionOptions = {
  maxVersion: 'TLSv1.2',
  ciphers: 'DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256',
};

const handshakes: [string, ConnectionOptions, string | undefined][] = [
  ['the chip', chip, 'TLSv1.2 AES128-GCM-SHA256'],
  ['TLS 1.3', {}, 'TLSv1.3 TLS_AES_128_GCM_SHA256'],
  ['TLS 1.2', { maxVersion: 'TLSv1.2' }, 'TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }, undefined],
  ['no GCM', { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }, undefined],
];

test.each(handshakes)('a handshake of %s', async (_, options, expected) => {
  const relay = await relayWithTls();
  const socket = overTls(relay, options);
  const found = await Promise.race([
    new Promise<string>(resolve =>
      socket.once('secureConnect', () => resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)),
    ),
    closed(socket),
  ]);
  expect(found).toBe(expected);
  expect(relay.stats().refused).toEqual(expected === undefined ? { 'tls-handshake': 1 } : {});
});

test('the deadline for CONNECT begins with the TCP connection: the handshake counts', async () => {
  const relay = await relayWithTls({ connectTimeoutMs: 700 });
  const order: string[] = [];
  const connection = (name: string) => {
    const socket = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => {
      socket.destroy();
    });
    return { socket, gone: closed(socket).then(() => void order.push(name)) };
  };
  const slow = connection('slow');
  await until(() => relay.stats().connections === 1, 'the first connection');
  await pause(200);
  // Its time began later, but before the handshake of the first one.
  const silent = connection('silent');
  await until(() => relay.stats().connections === 2, 'the second connection');
  overTls(relay, { socket: slow.socket });
  await Promise.all([slow.gone, silent.gone]);
  expect(order).toEqual(['slow', 'silent']);
  await until(() => relay.stats().connections === 0, 'that both are gone');
});

test('strangers who speak something else are counted and gone; the relay goes on', async () => {
  const relay = await relayWithTls();
  const stranger = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
  stranger.on('error', () => {});
  stranger.write('GET / HTTP/1.1\r\n\r\n');
  await closed(stranger);
  expect(relay.stats().refused).toEqual({ 'tls-handshake': 1 });
  expect((await login(relay, 'house-01')).connected).toBe(true);
});

test('a connection that is reset, in the handshake or after it, is nothing to the others', async () => {
  const relay = await relayWithTls();
  const early = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
  early.on('error', () => {});
  // A handshake record is announced, and a part of it comes.
  await new Promise(resolve => early.write(Buffer.from([0x16, 3, 1, 2, 0, 1]), resolve));
  const tcp = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
  tcp.on('error', () => {});
  const late = overTls(relay, { socket: tcp });
  late.write(mqttPacket.generate(connectPacket('house-01')));
  await new Promise(resolve => late.once('data', resolve));
  await until(() => relay.stats().connections === 2, 'both connections');
  early.resetAndDestroy();
  tcp.resetAndDestroy();
  await until(() => relay.stats().connections === 0 && relay.stats().clients === 0, 'that both are gone');
  expect((await login(relay, 'house-01')).connected).toBe(true);
});

test('the limit of connections counts both listeners', async () => {
  const relay = await relayWithTls({ connections: 2 });
  await login(relay, 'cloud-01');
  await loggedIn(relay);
  await closed(overTls(relay));
  await (await rawClient(relay)).closed;
  expect(relay.stats()).toMatchObject({ connections: 2, refused: { 'too-many-connections': 2 } });
});

test('the same limit of a packet; close ends by itself', async () => {
  const relay = await relayWithTls({ packetBytes: 100, closeTimeoutMs: 1e9 });
  const long = overTls(relay);
  long.write(Buffer.from([0x10, 0xff, 0x7f]));
  await closed(long);
  expect(relay.stats().refused).toEqual({ 'packet-too-long': 1 });
  const logged = overTls(relay);
  logged.write(mqttPacket.generate(connectPacket('house-01')));
  await new Promise(resolve => logged.once('data', resolve));
  overTls(relay);
  connectTcp(relay.tls?.port ?? 0, '127.0.0.1').on('error', () => {});
  await until(() => relay.stats().connections === 3, 'three connections');
  await relay.close();
  expect(relay.stats()).toMatchObject({ connections: 0, clients: 0 });
});

test('files: read from their paths; what is wrong with them in one sentence, without what they hold', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const cert = file('relay.crt', rsa.cert);
  const key = file('relay.key', rsa.key);
  const relay = await relayForTest({ tls: { port: 0, cert, key } });
  expect(relay.tls?.port).toBeGreaterThan(0);

  const other = file('other.key', ec.key);
  const junk = file('junk', '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n');
  const none = join(folder, 'none');
  const table: [string, string, string][] = [
    [none, key, `the TLS certificate ${none} cannot be read: there is no such file`],
    [cert, none, `the TLS key ${none} cannot be read: there is no such file`],
    [junk, key, `the TLS certificate ${junk} is not a certificate in PEM`],
    [key, key, `the TLS certificate ${key} is not a certificate in PEM`],
    [cert, cert, `the TLS key ${cert} is not a private key in PEM without a passphrase`],
    [cert, other, `the TLS certificate ${cert} and the TLS key ${other} do not belong together`],
    [rsa.cert, ec.key, 'the TLS certificate and the TLS key do not belong together'],
  ];
  for (const [wrongCert, wrongKey, message] of table) {
    const error = await relayForTest({ tls: { port: 0, cert: wrongCert, key: wrongKey } }).catch(e => e);
    expect(error).toBeInstanceOf(SetupError);
    expect(error.message).toBe(message);
  }
  const taken = await relayForTest({ tls: { port: relay.port, ...rsa } }).catch(error => error);
  expect(taken.message).toContain(`127.0.0.1:${relay.port}: the port is in use`);
});

test('a certificate that is not RSA starts with a warning', () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: line => void lines.push(line) });
  readCertificates([rsa], log);
  expect(lines).toEqual([]);
  readCertificates([ec], log);
  expect(lines.join()).toContain('buttons cannot');
});

/** A connection over TLS 1.2 that is logged in, and the socket below it. */
async function loggedIn(relay: Relay) {
  const tcp = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
  tcp.on('error', () => {});
  const socket = overTls(relay, { socket: tcp, maxVersion: 'TLSv1.2' });
  await once(socket, 'secureConnect');
  socket.write(mqttPacket.generate(connectPacket('house-01')));
  await once(socket, 'data');
  return { tcp, socket };
}

test('there is no second handshake on a connection, as it costs us more than the client', async () => {
  const relay = await relayWithTls();
  const { socket } = await loggedIn(relay);
  let handshakes = 0;
  const failed: string[] = [];
  socket.on('secure', () => handshakes++);
  socket.on('error', (error: NodeJS.ErrnoException) => failed.push(error.code ?? ''));
  socket.renegotiate({}, () => {});
  // The relay says in an alert that it does not; OpenSSL gives up then.
  await until(() => failed.length + handshakes > 0, 'an answer');
  expect({ handshakes, failed }).toEqual({ handshakes: 0, failed: ['ERR_SSL_NO_RENEGOTIATION'] });
});

test('a bad record ends the connection, also after the login, and is counted', async () => {
  const relay = await relayWithTls();
  const { tcp } = await loggedIn(relay);
  // An application record that nobody encrypted.
  tcp.write(Buffer.concat([Buffer.of(23, 3, 3, 0, 40), Buffer.alloc(40, 7)]));
  await closed(tcp);
  await until(() => relay.stats().clients === 0, 'the client to be gone');
  expect(relay.stats().refused).toEqual({ 'tls-record': 1 });
});

test('a greeting without end is not kept', async () => {
  const relay = await relayWithTls();
  const tcp = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
  tcp.on('error', () => {});
  await once(tcp, 'connect');
  // ClientHello of 100 kB, in records of 8.
  const hello = Buffer.concat([Buffer.of(1, 1, 0x86, 0xa0), Buffer.alloc(40_000)]);
  for (let at = 0; at < hello.length; at += 8_000) {
    const part = hello.subarray(at, at + 8_000);
    tcp.write(Buffer.concat([Buffer.of(22, 3, 1, part.length >> 8, part.length & 255), part]));
  }
  await closed(tcp);
  await until(() => relay.stats().connections === 0, 'it to be gone');
  expect(relay.stats().refused).toEqual({ 'tls-handshake': 1 });
});

test('whoever is half way through a handshake makes way when the room is full', async () => {
  const relay = await relayWithTls({ connections: 3 });
  const half: Socket[] = [];
  for (let i = 0; i < 3; i++) {
    const tcp = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
    onTestFinished(() => void tcp.destroy());
    tcp.on('error', () => {}).write(Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3));
    half.push(tcp);
    await until(() => relay.stats().connections === i + 1, 'it to be in');
  }
  const { socket } = await loggedIn(relay);
  await until(() => half[0]?.destroyed === true, 'the first to make way');
  expect(socket.destroyed).toBe(false);
  expect(relay.stats()).toMatchObject({ connections: 3, clients: 1, refused: { 'made-way': 1 } });
});
