/** `dashbutton relay --config`, as a process: doors, metrics, health, reload, and an end in order. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { makeServerPair } from '../../simulator/ccp/certificates.ts';
import { eventually } from '../provisioner/lab.ts';
import { keys, users } from '../relay/helpers.ts';
import { Service, startLimitMs } from './operator-lab.ts';

const limit = { timeout: 2 * startLimitMs };
const bin = new URL('../../cli/bin.js', import.meta.url).pathname;

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
  if (service !== undefined && !service.over) await service.end('SIGKILL');
  service = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function settings(change: Record<string, unknown> = {}): string {
  const path = join(folder, 'relay.yaml');
  const all = {
    users: 'users.yaml',
    doors: ['mqtt', 'mqtts', 'ws', 'wss'].map(kind => ({ kind, port: 0 })),
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
  doors?: string[];
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

it('says what is open to whom, serves on every door, and ends in order', limit, async () => {
  const { service, monitor } = await start();
  const [line] = lines(service).filter(({ msg }) => msg.includes('may log in'));
  expect(line).toMatchObject({ buttons: 3, provisioners: 2 });
  expect(line?.doors?.map(url => url.split(':')[0])).toEqual(['mqtt', 'mqtts', 'ws', 'wss']);
  for (const url of line?.doors ?? []) {
    const client = await connectAsync(url, {
      clientId: 'house-01',
      username: 'house-01',
      password: keys['house-01'] ?? '',
      rejectUnauthorized: false,
    });
    await client.endAsync();
  }
  const wrong = connectAsync(line?.doors?.[0] ?? '', {
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

  const { code, tookMs } = await service.end();
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(5_000);
  for (const key of Object.values(keys)) expect(service.out).not.toContain(key);
  for (const { verifier } of users.values()) expect(service.out).not.toContain(verifier);
});

it('SIGHUP: users are read again at once; a broken file is named, and changes nothing', limit, async () => {
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

it('a signal that comes while it starts is carried out after that, in order', limit, async () => {
  service = Service.start(settings(), { command: 'relay', env: { LOG_FORMAT: 'json' } });
  const { child } = service;
  // At the very first word, which comes before the doors are open: the signals are there in the same millisecond.
  child.stdout?.once('data', () => {
    child.kill('SIGHUP');
    child.kill('SIGTERM');
  });
  await service.says('"stopped"');
  await eventually(() => child.exitCode !== null || child.signalCode !== null);
  expect(child).toMatchObject({ exitCode: 0, signalCode: null });
});

it('a monitor that cannot listen: no relay without it', limit, async () => {
  const { monitor } = await start();
  const second = spawnSync(
    process.execPath,
    [bin, 'relay', '--config', settings({ monitor: monitor.replace('http://', '') })],
    { encoding: 'utf8', timeout: startLimitMs },
  );
  expect(second.status).toBe(2);
  expect(second.stderr).toMatch(/monitor 127\.0\.0\.1:\d+: another program listens there/);
});

it('--check: says what is wrong with the settings and with each file, and opens nothing', limit, () => {
  const check = (path = settings()) =>
    spawnSync(process.execPath, [bin, 'relay', '--config', path, '--check'], {
      encoding: 'utf8',
      timeout: startLimitMs,
    });
  expect(check()).toMatchObject({ status: 0, stdout: expect.stringContaining('no problems found') });
  expect(check(settings({ limits: { connections: -1 } })).stderr).toContain('limits.connections');
  writeFileSync(join(folder, 'relay.key'), 'no key');
  expect(check().stderr).toContain('relay.key');
  rmSync(join(folder, 'users.yaml'));
  expect(check()).toMatchObject({ status: 2, stderr: expect.stringContaining('users.yaml') });
});
