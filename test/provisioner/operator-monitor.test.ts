/** Metrics and health of a real provisioner, over HTTP. */
import { createServer } from 'node:net';
import { pino } from 'pino';
import { expect } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { isLoopback } from '../../config/src/monitor.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import type { PartHealth } from '../../provisioner/src/health.ts';
import { type Measured, makeMetrics } from '../../provisioner/src/operator/metrics.ts';
import { startMonitor } from '../../provisioner/src/operator/monitor.ts';
import { startOperator } from '../../provisioner/src/operator/operator.ts';
import { newCounters } from '../../provisioner/src/presses/counters.ts';
import { eventually } from './fixtures/lab.ts';
import { pressRecord } from './fixtures/records.ts';
import { type Room, roomTest } from './fixtures/room.ts';

/** Where one listens. */
interface Monitor {
  host: string;
  port: number;
}

const test = roomTest();

/** What a monitor answers. */
async function get(
  monitor: Monitor,
  path: string,
  method = 'GET',
): Promise<{ status: number; text: string; type: string | null }> {
  const response = await fetch(`http://127.0.0.1:${monitor.port}${path}`, { method });
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
}

/** `name{labels}` to value. */
async function metrics(monitor: Monitor): Promise<Map<string, number>> {
  const { text } = await get(monitor, '/metrics');
  const samples = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return new Map(samples.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

/** Beside the room's provisioner, and ends with the test. */
async function start(room: Room): Promise<Monitor> {
  await room.startProvisioner();
  const settings = { ...room.lab.config, monitor: { host: '127.0.0.1', port: 0 } };
  const operator = await startOperator(room.provisioner, settings, silentLog);
  room.onClose(() => operator.stop());
  if (operator.monitor === undefined) throw new Error('no monitor');
  return operator.monitor;
}

test('counts what became of presses, and measures builds', async ({ room }) => {
  const monitor = await start(room);
  const { provisioner } = room;
  const before = await metrics(monitor);
  expect(before.get('dashbutton_presses_total{result="accepted"}')).toBe(0);
  expect(before.get('dashbutton_clusters{profile="house",state="ready"}')).toBe(0);
  expect(before.has('dashbutton_last_press_timestamp_seconds')).toBe(false);
  const button = await room.connect();
  await button.press(1);
  await button.until(status => status.state === 'provisioning' || status.state === 'ready');
  await button.until(status => status.state === 'ready');
  await button.press(2, { time: 1 });
  await button.press(3, {}, Buffer.alloc(32, 7));
  await eventually(() => provisioner.counters.badSignature === 1 && provisioner.counters.stale === 1);
  const after = await metrics(monitor);
  expect(after.get('dashbutton_payloads_received_total')).toBe(3);
  expect(after.get('dashbutton_presses_total{result="accepted"}')).toBe(1);
  expect(after.get('dashbutton_presses_total{result="stale"}')).toBe(1);
  expect(after.get('dashbutton_presses_total{result="rejected"}')).toBe(0);
  expect(after.get('dashbutton_presses_total{result="bad_signature"}')).toBe(1);
  const results = [...after].filter(([name]) => name.startsWith('dashbutton_presses_total'));
  expect(results.reduce((sum, [, value]) => sum + value, 0)).toBe(3);
  expect(after.get('dashbutton_clusters{profile="house",state="ready"}')).toBe(1);
  expect(after.get('dashbutton_builds{step="building"}')).toBe(0);
  expect(after.get('dashbutton_build_duration_seconds_count{profile="house",result="ready"}')).toBe(1);
  const [record] = provisioner.presses();
  const seconds = ((record?.endedAt ?? 0) - (record?.acceptedAt ?? 0)) / 1000;
  expect(after.get('dashbutton_build_duration_seconds_sum{profile="house",result="ready"}')).toBeCloseTo(
    seconds,
    3,
  );
  expect(after.get('dashbutton_last_press_timestamp_seconds')).toBeGreaterThan(Date.now() / 1000 - 60);
  expect(after.get(connectedTo(room))).toBe(1);
  expect(after.get('dashbutton_journal_ok')).toBe(1);
  expect(after.get('dashbutton_platform_ok{platform="ccp"}')).toBe(1);
  expect(after.has('nodejs_eventloop_lag_seconds')).toBe(true);
  expect(after.has('process_resident_memory_bytes')).toBe(true);
  // Read twice, nothing is counted twice.
  expect(
    (await metrics(monitor)).get('dashbutton_build_duration_seconds_count{profile="house",result="ready"}'),
  ).toBe(1);
});

const connectedTo = ({ lab }: Room) => `dashbutton_relay_connected{relay="127.0.0.1:${lab.relay.port}"}`;

test('is ready with the relay, and lives without it', async ({ room }) => {
  const monitor = await start(room);
  const { provisioner } = room;
  expect((await get(monitor, '/readyz')).status).toBe(200);
  await room.lab.relay.close();
  await eventually(() => !provisioner.connected);
  const away = await get(monitor, '/readyz');
  expect(away.status).toBe(503);
  expect(JSON.parse(away.text)).toMatchObject({
    ready: false,
    parts: { relay: { ok: false, reason: expect.stringContaining('RELAY') }, journal: { ok: true } },
  });
  expect((await metrics(monitor)).get(connectedTo(room))).toBe(0);
  expect((await get(monitor, '/healthz')).status).toBe(200);
});

test('tells no secret, and takes no orders', async ({ room }) => {
  const monitor = await start(room);
  const texts = [];
  for (const path of ['/metrics', '/healthz', '/readyz', '/nothing'])
    texts.push((await get(monitor, path)).text);
  const keys = [room.lab.config.siteKey, ...Object.values(room.lab.keys)].map(key =>
    Buffer.from(key).toString('base64'),
  );
  for (const secret of [...keys, room.lab.login.password, room.lab.ccp.password])
    expect(texts.join('\n')).not.toContain(secret);
  expect(await get(monitor, '/metrics')).toMatchObject({
    type: expect.stringContaining('text/plain; version=0.0.4'),
  });
  expect((await get(monitor, '/metrics', 'POST')).status).toBe(405);
  expect((await get(monitor, '/release', 'POST')).status).toBe(404);
});

test('a broken journal makes it unready, a platform that is away does not', async ({ onTestFinished }) => {
  const broken: PartHealth = { ok: false, reason: 'the disk is full' };
  const well: PartHealth = { ok: true };
  const cases = [
    { health: { relay: well, relays: {}, journal: broken, platforms: { ccp: well } }, status: 503 },
    { health: { relay: well, relays: {}, journal: well, platforms: { ccp: broken } }, status: 200 },
  ];
  for (const { health, status } of cases) {
    const measured: Measured = {
      counters: newCounters(),
      presses: () => [],
      health: () => health,
      relays: [],
      noticesWaiting: 0,
      clockJumps: { count: 0 },
      refusedNotices: () => [],
    };
    const options = { host: '127.0.0.1', port: 0, profiles: [], log: silentLog };
    const monitor = await startMonitor(measured, options);
    onTestFinished(() => monitor.stop());
    const answer = await get(monitor, '/readyz');
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('the disk is full');
  }
});

test('shows all states of clusters by profile, and what only some provisioners tell', async () => {
  const presses = [
    pressRecord(1, { step: 'building' }),
    pressRecord(2, { step: 'verifying', profile: 'gone' }),
    pressRecord(3, { step: 'ready', acceptedAt: 0, endedAt: 100_000 }),
    pressRecord(4, { step: 'releasing', acceptedAt: 0, endedAt: 200_000 }),
    pressRecord(5, { step: 'failed', acceptedAt: 0, endedAt: 7_000_000, cleanUp: { since: 1 } }),
    pressRecord(6, { step: 'failed', acceptedAt: 0, endedAt: 1_000, cleanUp: { since: 1, endedAt: 2 } }),
    pressRecord(7, { step: 'rejected', cluster: '', endedAt: 5 }),
  ];
  const measured: Measured = {
    counters: newCounters(),
    presses: () => presses,
    health: () => ({ relay: { ok: true }, relays: {}, journal: { ok: true }, platforms: {} }),
    relays: [
      {
        ...{
          name: 'relay:1883',
          connected: false,
          lastError: 'RELAY is away',
          lastFault: undefined,
          learned: undefined,
        },
        ...{ connects: 3, failures: 4, saidAgain: 5, deaf: 6 },
      },
    ],
    noticesWaiting: 5,
    clockJumps: { count: 0 },
    refusedNotices: () => [],
  };
  const text = await makeMetrics(measured, ['house', 'cloud']).text();
  for (const line of [
    'dashbutton_clusters{profile="house",state="building"} 1',
    'dashbutton_clusters{profile="gone",state="building"} 1',
    'dashbutton_clusters{profile="house",state="ready"} 1',
    'dashbutton_clusters{profile="house",state="releasing"} 1',
    'dashbutton_clusters{profile="house",state="left"} 1',
    'dashbutton_clusters{profile="cloud",state="ready"} 0',
    'dashbutton_builds{step="building"} 1',
    'dashbutton_builds{step="verifying"} 1',
    'dashbutton_build_duration_seconds_bucket{le="120",profile="house",result="ready"} 1',
    'dashbutton_build_duration_seconds_count{profile="house",result="ready"} 2',
    'dashbutton_build_duration_seconds_count{profile="house",result="failed"} 2',
    'dashbutton_relay_connected{relay="relay:1883"} 0',
    'dashbutton_relay_connects_total{relay="relay:1883"} 3',
    'dashbutton_relay_failures_total{relay="relay:1883"} 4',
    'dashbutton_relay_said_again_total{relay="relay:1883"} 5',
    'dashbutton_relay_deaf_total{relay="relay:1883"} 6',
    'dashbutton_webhook_notices_waiting 5',
  ])
    expect(text.split('\n')).toContain(line);
  // Seconds, totals, and nothing else in the names: prometheus.io, "Metric and label naming".
  for (const name of text.match(/^# TYPE dashbutton_\S+ \w+$/gm) ?? []) {
    const [, , metric = '', type] = name.split(' ');
    expect([metric, metric.endsWith('_total')]).toEqual([metric, type === 'counter']);
    expect(metric).not.toMatch(/_ms$|_milliseconds|_minutes/);
  }
});

test('a port that is taken is said in one sentence', async ({ room }) => {
  const other = createServer();
  room.onClose(() => other.close());
  await room.startProvisioner();
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const taken = startOperator(
    room.provisioner,
    { ...room.lab.config, monitor: { host: '127.0.0.1', port } },
    silentLog,
  );
  await expect(taken).rejects.toThrow(
    new SetupError(`monitor 127.0.0.1:${port}: another program listens there: choose another port`),
  );
});

test('warns when it listens beyond this machine', async ({ room }) => {
  await room.startProvisioner();
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: line => warnings.push(JSON.parse(line).msg) });
  for (const host of ['0.0.0.0', '127.0.0.1']) {
    const monitor = await startMonitor(room.provisioner, { host, port: 0, profiles: [], log });
    await monitor.stop();
  }
  expect(warnings).toEqual([expect.stringContaining('listens beyond this machine')]);
  expect(['localhost', '127.0.0.1', '127.9.9.9', '::1'].map(isLoopback)).toEqual([true, true, true, true]);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.example.net', 'lab'].map(isLoopback)).not.toContain(true);
});
