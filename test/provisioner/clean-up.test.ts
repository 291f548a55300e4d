/** What a failed build leaves is removed; what is not ours is never touched. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Profile } from '../../provisioner/src/settings/config.ts';
import { eventually, type Lab, startLab, TestButton } from './lab.ts';

let lab: Lab;
let provisioner: Provisioner | undefined;
let button: TestButton;

beforeEach(async () => {
  lab = await startLab({ ccp: { speed: 300 } });
  button = await TestButton.connect(lab);
});

afterEach(async () => {
  await button.close();
  await provisioner?.stop();
  await lab.close();
});

async function start(change: Partial<Profile> = {}): Promise<void> {
  const { house } = lab.config.profiles;
  if (house !== undefined) lab.config = { ...lab.config, profiles: { house: { ...house, ...change } } };
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  expect(await provisioner.whenOnline(5_000)).toBe(true);
}

const record = (press = 1) => provisioner?.presses().find(each => each.press === press);
const cleaned = (press = 1) => record(press)?.cleanUp?.endedAt !== undefined;
const failed = (press = 1) => button.until(status => status.press === press && status.state === 'failed');
const deletes = () => lab.ccp.calls().filter(call => call.method === 'DELETE').length;

test('a node that breaks: the cluster is removed, the button keeps its failure, the range is free', async () => {
  await start();
  lab.ccp.fail({ kind: 'nodeError', times: 1 });
  await button.press(1);
  const status = await failed();
  await eventually(cleaned, 10_000);
  expect(lab.ccp.clusters()).toEqual([]);
  expect(deletes()).toBe(1);
  expect(record()?.id).toMatch(/^[0-9a-f-]{36}$/);
  // Not beside the first one: two of one name would put each other out.
  await button.close();
  button = await TestButton.connect(lab);
  expect(await button.until(() => true)).toEqual(status);
  await button.press(2);
  await button.until(({ press, state }) => press === 2 && state === 'ready');
  expect(lab.ccp.clusters()[0]?.cidr).toBe('172.16.0.0/20');
});

test("until it is gone, its range is nobody else's, and it counts for the quota", async () => {
  await start({ rules: { maxClusters: 2 } });
  lab.ccp.fail({ kind: 'nodeError', times: 1 });
  const heal = lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  await button.press(1);
  await failed();
  await eventually(() => record()?.cleanUp?.trouble !== undefined, 10_000);
  expect(record()?.cleanUp?.trouble).toMatch(/500/);
  await button.press(2);
  await button.until(({ press, state }) => press === 2 && state === 'ready');
  expect(record(2)?.range).toBe('172.16.16.0/20');
  await button.press(3);
  const rejected = await button.until(({ press, state }) => press === 3 && state === 'rejected');
  expect(rejected).toMatchObject({ code: 'QUOTA', line: '2 of 2 clusters stand: give one back' });
  heal();
  await eventually(cleaned, 20_000);
  expect(lab.ccp.clusters().map(({ name }) => name)).toEqual(['house-01-2']);
});

test('after a restart it goes on', async () => {
  await start();
  lab.ccp.fail({ kind: 'nodeError', times: 1 });
  const heal = lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  await button.press(1);
  await failed();
  await provisioner?.stop();
  heal();
  await start();
  await eventually(cleaned, 10_000);
  expect(lab.ccp.clusters()).toEqual([]);
});

test('too late, and nobody could see why: what was built meanwhile is removed', async () => {
  await start({ deadlineS: 1, expectS: 1 });
  await button.press(1);
  await button.until(status => status.phase === 'platform asked');
  lab.ccp.fail({ kind: 'serverError', method: 'GET', path: '/2/clusters/house' });
  const status = await failed();
  expect(status.line).toMatch(/^Not ready after 1 s: 500/);
  lab.ccp.clearFailures();
  await eventually(cleaned, 15_000);
  expect(lab.ccp.clusters()).toEqual([]);
});

test('a refused order leaves nothing to delete', async () => {
  await start();
  lab.ccp.fail({ kind: 'full', times: 1 });
  await button.press(1);
  await failed();
  await eventually(cleaned, 10_000);
  expect(deletes()).toBe(0);
});
