/** What a failed build leaves is removed; what is not ours is never touched. */
import { expect } from 'vitest';
import { needsCleanUp } from '../../provisioner/src/builds/clean-up.ts';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { until } from '../fixtures/patience.ts';
import { TestClock } from './fixtures/clock.ts';
import { template } from './fixtures/lab.ts';
import { at, type Room, roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 300 } });

const cleaned = (room: Room) =>
  until(() => room.record()?.cleanUp?.endedAt, 'the end of the cleaning up', 20_000);

test('a node that breaks: the cluster is removed, the button keeps its failure, the range is free', async ({
  room,
}) => {
  const button = await room.start();
  room.lab.ccp.fail({ kind: 'nodeError', times: 1 });
  await button.press(1);
  const status = await button.until(at(1, 'failed'));
  await cleaned(room);
  expect(room.lab.ccp.clusters()).toEqual([]);
  expect(room.calls('DELETE')).toBe(1);
  expect(room.record()?.id).toMatch(/^[0-9a-f-]{36}$/);
  // Not beside the first one: two of one name would put each other out.
  await button.close();
  const again = await room.connect();
  expect(await again.until(() => true)).toEqual(status);
  await again.press(2);
  await again.until(at(2, 'ready'));
  expect(room.lab.ccp.clusters()[0]?.cidr).toBe('172.16.0.0/20');
});

test("until it is gone, its range is nobody else's, and it counts for the quota", async ({ room }) => {
  const button = await room.start({ rules: { maxClusters: 2 } }, { random: () => 0 });
  room.lab.ccp.fail({ kind: 'nodeError', times: 1 });
  const heal = room.lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  await button.press(1);
  await button.until(at(1, 'failed'));
  const trouble = await until(() => room.record()?.cleanUp?.trouble, 'trouble with the cleaning up');
  expect(trouble).toMatch(/500/);
  await button.press(2);
  await button.until(at(2, 'ready'));
  expect(room.record(2)?.range).toBe('172.16.16.0/20');
  await button.press(3);
  const rejected = await button.until(at(3, 'rejected'));
  expect(rejected).toMatchObject({ code: 'QUOTA', line: '2 of 2 clusters stand: give one back' });
  heal();
  await cleaned(room);
  expect(room.lab.ccp.clusters().map(({ name }) => name)).toEqual(['house-01-2']);
});

test('after a restart it goes on', async ({ room }) => {
  const button = await room.start();
  room.lab.ccp.fail({ kind: 'nodeError', times: 1 });
  const heal = room.lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  await button.press(1);
  await button.until(at(1, 'failed'));
  await room.stopProvisioner();
  heal();
  await room.startProvisioner();
  await cleaned(room);
  expect(room.lab.ccp.clusters()).toEqual([]);
});

test('too late, and nobody could see why: what was built meanwhile is removed', async ({ room }) => {
  const clock = new TestClock();
  const button = await room.start({ expectS: 1 }, clock);
  await button.press(1);
  await button.until(status => status.phase === 'platform asked');
  room.lab.ccp.fail({ kind: 'serverError', method: 'GET', path: '/2/clusters/house' });
  await button.until(status => status.phase === 'platform not answering');
  clock.pass(600_000);
  const status = await button.until(at(1, 'failed'));
  expect(status.line).toMatch(/^Not ready after 600 s: 500/);
  room.lab.ccp.clearFailures();
  await cleaned(room);
  expect(room.lab.ccp.clusters()).toEqual([]);
});

test('a refused order leaves nothing to delete', async ({ room }) => {
  const button = await room.start();
  room.lab.ccp.fail({ kind: 'full', times: 1 });
  await button.press(1);
  await button.until(at(1, 'failed'));
  await cleaned(room);
  expect(room.calls('DELETE')).toBe(0);
});

test('somebody else takes the name after our order was lost: that cluster is not to be removed', async ({
  room,
}) => {
  const button = await room.start();
  const { ccp } = room.lab;
  const { url, user: username, password, caPem } = ccp;
  const others = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca: caPem } });
  // Ours comes to nothing until theirs is there.
  const heal = ccp.fail({ kind: 'serverError', method: 'POST', path: '/2/clusters' });
  await button.press(1);
  await button.until(status => status.phase === 'platform asked');
  await until(() => room.calls('POST', '/2/clusters') > 0, 'our order');
  const held = ccp.fail({ kind: 'serverError', method: 'GET', path: '/2/clusters/house-01-1' });
  heal();
  const order = { name: 'house-01-1', range: '10.99.0.0/20', template: template(ccp), addOns: [] };
  await others.create({ ...order, description: 'of another team' }, new AbortController().signal);
  await others.close();
  held();
  await button.until(at(1, 'failed'));
  expect(room.record()?.cleanUp).toBeUndefined();
  expect(ccp.clusters().map(({ name }) => name)).toEqual(['house-01-1']);
});

test.each([
  ['a failure of which something may be left', { step: 'failed', cleanUp: { since: 0 } }, true],
  ['when nothing is left any more', { step: 'failed', cleanUp: { since: 0, endedAt: 1 } }, false],
  ['when there was nothing to remove', { step: 'failed' }, false],
  ['a cluster that stands', { step: 'ready', cleanUp: { since: 0 } }, false],
] as const)('cleaning up is wanted, or not: %s', (_what, record, wanted) => {
  expect(needsCleanUp({ ...record } as unknown as PressRecord)).toBe(wanted);
});
