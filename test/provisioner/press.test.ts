import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { Complaints } from '../../provisioner/src/presses/complaints.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import { eventually, type Lab, startLab, TestButton } from './lab.ts';

let lab: Lab;
let provisioner: Provisioner;
let button: TestButton;

async function start(): Promise<void> {
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  expect(await provisioner.whenOnline(5_000)).toBe(true);
}

beforeEach(async () => {
  lab = await startLab();
  await start();
  button = await TestButton.connect(lab);
});

afterEach(async () => {
  await button.close();
  await provisioner.stop();
  await lab.close();
});

test('a button that was never heard reads idle, and that the lab is online', async () => {
  const idle = await button.until(status => status.state === 'idle');
  expect(idle).toMatchObject({ press: 0, seq: 0, cluster: '', percent: 0 });
  await eventually(() => button.beacons.at(-1)?.state === 'online');
});

test('a press becomes a cluster: every phase in order, the address that the platform gave', async () => {
  await button.press(1);
  const ready = await button.until(status => status.state === 'ready');
  const [cluster] = lab.ccp.clusters();
  expect(ready).toMatchObject({ press: 1, cluster: 'house-01-1', percent: 100, leftS: 0, lookAgainS: 0 });
  expect(ready.address).toBe(cluster?.address);
  expect(cluster).toMatchObject({ name: 'house-01-1', cidr: '172.16.0.0/20' });
  const heard = button.statuses.filter(status => status.press === 1);
  expect(heard.map(status => status.seq)).toEqual(heard.map((_, i) => i + 1));
  const percents = heard.map(status => status.percent);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  const states = heard.map(status => status.state).filter((state, i, all) => state !== all[i - 1]);
  expect(states).toEqual(['accepted', 'provisioning', 'verifying', 'ready']);
  expect(provisioner.counters).toMatchObject({ accepted: 1, repeated: 0 });
});

test('the same press five times is one cluster; it is answered each time', async () => {
  for (let i = 0; i < 5; i++) await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(1);
  await eventually(() => provisioner.counters.repeated === 5);
  expect(button.statuses.at(-1)).toMatchObject({ press: 1, state: 'ready' });
  expect(lab.ccp.clusters()).toHaveLength(1);
});

test('a press while building joins: the new number is answered, no second cluster', async () => {
  await button.press(1);
  await button.until(status => status.state === 'provisioning');
  await button.press(2);
  const joined = await button.until(status => status.press === 2);
  expect(joined).toMatchObject({ seq: 1, cluster: 'house-01-1' });
  const ready = await button.until(status => status.state === 'ready');
  expect(ready).toMatchObject({ press: 2, cluster: 'house-01-1' });
  await button.press(1);
  await button.press(2);
  await eventually(() => provisioner.counters.repeated === 2);
  expect(lab.ccp.clusters()).toHaveLength(1);
});

test('a press after ready is a new cluster with another name and range', async () => {
  await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(2);
  const second = await button.until(status => status.state === 'ready' && status.press === 2);
  expect(second.cluster).toBe('house-01-2');
  const [a, b] = lab.ccp.clusters();
  expect(b?.cidr).toBe('172.16.16.0/20');
  expect(b?.address).not.toBe(a?.address);
  expect(second.address).toBe(b?.address);
});

test('a stale press, one from the future and a release are rejected in one line; nothing is built', async () => {
  const now = Math.floor(Date.now() / 1000);
  // Once the beacons that follow every connect are over, the next one is the answer to a stale press.
  await eventually(() => button.beacons.length >= 2);
  const beacons = button.beacons.length;
  await button.press(1, { time: now - 300 });
  const stale = await button.until(status => status.press === 1);
  expect(stale).toMatchObject({ state: 'rejected', code: 'STALE' });
  expect(stale.line).toMatch(/^Press is 30\d s old/);
  await eventually(() => button.beacons.length > beacons, 1_000);
  await button.press(2, { time: now + 300 });
  expect(await button.until(status => status.press === 2)).toMatchObject({
    state: 'rejected',
    code: 'STALE',
  });
  await button.press(3, { action: 'release' });
  expect(await button.until(status => status.press === 3)).toMatchObject({
    state: 'rejected',
    code: 'PLATFORM',
  });
  // An old number that was never heard: a recording.
  await button.press(5, { action: 'release' });
  await button.until(status => status.press === 5);
  await button.press(4);
  await eventually(() => provisioner.counters.replayed === 1);
  expect(provisioner.counters).toMatchObject({ accepted: 0, stale: 2, rejected: 4 });
  expect(lab.ccp.clusters()).toEqual([]);
});

test('a wrong key is told once a minute, not retained; nothing is built', async () => {
  // Signed well, but not a press: no word of keys.
  await button.press(0);
  await eventually(() => provisioner.counters.badBody === 1);
  expect(button.statuses.every(status => status.code === undefined)).toBe(true);
  const wrong = Buffer.alloc(32, 1);
  await button.press(1, {}, wrong);
  await button.press(2, {}, wrong);
  expect(await button.until(status => status.code === 'KEY')).toMatchObject({ press: 0, state: 'rejected' });
  await eventually(() => provisioner.counters.badSignature === 2);
  expect(button.statuses.filter(status => status.code === 'KEY')).toHaveLength(1);
  const second = await TestButton.connect(lab);
  const retained = await second.until(() => true);
  expect(retained.state).toBe('idle');
  await second.close();
  expect(lab.ccp.clusters()).toEqual([]);
});

test('a release while building is turned down, and the build goes on under its number', async () => {
  await button.press(1);
  await button.until(status => status.state === 'provisioning');
  await button.press(2, { action: 'release' });
  expect(await button.until(status => status.press === 2)).toMatchObject({ seq: 1, state: 'rejected' });
  const ready = await button.until(status => status.state === 'ready');
  expect(ready).toMatchObject({ press: 2, cluster: 'house-01-1' });
});

test('a complaint is said once a minute for each button and kind', () => {
  const complaints = new Complaints();
  const said = [0, 1, 59_999, 60_000, 60_001].map(ms => complaints.mayBeSaid('a', ms));
  expect(said).toEqual([true, false, false, true, false]);
  expect(complaints.mayBeSaid('b', 60_001)).toBe(true);
});
