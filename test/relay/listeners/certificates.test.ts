/** Certificates replaced on disk: in place, by rename, by links as certbot and Kubernetes do it, and badly. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { connectAsync } from 'mqtt';
import { pino } from 'pino';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { CertificateSource } from '../../../relay/src/listeners/certificates.ts';
import type { Relay } from '../../../relay/src/relay.ts';
import { makeServerPair } from '../../../simulator/ccp/certificates.ts';
import { pause, until } from '../../fixtures/patience.ts';
import { keys, relayForTest } from '../fixtures/helpers.ts';

let first: CertificateSource;
let second: CertificateSource;

beforeAll(async () => {
  const make = async (name: string) => {
    const { certPem, keyPem } = await makeServerPair(name, ['localhost']);
    return { cert: certPem, key: keyPem };
  };
  [first, second] = await Promise.all([make('first'), make('second')]);
});

/** Short for tests: nobody waits five seconds here. */
const checkMs = 20;

function folderWith(pair: CertificateSource): string {
  const folder = mkdtempSync(join(tmpdir(), 'relay-certificates-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  put(folder, pair);
  return folder;
}

function put(folder: string, { cert, key }: CertificateSource): void {
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
}

const filesIn = (folder: string): CertificateSource => ({
  cert: join(folder, 'cert.pem'),
  key: join(folder, 'key.pem'),
});

async function start(source: CertificateSource, certificateCheckMs = checkMs) {
  const lines: { level: number; msg: string; error?: string }[] = [];
  const log = pino({ level: 'info' }, { write: line => void lines.push(JSON.parse(line)) });
  const relay = await relayForTest({ tls: { port: 0, ...source }, certificateCheckMs, log });
  const errors = () => lines.filter(({ level }) => level >= 50).map(({ error }) => error);
  return { relay, errors, lines };
}

/** Whose certificate a new connection gets. */
async function greeting(relay: Relay): Promise<{ name: string; socket: TLSSocket }> {
  const socket = connect({ host: '127.0.0.1', port: relay.tls?.port ?? 0, rejectUnauthorized: false });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise(resolve => socket.once('secureConnect', resolve));
  return { name: String(socket.getPeerCertificate().subject.CN), socket };
}

async function untilGreetedBy(relay: Relay, name: string): Promise<void> {
  await until(async () => (await greeting(relay)).name === name, `the certificate of ${name}`);
}

test('replaced in place: new connections see the new one, old ones stay and work', async () => {
  const folder = folderWith(first);
  const { relay, errors } = await start(filesIn(folder));
  const login = (ca: string) =>
    connectAsync(relay.tls?.url ?? '', {
      clientId: 'house-01',
      username: 'house-01',
      password: keys['house-01'] ?? '',
      reconnectPeriod: 0,
      ca,
      servername: 'localhost',
    });
  const old = await login(first.cert);
  let isGone = false;
  old.on('close', () => {
    isGone = true;
  });
  put(folder, second);
  await untilGreetedBy(relay, 'second');
  expect(isGone).toBe(false);
  await old.subscribeAsync('dashbutton/v1/lab/buttons/house-01/status').catch(() => {});
  expect(old.connected).toBe(true);
  const young = await login(second.cert);
  expect(young.connected).toBe(true);
  await Promise.all([old.endAsync(true), young.endAsync(true)]);
  // Between the two writes the pair may have been seen half: that is said once at most, and got over.
  expect(errors().length).toBeLessThanOrEqual(1);
});

test('links as certbot moves them, one after the other', async () => {
  const [one, two] = [folderWith(first), folderWith(second)];
  const live = mkdtempSync(join(tmpdir(), 'relay-live-'));
  onTestFinished(() => rmSync(live, { recursive: true }));
  const names = ['cert.pem', 'key.pem'];
  for (const name of names) symlinkSync(join(one, name), join(live, name));
  const { relay } = await start(filesIn(live));
  expect((await greeting(relay)).name).toBe('first');
  for (const name of names) {
    unlinkSync(join(live, name));
    await pause(2 * checkMs);
    symlinkSync(join(two, name), join(live, name));
  }
  await untilGreetedBy(relay, 'second');
});

test('a link to a folder as Kubernetes moves it: at once, and the files have the same size and time', async () => {
  const base = mkdtempSync(join(tmpdir(), 'relay-mounted-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  for (const [name, pair] of [
    ['..1', first],
    ['..2', second],
  ] as const) {
    mkdirSync(join(base, name));
    put(join(base, name), pair);
  }
  symlinkSync('..1', join(base, '..data'));
  for (const name of ['cert.pem', 'key.pem']) symlinkSync(join('..data', name), join(base, name));
  const { relay, errors } = await start(filesIn(base));
  symlinkSync('..2', join(base, '..next'));
  renameSync(join(base, '..next'), join(base, '..data'));
  await untilGreetedBy(relay, 'second');
  expect(errors()).toEqual([]);
});

test('a pair that does not fit is not taken, is said once, and the right key later heals it', async () => {
  const folder = folderWith(first);
  const { cert, key } = filesIn(folder);
  const { relay, errors } = await start({ cert, key });
  writeFileSync(cert, second.cert);
  await until(() => errors().length > 0, 'the error');
  await pause(5 * checkMs);
  expect(errors()).toEqual([`the TLS certificate ${cert} and the TLS key ${key} do not belong together`]);
  expect((await greeting(relay)).name).toBe('first');
  rmSync(cert);
  await until(() => errors().length > 1, 'the second error');
  expect(errors()[1]).toBe(`the TLS certificate ${cert} cannot be read: there is no such file`);
  put(folder, second);
  await untilGreetedBy(relay, 'second');
  // A secret has no place in a log.
  expect(JSON.stringify(errors())).not.toContain('BEGIN');
});

test('reload(): at once, without waiting for the next look; false when nothing was taken', async () => {
  const folder = folderWith(first);
  const { relay } = await start(filesIn(folder), 3_600_000);
  put(folder, second);
  expect((await greeting(relay)).name).toBe('first');
  expect(relay.reload()).toBe(true);
  expect((await greeting(relay)).name).toBe('second');
  writeFileSync(join(folder, 'key.pem'), first.key);
  expect(relay.reload()).toBe(false);
  expect((await greeting(relay)).name).toBe('second');
});
