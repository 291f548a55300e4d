/** `dashbutton relay --config`, as a process: listeners, metrics, health, reload, and an end in order. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { makeServerPair } from '../../simulator/ccp/certificates.ts';
import { patience, until } from '../fixtures/patience.ts';
import { programFile } from '../fixtures/programs.ts';
import { keys, users } from '../relay/fixtures/helpers.ts';
import { Service } from './fixtures/operator-lab.ts';

const bin = programFile('cli');

let folder: string;
let service: Service | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  const pair = await makeServerPair('relay', ['localhost']);
  writeFileSync(join(folder, 'relay.pem'), pair.certPem);
  writeFileSync(join(folder, 'relay.key'), pair.keyPem);
  writeFileSync(join(folder, 'users.yaml'), stringify({ users: [...users.values()] }));
});

afterEach(async () => {
  await service?.end('SIGKILL');
  service = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function settings(change: Record<string, unknown> = {}): string {
  const path = join(folder, 'relay.yaml');
  const all = {
    users: 'users.yaml',
    listeners: ['mqtt', 'mqtts', 'ws', 'wss'].map(kind => ({ kind, port: 0 })),
    certificates: [{ cert: 'relay.pem', key: 'relay.key' }],
    monitor: '127.0.0.1:0',
    // So that nothing but SIGHUP makes it look.
    limits: { usersCheckMs: 600_000 },
    ...change,
  };
  writeFileSync(path, stringify(all));
  return path;
}

interface Line {
  msg: string;
  url?: string;
  monitor?: string;
  buttons?: number;
  provisioners?: number;
  listeners?: string[];
}

const lines = (of: Service): Line[] =>
  of.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));

async function start(): Promise<{ service: Service; monitor: string }> {
  service = Service.start(settings(), { command: 'relay', env: { LOG_FORMAT: 'json' } });
  await service.says('metrics and health');
  const { monitor } = lines(service).find(line => line.monitor !== undefined) ?? {};
  return { service, monitor: `http://${monitor}` };
}

test('says what is open to whom, serves on every listener, and ends in order', async () => {
  const { service, monitor } = await start();
  const [line] = lines(service).filter(({ msg }) => msg.includes('may log in'));
  expect(line).toMatchObject({ buttons: 3, provisioners: 2 });
  expect(line?.listeners?.map(url => url.split(':')[0])).toEqual(['mqtt', 'mqtts', 'ws', 'wss']);
  for (const url of line?.listeners ?? []) {
    const client = await connectAsync(url, {
      clientId: 'house-01',
      username: 'house-01',
      password: keys['house-01'] ?? '',
      rejectUnauthorized: false,
    });
    await client.endAsync();
  }
  const wrong = connectAsync(line?.listeners?.[0] ?? '', {
    clientId: 'house-01',
    username: 'house-01',
    password: 'no',
  });
  await expect(wrong).rejects.toThrow('Bad username or password');

  const metrics = await (await fetch(`${monitor}/metrics`)).text();
  expect(metrics).toMatch(/^dashbutton_relay_logins_total 4$/m);
  expect(metrics).toMatch(/^dashbutton_relay_refused_total\{reason="[a-z-]+"\} 1$/m);
  expect(metrics).toMatch(/^process_resident_memory_bytes \d/m);
  for (const path of ['healthz', 'readyz']) expect((await fetch(`${monitor}/${path}`)).status).toBe(200);
  expect((await fetch(`${monitor}/users`)).status).toBe(404);

  expect(await service.end()).toBe(0);
  for (const key of Object.values(keys)) expect(service.out).not.toContain(key);
  for (const { verifier } of users.values()) expect(service.out).not.toContain(verifier);
});

test('SIGHUP: users are read again at once; a broken file is named, and changes nothing', async () => {
  const { service, monitor } = await start();
  writeFileSync(join(folder, 'users.yaml'), stringify({ users: [...users.values()].slice(0, 4) }));
  service.child.kill('SIGHUP');
  await service.says('users file taken over');
  writeFileSync(join(folder, 'users.yaml'), 'users: [');
  service.child.kill('SIGHUP');
  await service.says('users file not taken');
  expect((await fetch(`${monitor}/readyz`)).status).toBe(200);
  expect(service.over).toBe(false);
});

test('a signal that comes while it starts is carried out after that, in order', async () => {
  service = Service.start(settings(), { command: 'relay', env: { LOG_FORMAT: 'json' } });
  const { child } = service;
  // At the very first word, which comes before the listeners are open: the signals are there in the same millisecond.
  child.stdout?.once('data', () => {
    child.kill('SIGHUP');
    child.kill('SIGTERM');
  });
  await service.says('"stopped"');
  await until(() => service?.over, 'its end');
  expect(child).toMatchObject({ exitCode: 0, signalCode: null });
});

test('a monitor that cannot listen: no relay without it', async () => {
  const { monitor } = await start();
  const second = spawnSync(
    process.execPath,
    [bin, 'relay', '--config', settings({ monitor: monitor.replace('http://', '') })],
    { encoding: 'utf8', timeout: patience(10_000) },
  );
  expect(second.status).toBe(2);
  expect(second.stderr).toMatch(/monitor 127\.0\.0\.1:\d+: another program listens there/);
});

test('--check: says what is wrong with the settings and with each file, and opens nothing', () => {
  const check = (path = settings()) =>
    spawnSync(process.execPath, [bin, 'relay', '--config', path, '--check'], {
      encoding: 'utf8',
      timeout: patience(10_000),
    });
  expect(check()).toMatchObject({ status: 0, stdout: expect.stringContaining('no problems found') });
  expect(check(settings({ limits: { connections: -1 } })).stderr).toContain('limits.connections');
  writeFileSync(join(folder, 'relay.key'), 'no key');
  expect(check().stderr).toContain('relay.key');
  rmSync(join(folder, 'users.yaml'));
  expect(check()).toMatchObject({ status: 2, stderr: expect.stringContaining('users.yaml') });
});
