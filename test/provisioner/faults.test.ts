/** Builds under trouble: whatever goes wrong, one cluster or one clear failure. */
import { expect } from 'vitest';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { until } from '../fixtures/patience.ts';
import { TestClock } from './fixtures/clock.ts';
import { eventually, template } from './fixtures/lab.ts';
import { at, type Room, roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 300 } });

const creates = (room: Room) => room.calls('POST', '/2/clusters');

test('the connection of the create dies: the cluster is followed by its name', async ({ room }) => {
  const button = await room.start();
  room.lab.ccp.fail({ kind: 'drop', atFraction: 0.3 });
  await button.press(1);
  await button.until(status => status.state === 'ready');
  expect(room.lab.ccp.clusters()).toHaveLength(1);
  expect(creates(room)).toBe(1);
});

test('the create dies before it reaches the platform: asked again, one cluster', async ({ room }) => {
  const button = await room.start();
  room.lab.ccp.fail({ kind: 'serverError', method: 'POST', path: '/2/clusters', times: 2 });
  await button.press(1);
  await button.until(status => status.state === 'ready');
  expect(room.lab.ccp.clusters()).toHaveLength(1);
  expect(creates(room)).toBe(3);
});

test('a create that dies each time is asked for again until the deadline, with the words of the platform', async ({
  room,
}) => {
  const clock = new TestClock();
  const button = await room.start({ deadlineS: 300 }, clock);
  room.lab.ccp.fail({ kind: 'serverError', method: 'POST', path: '/2/clusters' });
  await button.press(1);
  await button.until(status => status.phase === 'platform not answering');
  await until(() => {
    clock.pass(100);
    return creates(room) > 4;
  }, 'asked for the fifth time');
  clock.pass(300_000);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({
    code: 'PLATFORM',
    line: 'Not ready after 300 s: 500: internal server error',
  });
});

test('reads answer 500 for a while, before and during the build: told to the button, percent never falls', async ({
  room,
}) => {
  const button = await room.start();
  room.lab.ccp.fail({ kind: 'serverError', method: 'GET', times: 2 });
  await button.press(1);
  await button.until(status => status.phase === 'platform not answering');
  await button.until(status => status.percent >= 5);
  room.lab.ccp.fail({ kind: 'serverError', method: 'GET', times: 2 });
  const trouble = await button.until(
    status => status.phase === 'platform not answering' && status.percent >= 5,
  );
  // Nobody knows how long it lasts, so no display moves on by itself.
  expect(trouble.upTo).toBe(trouble.percent);
  await button.until(status => status.state === 'ready');
  const percents = button.statuses.filter(status => status.press === 1).map(status => status.percent);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  expect(room.lab.ccp.clusters()).toHaveLength(1);
});

test('login refused: PLATFORM with its words', async ({ room }) => {
  room.lab.ccp.fail({ kind: 'badLogin' });
  const button = await room.start();
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({
    code: 'PLATFORM',
    line: 'login refused, 401: invalid username or password',
  });
});

test('no room: its words; the next press gets the range that was freed', async ({ room }) => {
  const button = await room.start();
  room.lab.ccp.fail({
    kind: 'full',
    message: 'no free IP addresses in subnet default-network-subnet',
    times: 1,
  });
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({
    code: 'PLATFORM',
    line: '400: no free IP addresses in subnet default-network-subnet',
  });
  // Free when it is sure that the platform has made nothing.
  await eventually(() => room.record()?.cleanUp?.endedAt !== undefined);
  await button.press(2);
  await button.until(at(2, 'ready'));
  expect(room.lab.ccp.clusters().map(({ name, cidr }) => [name, cidr])).toEqual([
    ['house-01-2', '172.16.0.0/20'],
  ]);
});

test('a node breaks: what its log says', async ({ room }) => {
  const button = await room.start();
  room.lab.ccp.fail({ kind: 'nodeError', message: 'datastore is full' });
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed.code).toBe('PLATFORM');
  expect(failed.line).toContain('datastore is full');
});

test('somebody else has a cluster of that name: it is left alone', async ({ room }) => {
  const platform = new CcpPlatform({
    type: 'ccp',
    url: room.lab.ccp.url,
    username: room.lab.ccp.user,
    password: room.lab.ccp.password,
    trust: { ca: room.lab.ccp.caPem },
  });
  await platform.create(
    {
      name: 'house-01-1',
      range: '172.16.0.0/20',
      description: 'theirs',
      template: template(room.lab.ccp),
      addOns: [],
    },
    new AbortController().signal,
  );
  await platform.close();
  const button = await room.start();
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({ code: 'PLATFORM' });
  expect(failed.line).toMatch(/^Name taken/);
  expect(creates(room)).toBe(1);
});

test('the pool of ranges is used up: QUOTA', async ({ room }) => {
  const button = await room.start({ rangePool: '172.16.0.0/20' });
  await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(2);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({ press: 2, code: 'QUOTA' });
  expect(creates(room)).toBe(1);
});

test('not ready by the deadline: failed, with what was wrong', async ({ room }) => {
  const button = await room.start({ deadlineS: 2 });
  room.lab.ccp.fail({ kind: 'serverError' });
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({
    code: 'PLATFORM',
    line: expect.stringMatching(/^Not ready after 2 s: .*500/),
  });
});

test('not ready by the deadline, and nothing was wrong: failed, with what it was waiting for', async ({
  room,
}) => {
  await room.openLab({ ccp: { speed: 10 } });
  const clock = new TestClock();
  const button = await room.start({ deadlineS: 300 }, clock);
  await button.press(1);
  const { phase } = await button.until(status => /\d\/\d/.test(status.phase));
  clock.pass(300_000);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({ code: 'PLATFORM', line: `Not ready after 300 s: ${phase}` });
});

test('stopped and started in the middle: goes on with the same cluster', async ({ room }) => {
  // Slow enough to be met in the middle on any machine.
  await room.openLab({ ccp: { speed: 40 } });
  const button = await room.start();
  await button.press(1);
  await button.until(status => status.state === 'provisioning' && status.percent > 5);
  await room.startProvisioner();
  await button.until(status => status.state === 'ready');
  expect(room.lab.ccp.clusters()).toHaveLength(1);
  expect(creates(room)).toBe(1);
});

test('many buttons at once: one range each, all ready', async ({ room }) => {
  const names = Array.from({ length: 20 }, (_, i) => `house-${i}`);
  await room.openLab({ buttons: names });
  await room.startProvisioner({ deadlineS: 600 });
  const buttons = await Promise.all(names.map(name => room.connect(name)));
  await Promise.all(buttons.map(each => each.press(1)));
  await Promise.all(buttons.map(each => each.until(status => status.state === 'ready', 15_000)));
  const ranges = room.lab.ccp.clusters().map(cluster => cluster.cidr);
  expect(new Set(ranges).size).toBe(20);
  // Each is looked at twice after its order; who waits at a time shares a list.
  expect(room.calls('GET', '/2/clusters')).toBeLessThan(40);
});
