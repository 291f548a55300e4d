/** Builds under trouble: whatever goes wrong, one cluster or one clear failure. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Profile } from '../../provisioner/src/settings/config.ts';
import { eventually, type Lab, startLab, TestButton, template } from './lab.ts';

let lab: Lab;
let provisioner: Provisioner | undefined;
let button: TestButton;

async function start(): Promise<void> {
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  expect(await provisioner.whenOnline(5_000)).toBe(true);
  button = await TestButton.connect(lab);
}

beforeEach(async () => {
  lab = await startLab({ ccp: { speed: 300 } });
});

afterEach(async () => {
  await button.close();
  await provisioner?.stop();
  await lab.close();
});

function changeProfile(change: Partial<Profile>): void {
  const { house } = lab.config.profiles;
  if (house !== undefined) lab.config = { ...lab.config, profiles: { house: { ...house, ...change } } };
}

const creates = () =>
  lab.ccp.calls().filter(call => call.method === 'POST' && call.path === '/2/clusters').length;

test('the connection of the create dies: the cluster is followed by its name', async () => {
  await start();
  lab.ccp.fail({ kind: 'drop', atFraction: 0.3 });
  await button.press(1);
  await button.until(status => status.state === 'ready');
  expect(lab.ccp.clusters()).toHaveLength(1);
  expect(creates()).toBe(1);
});

test('the create dies before it reaches the platform: asked again, one cluster', async () => {
  await start();
  lab.ccp.fail({ kind: 'serverError', method: 'POST', path: '/2/clusters', times: 2 });
  await button.press(1);
  await button.until(status => status.state === 'ready');
  expect(lab.ccp.clusters()).toHaveLength(1);
  expect(creates()).toBe(3);
});

test('a create that dies each time fails in the end, with the words of the platform', async () => {
  await start();
  lab.ccp.fail({ kind: 'serverError', method: 'POST', path: '/2/clusters' });
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({ code: 'PLATFORM', line: '500: internal server error' });
  expect(creates()).toBe(3);
});

test('reads answer 500 for a while, before and during the build: told to the button, percent never falls', async () => {
  await start();
  lab.ccp.fail({ kind: 'serverError', method: 'GET', times: 2 });
  await button.press(1);
  await button.until(status => status.phase === 'platform not answering');
  await button.until(status => status.percent >= 5);
  lab.ccp.fail({ kind: 'serverError', method: 'GET', times: 2 });
  const trouble = await button.until(
    status => status.phase === 'platform not answering' && status.percent >= 5,
  );
  // Nobody knows how long it lasts, so no display moves on by itself.
  expect(trouble.upTo).toBe(trouble.percent);
  await button.until(status => status.state === 'ready');
  const percents = button.statuses.filter(status => status.press === 1).map(status => status.percent);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  expect(lab.ccp.clusters()).toHaveLength(1);
});

test('login refused: PLATFORM with its words', async () => {
  lab.ccp.fail({ kind: 'badLogin' });
  await start();
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({
    code: 'PLATFORM',
    line: 'login refused, 401: invalid username or password',
  });
});

test('no room: its words; the next press gets the range that was freed', async () => {
  await start();
  lab.ccp.fail({ kind: 'full', message: 'no free IP addresses in subnet default-network-subnet', times: 1 });
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({
    code: 'PLATFORM',
    line: '400: no free IP addresses in subnet default-network-subnet',
  });
  // Free when it is sure that the platform has made nothing.
  await eventually(() => provisioner?.presses()[0]?.cleanUp?.endedAt !== undefined, 10_000);
  await button.press(2);
  await button.until(status => status.state === 'ready' && status.press === 2);
  expect(lab.ccp.clusters().map(({ name, cidr }) => [name, cidr])).toEqual([['house-01-2', '172.16.0.0/20']]);
});

test('a node breaks: what its log says', async () => {
  await start();
  lab.ccp.fail({ kind: 'nodeError', message: 'datastore is full' });
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed.code).toBe('PLATFORM');
  expect(failed.line).toContain('datastore is full');
});

test('somebody else has a cluster of that name: it is left alone', async () => {
  const platform = new CcpPlatform({
    type: 'ccp',
    url: lab.ccp.url,
    username: lab.ccp.user,
    password: lab.ccp.password,
    trust: { ca: lab.ccp.caPem },
  });
  await platform.create(
    {
      name: 'house-01-1',
      range: '172.16.0.0/20',
      description: 'theirs',
      template: template(lab.ccp),
      addOns: [],
    },
    new AbortController().signal,
  );
  await platform.close();
  await start();
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({ code: 'PLATFORM' });
  expect(failed.line).toMatch(/^Name taken/);
  expect(creates()).toBe(1);
});

test('the pool of ranges is used up: QUOTA', async () => {
  changeProfile({ rangePool: '172.16.0.0/20' });
  await start();
  await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(2);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({ press: 2, code: 'QUOTA' });
  expect(creates()).toBe(1);
});

test('not ready by the deadline: failed, with what was wrong', async () => {
  changeProfile({ deadlineS: 2 });
  await start();
  lab.ccp.fail({ kind: 'serverError' });
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({
    code: 'PLATFORM',
    line: expect.stringMatching(/^Not ready after 2 s: .*500/),
  });
});

test('not ready by the deadline, and nothing was wrong: failed, with what it was waiting for', async () => {
  await lab.close();
  lab = await startLab({ ccp: { speed: 10 } });
  changeProfile({ deadlineS: 3 });
  await start();
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({
    code: 'PLATFORM',
    line: expect.stringMatching(/^Not ready after 3 s: \S/),
  });
});

test('stopped and started in the middle: goes on with the same cluster', async () => {
  await start();
  await button.press(1);
  await button.until(status => status.state === 'provisioning' && status.percent > 5);
  await provisioner?.stop();
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await button.until(status => status.state === 'ready');
  expect(lab.ccp.clusters()).toHaveLength(1);
  expect(creates()).toBe(1);
});

test('many buttons at once: one range each, all ready', async () => {
  await lab.close();
  const names = Array.from({ length: 20 }, (_, i) => `house-${i}`);
  lab = await startLab({ buttons: names });
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await provisioner.whenOnline(5_000);
  const buttons = await Promise.all(names.map(name => TestButton.connect(lab, name)));
  await Promise.all(buttons.map(each => each.press(1)));
  await Promise.all(buttons.map(each => each.until(status => status.state === 'ready', 15_000)));
  const ranges = lab.ccp.clusters().map(cluster => cluster.cidr);
  expect(new Set(ranges).size).toBe(20);
  // The first press and those that came meanwhile: not one list each.
  const lists = lab.ccp.calls().filter(call => call.method === 'GET' && call.path === '/2/clusters').length;
  expect(lists).toBeLessThan(10);
  await Promise.all(buttons.map(each => each.close()));
  button = await TestButton.connect(lab, 'house-0');
});
