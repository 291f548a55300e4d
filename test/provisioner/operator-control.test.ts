/** The control socket: who may ask, what stands in its place, what is asked too much. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SetupError } from '../../config/src/setup-error.ts';
import { type Controlled, startControl } from '../../provisioner/src/operator/control.ts';
import {
  askKubeconfig,
  askPresses,
  askRefusedNotices,
  NotRunning,
  orderRelease,
  sendNoticesAgain,
} from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { until } from '../fixtures/patience.ts';
import { endsBefore } from './fixtures/by-itself.ts';
import { pressRecord } from './fixtures/records.ts';

let dir: string;
let path: string;
let lines: { level: number; msg: string; reason?: string }[];
const stops: (() => unknown)[] = [];

const log = pino({}, { write: line => lines.push(JSON.parse(line)) });
const warnings = () => lines.filter(({ level }) => level >= 40).map(({ reason }) => reason ?? '');

const refused = {
  ...{ webhook: 'webhooks.0 https://hooks', id: 'house-01-1-ready-5', at: '2026-01-01T00:00:00.000Z' },
  ...{ event: 'ready', button: 'house-01', press: 1, reason: 'it answered 404' },
};

/** What the socket asks of a provisioner. */
const provisioner: Controlled = {
  presses: () => [pressRecord(1), pressRecord(2, { step: 'ready', address: '10.0.0.2' })],
  health: () => ({ relay: { ok: true }, relays: {}, journal: { ok: true }, platforms: {} }),
  refusedNotices: () => [refused],
  sendNoticesAgain: async ids => (ids === undefined ? 7 : ids.length),
  copyJournal: () => 'a copy',
  kubeconfig: async cluster => {
    if (cluster === 'house-01-2') return 'apiVersion: v1';
    throw new SetupError('no such cluster');
  },
  release: async cluster => {
    if (cluster === 'house-01-2') return 'house-01-2 is being given back';
    if (cluster === 'broken') throw new Error('the journal cannot be written');
    throw new SetupError('no such cluster');
  },
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  path = controlPathOf(join(dir, 'journal'));
  lines = [];
});

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(at = path): Promise<boolean> {
  const stop = await startControl(provisioner, at, log);
  if (stop !== undefined) stops.push(stop);
  return stop !== undefined;
}

function ask(method: string, to: string, body = ''): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, method, path: to, agent: false }, response => {
      let text = '';
      response.on('data', chunk => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    asked.once('error', reject).end(body);
  });
}

test('refused notices are listed, and sent again: some, or all', async () => {
  const stop = await startControl(provisioner, path, log);
  stops.push(() => stop?.());
  expect(await askRefusedNotices(path)).toEqual([refused]);
  expect(await sendNoticesAgain(path)).toBe(7);
  expect(await sendNoticesAgain(path, [refused.id])).toBe(1);
});

test('answers its owner only, and leaves nothing behind', async () => {
  const maskBefore = process.umask();
  expect(await start()).toBe(true);
  expect(process.umask()).toBe(maskBefore);
  expect(lstatSync(path).isSocket()).toBe(true);
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  expect(await askPresses(path)).toEqual(provisioner.presses());
  expect(JSON.parse((await ask('GET', '/health')).body)).toEqual(provisioner.health());
  await stops.pop()?.();
  expect(existsSync(path)).toBe(false);
  await expect(askPresses(path)).rejects.toBeInstanceOf(NotRunning);
});

test('passes an order on, and what was said against it', async () => {
  await start();
  expect(await orderRelease(path, 'house-01-2')).toBe('house-01-2 is being given back');
  await expect(orderRelease(path, 'other')).rejects.toThrow(new SetupError('no such cluster'));
  const mistake = await orderRelease(path, 'broken').catch(error => error);
  expect(mistake).not.toBeInstanceOf(SetupError);
  expect(mistake.message).toContain('cannot be written');
});

test('hands a kubeconfig to its owner, and says why not', async () => {
  await start();
  expect(await askKubeconfig(path, 'house-01-2')).toBe('apiVersion: v1');
  await expect(askKubeconfig(path, 'other')).rejects.toThrow(new SetupError('no such cluster'));
  expect((await ask('GET', '/kubeconfig')).status).toBe(405);
  expect(JSON.stringify(lines)).not.toContain('apiVersion');
});

test('an answer of another version is said to be one', async () => {
  stops.push(
    (await startControl({ ...provisioner, presses: () => [{ ...pressRecord(1), press: -1 }] }, path, log)) ??
      (() => {}),
  );
  await expect(askPresses(path)).rejects.toThrow('restart it');
});

test('refuses what it does not know, in one sentence', async () => {
  await start();
  expect((await ask('GET', '/secrets')).status).toBe(404);
  expect((await ask('DELETE', '/presses')).status).toBe(405);
  for (const body of ['', 'x', '{}', '{"cluster":1}', '{"cluster":""}', '{"cluster":"a","force":true}']) {
    const answer = await ask('POST', '/release', body);
    expect(answer).toMatchObject({ status: 409, body: expect.stringContaining('expected {') });
  }
  expect((await ask('POST', '/release', 'x'.repeat(5_000))).status).toBe(413);
  // Still there.
  expect((await ask('GET', '/health')).status).toBe(200);
});

test('waits for nobody: a question that is never finished is cut off', async () => {
  await start();
  const socket = connect(path);
  stops.push(() => socket.destroy());
  socket.write('POST /release HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk;
  });
  // By Node's own limit it would end after 300 s.
  expect(await endsBefore(60_000, once(socket, 'close'))).toBe(true);
  expect(answer).toContain('408');
});

test('takes so many connections and no more', async () => {
  await start();
  const sockets = Array.from({ length: 40 }, () => connect(path));
  let open = sockets.length;
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.once('close', () => open--);
  }
  await until(
    () => open === 32,
    () => `32 of 40 to stay, ${open} are open`,
  );
  for (const socket of sockets) socket.destroy();
  await until(
    async () => (await ask('GET', '/health').catch(() => undefined))?.status === 200,
    'an answer again',
  );
});

test('takes the place of a socket that a killed process left', async () => {
  const listening = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', listening], { stdio: ['ignore', 'pipe', 'inherit'] });
  stops.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lstatSync(path).isSocket()).toBe(true);
  await expect(askPresses(path)).rejects.toBeInstanceOf(NotRunning);
  expect(await start()).toBe(true);
  expect(await askPresses(path)).toHaveLength(2);
  expect(warnings()).toEqual([]);
});

test('removes nothing that is not its own: a file, a folder, a socket that answers', async () => {
  writeFileSync(path, 'mine');
  expect(await start()).toBe(false);
  expect(lstatSync(path).isFile()).toBe(true);
  rmSync(path);
  mkdirSync(path);
  expect(await start()).toBe(false);
  rmSync(path, { recursive: true });
  const other = createServer(socket => socket.end()).listen(path);
  stops.push(() => other.close());
  await once(other, 'listening');
  expect(await start()).toBe(false);
  expect(warnings()).toEqual([
    expect.stringContaining('no socket'),
    expect.stringContaining('no socket'),
    expect.stringContaining('another program answers'),
  ]);
});

test('does without when its path is longer than a socket may have', async () => {
  const long = controlPathOf(join(dir, 'j'.repeat(120)));
  expect(await start(long)).toBe(false);
  expect(warnings()).toEqual([
    expect.stringMatching(/bytes, a socket's path may have \d+: choose a shorter/),
  ]);
  await expect(askPresses(long)).rejects.toBeInstanceOf(NotRunning);
  // One byte too many is as much too long; the longest that fits does.
  expect(await start(`${dir}/${'j'.repeat(108 - 1 - 5 - dir.length)}.sock`)).toBe(false);
  expect(warnings().at(-1)).toContain('has 108 bytes');
  const fits = `${dir}/${'j'.repeat(107 - 1 - 5 - dir.length)}.sock`;
  expect(Buffer.byteLength(fits)).toBe(107);
  expect(await start(fits)).toBe(process.platform === 'linux');
});

test('does without in a folder that cannot be written', async () => {
  expect(await start('/proc/journal.sock')).toBe(false);
  expect(warnings()).toHaveLength(1);
});
