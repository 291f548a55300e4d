import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { connectAsync } from 'mqtt';
import mqttPacket from 'mqtt-packet';
import { pino } from 'pino';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { SetupError } from '../../config/src/setup-error.ts';
import { beaconTopic } from '../../protocol/src/topics.ts';
import { type CertificateSource, readCertificates } from '../../relay/src/certificates.ts';
import type { Relay } from '../../relay/src/relay.ts';
import { howToEnable, interpreter } from '../espruino/interpreter.ts';
import { runOnInterpreter } from '../espruino/runner.ts';
import { makeCertificate } from '../simulator-board/certificates.ts';
import { connectPacket, keys, login, messagesOf, pause, rawClient, relayForTest, until } from './helpers.ts';

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

it('MQTT over TLS beside MQTT over TCP: one relay, both hear each other; the certificate is checked', async () => {
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

it.each(handshakes)('%s', async (_, options, expected) => {
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

it('the deadline for CONNECT begins with the TCP connection: the handshake counts', async () => {
  const connectTimeoutMs = 400;
  const relay = await relayWithTls({ connectTimeoutMs });
  const start = performance.now();
  const silent = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
  silent.on('error', () => {});
  const raw = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
  raw.on('error', () => {});
  await pause(250);
  const slow = overTls(relay, { socket: raw });
  await Promise.all([closed(silent), closed(slow)]);
  expect(performance.now() - start).toBeGreaterThan(connectTimeoutMs * 0.9);
  expect(performance.now() - start).toBeLessThan(250 + connectTimeoutMs * 0.9);
  await until(() => relay.stats().connections === 0, 'that both are gone');
});

it('strangers who speak something else are counted and gone; the relay goes on', async () => {
  const relay = await relayWithTls();
  const stranger = connectTcp(relay.tls?.port ?? 0, '127.0.0.1');
  stranger.on('error', () => {});
  stranger.write('GET / HTTP/1.1\r\n\r\n');
  await closed(stranger);
  expect(relay.stats().refused).toEqual({ 'tls-handshake': 1 });
  expect((await login(relay, 'house-01')).connected).toBe(true);
});

it('a connection that is reset, in the handshake or after it, is nothing to the others', async () => {
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

it('the limit of connections counts both doors', async () => {
  const relay = await relayWithTls({ connections: 2 });
  await rawClient(relay);
  await new Promise(resolve => overTls(relay).once('secureConnect', resolve));
  await closed(overTls(relay));
  await (await rawClient(relay)).closed;
  expect(relay.stats()).toMatchObject({ connections: 2, refused: { 'too-many-connections': 2 } });
});

it('the same limit of a packet; close ends quickly', async () => {
  const relay = await relayWithTls({ packetBytes: 100 });
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
  const start = performance.now();
  await relay.close();
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(relay.stats()).toMatchObject({ connections: 0, clients: 0 });
});

it('files: read from their paths; what is wrong with them in one sentence, without what they hold', async () => {
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

it('a certificate that is not RSA starts with a warning', () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: line => void lines.push(line) });
  readCertificates([rsa], log);
  expect(lines).toEqual([]);
  readCertificates([ec], log);
  expect(lines.join()).toContain('buttons cannot');
});

/** Joins, dials over TLS, sends a CONNECT and prints what comes back. */
const dial = (port: number, connectBytes: Buffer) => `
  require('Wifi').connect('home', { password: 'secret' }, function () {
    require('tls').connect({ host: '127.0.0.1', port: ${port} }, function (socket) {
      socket.on('data', function (data) {
        print('heard ' + btoa(data));
        socket.end();
      });
      socket.on('close', function () { ESP32.deepSleepExt0(0, 0); });
      socket.write(atob('${connectBytes.toString('base64')}'));
    });
  });`;

it.skipIf(interpreter === undefined)(
  `the real interpreter logs in over TLS (${interpreter ? 'found' : howToEnable})`,
  { timeout: 20_000 },
  async () => {
    // EC comes first in the list, and the interpreter knows none.
    const relay = await relayForTest({ tls: { port: 0, certificates: [ec, rsa] } });
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-tls-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const run = await runOnInterpreter({
      binary: interpreter ?? '',
      bundle: dial(relay.tls?.port ?? 0, mqttPacket.generate(connectPacket('house-01'))),
      dir,
      wifi: [{ ssid: 'home', password: 'secret' }],
      timeoutMs: 15_000,
    });
    // CONNACK, no session, accepted.
    expect(run.lines).toContain(`heard ${Buffer.from([0x20, 2, 0, 0]).toString('base64')}`);
    expect(relay.stats()).toMatchObject({ logins: 1, refused: {} });
  },
);
