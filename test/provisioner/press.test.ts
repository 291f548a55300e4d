import { expect } from 'vitest';
import { LogThrottle } from '../../provisioner/src/presses/log-throttle.ts';
import { eventually } from './fixtures/lab.ts';
import { at, roomTest } from './fixtures/room.ts';

const test = roomTest();

test('a button that was never heard reads idle, and that the lab is online', async ({ room }) => {
  const button = await room.start();
  const idle = await button.until(status => status.state === 'idle');
  expect(idle).toMatchObject({ press: 0, seq: 0, cluster: '', percent: 0 });
  await eventually(() => button.beacons.at(-1)?.state === 'online');
});

test('a press becomes a cluster: every phase in order, the address that the platform gave', async ({
  room,
}) => {
  const button = await room.start();
  await button.press(1);
  const ready = await button.until(status => status.state === 'ready');
  const [cluster] = room.lab.ccp.clusters();
  expect(ready).toMatchObject({ press: 1, cluster: 'house-01-1', percent: 100, leftS: 0, lookAgainS: 0 });
  expect(ready.address).toBe(cluster?.address);
  expect(cluster).toMatchObject({ name: 'house-01-1', cidr: '172.16.0.0/20' });
  const heard = button.statuses.filter(status => status.press === 1);
  expect(heard.map(status => status.seq)).toEqual(heard.map((_, i) => i + 1));
  const percents = heard.map(status => status.percent);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  const states = heard.map(status => status.state).filter((state, i, all) => state !== all[i - 1]);
  expect(states).toEqual(['accepted', 'provisioning', 'verifying', 'ready']);
  expect(room.provisioner.counters).toMatchObject({ accepted: 1, repeated: 0 });
});

test('the same press five times is one cluster; it is answered each time', async ({ room }) => {
  const button = await room.start();
  for (let i = 0; i < 5; i++) await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(1);
  await eventually(() => room.provisioner.counters.repeated === 5);
  expect(button.statuses.at(-1)).toMatchObject({ press: 1, state: 'ready' });
  expect(room.lab.ccp.clusters()).toHaveLength(1);
});

test('a press while building joins: the new number is answered, no second cluster', async ({ room }) => {
  const button = await room.start();
  await button.press(1);
  await button.until(status => status.state === 'provisioning');
  const goOn = room.holdBuild();
  await button.press(2);
  const joined = await button.until(status => status.press === 2);
  expect(joined).toMatchObject({ seq: 1, cluster: 'house-01-1' });
  goOn();
  const ready = await button.until(status => status.state === 'ready');
  expect(ready).toMatchObject({ press: 2, cluster: 'house-01-1' });
  await button.press(1);
  await button.press(2);
  await eventually(() => room.provisioner.counters.repeated === 2);
  expect(room.lab.ccp.clusters()).toHaveLength(1);
});

test('a press after ready is a new cluster with another name and range', async ({ room }) => {
  const button = await room.start();
  await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(2);
  const second = await button.until(at(2, 'ready'));
  expect(second.cluster).toBe('house-01-2');
  const [a, b] = room.lab.ccp.clusters();
  expect(b?.cidr).toBe('172.16.16.0/20');
  expect(b?.address).not.toBe(a?.address);
  expect(second.address).toBe(b?.address);
});

test('a stale press, one from the future and a release are rejected in one line; nothing is built', async ({
  room,
}) => {
  const nowMs = Date.now();
  const button = await room.start({}, { now: () => nowMs });
  const now = Math.floor(nowMs / 1000);
  const beacons = button.beacons.length;
  for (let press = 1; press <= 12; press++) await button.press(press, { time: now - 300 });
  const stale = await button.until(status => status.press === 1);
  expect(stale).toMatchObject({ state: 'rejected', code: 'STALE' });
  expect(stale.line).toMatch(/^Press is 300 s old/);
  // Each is answered with a beacon. By themselves four come soon, and then one a minute.
  await eventually(() => button.beacons.length >= beacons + 12);
  await button.press(13, { time: now + 300 });
  expect(await button.until(status => status.press === 13)).toMatchObject({
    state: 'rejected',
    code: 'STALE',
  });
  await button.press(14, { action: 'release' });
  expect(await button.until(status => status.press === 14)).toMatchObject({
    state: 'rejected',
    code: 'QUOTA',
  });
  // An old number that was never heard: a recording.
  await button.press(16, { action: 'release' });
  await button.until(status => status.press === 16);
  await button.press(15);
  await eventually(() => room.provisioner.counters.replayed === 1);
  expect(room.provisioner.counters).toMatchObject({ accepted: 0, stale: 13, rejected: 15 });
  expect(room.lab.ccp.clusters()).toEqual([]);
});

test('a wrong key is told once a minute, not retained; nothing is built', async ({ room }) => {
  const button = await room.start();
  // Signed well, but not a press: no word of keys.
  await button.press(0);
  await eventually(() => room.provisioner.counters.badBody === 1);
  expect(button.statuses.every(status => status.code === undefined)).toBe(true);
  const wrong = Buffer.alloc(32, 1);
  await button.press(1, {}, wrong);
  await button.press(2, {}, wrong);
  expect(await button.until(status => status.code === 'KEY')).toMatchObject({ press: 0, state: 'rejected' });
  await eventually(() => room.provisioner.counters.badSignature === 2);
  expect(button.statuses.filter(status => status.code === 'KEY')).toHaveLength(1);
  await button.close();
  const second = await room.connect();
  const retained = await second.until(() => true);
  expect(retained.state).toBe('idle');
  expect(room.lab.ccp.clusters()).toEqual([]);
});

test('a release while building that the lab does not allow is turned down, and the build goes on under its number', async ({
  room,
}) => {
  const button = await room.start({ rules: { releaseBy: ['operator'] } });
  await button.press(1);
  await button.until(status => status.state === 'provisioning');
  const goOn = room.holdBuild();
  await button.press(2, { action: 'release' });
  expect(await button.until(status => status.press === 2)).toMatchObject({ seq: 1, state: 'rejected' });
  goOn();
  const ready = await button.until(status => status.state === 'ready');
  expect(ready).toMatchObject({ press: 2, cluster: 'house-01-1' });
});

test('a complaint is said once a minute for each button and kind', () => {
  const complaints = new LogThrottle();
  const said = [0, 1, 59_999, 60_000, 60_001].map(ms => complaints.mayBeSaid('a', ms));
  expect(said).toEqual([true, false, false, true, false]);
  expect(complaints.mayBeSaid('b', 60_001)).toBe(true);
});
