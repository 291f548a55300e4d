/** Giving clusters back with the button, and what a press does while one is ready. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { markOf } from '../../provisioner/src/builds/clusters.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { newButton } from '../../provisioner/src/journal/records.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Profile } from '../../provisioner/src/settings/config.ts';
import { eventually, type Lab, startLab, TestButton, template } from './lab.ts';
import { modulesOf, readQr } from './qr-reader.ts';
import { pressRecord } from './records.ts';

let lab: Lab;
let provisioner: Provisioner | undefined;
let button: TestButton;

async function start(profile: Partial<Profile> = {}): Promise<void> {
  const { house } = lab.config.profiles;
  if (house !== undefined) lab.config = { ...lab.config, profiles: { house: { ...house, ...profile } } };
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  expect(await provisioner.whenOnline(5_000)).toBe(true);
  button = await TestButton.connect(lab);
}

beforeEach(async () => {
  lab = await startLab({ buttons: ['house-01', 'house-02'], ccp: { speed: 400 } });
});

afterEach(async () => {
  await button.close();
  await provisioner?.stop();
  await lab.close();
});

const release = (press: number, from = button) => from.press(press, { action: 'release' });
const answer = (press: number, state: string) =>
  button.until(status => status.press === press && status.state === state);
const names = () => lab.ccp.clusters().map(cluster => cluster.name);
const deletes = () => lab.ccp.calls().filter(call => call.method === 'DELETE').length;
const step = (press: number) => provisioner?.presses().find(record => record.press === press)?.step;

/** A cluster on the platform that no journal knows. */
async function makeForeign(name: string, description = 'theirs'): Promise<void> {
  const { url, user: username, password, caPem: ca } = lab.ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca } });
  const request = {
    name,
    range: '172.16.0.0/20',
    description,
    template: template(lab.ccp),
    addOns: [],
  };
  await platform.create(request, new AbortController().signal);
  await platform.close();
}

test('a release: releasing, then released; cluster and range are gone, the status stays', async () => {
  await start();
  await button.press(1);
  await answer(1, 'ready');
  await release(2);
  const releasing = await answer(2, 'releasing');
  expect(releasing).toMatchObject({ seq: 1, cluster: 'house-01-1', phase: 'giving it back', percent: 0 });
  expect(releasing).toMatchObject({ upTo: 50, leftS: 20, lookAgainS: 10 });
  const released = await answer(2, 'released');
  expect(released).toMatchObject({ cluster: 'house-01-1', percent: 100, upTo: 100, leftS: 0, lookAgainS: 0 });
  expect(names()).toEqual([]);
  expect(deletes()).toBe(1);
  expect([step(1), step(2)]).toEqual(['released', 'joined']);
  // The same order again: answered, and nothing more to do.
  await release(2);
  await eventually(() => provisioner?.counters.repeated === 1);
  const again = await TestButton.connect(lab);
  expect(await again.until(() => true)).toMatchObject({ press: 2, state: 'released' });
  await again.close();
  // The range is free for the next.
  await button.press(3);
  await answer(3, 'ready');
  expect(lab.ccp.clusters()[0]?.cidr).toBe('172.16.0.0/20');
  expect(deletes()).toBe(1);
});

test('the newest of two goes first, then the other, then there is nothing to give back', async () => {
  await start();
  await button.press(1);
  await answer(1, 'ready');
  await button.press(2);
  await answer(2, 'ready');
  await release(3);
  expect(await answer(3, 'released')).toMatchObject({ cluster: 'house-01-2' });
  expect(names()).toEqual(['house-01-1']);
  await release(4);
  expect(await answer(4, 'released')).toMatchObject({ cluster: 'house-01-1' });
  await release(5);
  expect(await answer(5, 'rejected')).toMatchObject({ code: 'PLATFORM', line: 'Nothing to give back' });
});

test('only what this button made is ever deleted', async () => {
  await makeForeign('house-01-1');
  await makeForeign('house-01-9');
  await start();
  const other = await TestButton.connect(lab, 'house-02');
  await other.press(1);
  await other.until(status => status.state === 'ready');
  await release(1);
  await answer(1, 'rejected');
  // A build that failed because the name is somebody else's leaves nothing to give back either.
  await button.press(2);
  await answer(2, 'ready');
  await release(3);
  await answer(3, 'released');
  await release(4);
  await answer(4, 'rejected');
  expect(names().sort()).toEqual(['house-01-1', 'house-01-9', 'house-02-1']);
  expect(deletes()).toBe(1);
  await other.close();
});

test('a failed build has nothing to give back, although the platform still shows it', async () => {
  await start();
  // It is being removed by itself: not yet.
  lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  lab.ccp.fail({ kind: 'nodeError', times: 1 });
  await button.press(1);
  await answer(1, 'failed');
  await release(2);
  expect(await answer(2, 'rejected')).toMatchObject({ line: 'Nothing to give back' });
  expect(names()).toEqual(['house-01-1']);
});

test('a stale order to release is rejected: the cluster stays', async () => {
  await start();
  await button.press(1);
  await answer(1, 'ready');
  await button.press(2, { action: 'release', time: Math.floor(Date.now() / 1000) - 300 });
  expect(await answer(2, 'rejected')).toMatchObject({ code: 'STALE' });
  expect(names()).toEqual(['house-01-1']);
});

test('the platform is away: told, tried again after a restart, released once', async () => {
  await start();
  await button.press(1);
  await answer(1, 'ready');
  const mend = lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  await release(2);
  await button.until(status => status.press === 2 && status.phase === 'platform not answering');
  expect(step(1)).toBe('releasing');
  // Meanwhile: a wish is turned down, another order to release hears the same news.
  await button.press(3);
  expect(await answer(3, 'rejected')).toMatchObject({ line: expect.stringContaining('being given back') });
  await release(4);
  await answer(4, 'releasing');
  await provisioner?.stop();
  mend();
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  expect(await answer(4, 'released')).toMatchObject({ cluster: 'house-01-1' });
  expect(names()).toEqual([]);
});

test('what a dead process left: the cluster there, or gone already', async () => {
  const journal = await Journal.open(lab.config.journal);
  const now = Date.now();
  const made = { step: 'releasing' as const, range: '172.16.0.0/20', endedAt: now, address: '10.0.0.1' };
  const order = { by: 'button' as const, press: 2, percent: 0, askedAt: now };
  await journal.write({
    presses: [pressRecord(1, { ...made, release: order }), pressRecord(2, { step: 'joined', of: 1 })],
    button: { ...newButton('house-01'), lastPress: 2 },
  });
  const second = { ...made, button: 'house-02', cluster: 'house-02-1', release: { ...order, percent: 50 } };
  await journal.write({
    presses: [pressRecord(1, second)],
    button: { ...newButton('house-02'), lastPress: 2 },
  });
  await journal.close();
  await makeForeign('house-01-1', markOf('lab', { button: 'house-01', press: 1 }));
  await start();
  await answer(2, 'released');
  await eventually(() => provisioner?.presses().filter(press => press.step === 'released').length === 2);
  expect(names()).toEqual([]);
  expect(deletes()).toBe(1);
});

test('the platform refuses: failed in its words, the cluster stays and can be given back later', async () => {
  await start();
  await button.press(1);
  await answer(1, 'ready');
  await provisioner?.stop();
  const mend = lab.ccp.fail({ kind: 'badLogin' });
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await provisioner.whenOnline(5_000);
  await release(2);
  expect(await answer(2, 'failed')).toMatchObject({
    code: 'PLATFORM',
    cluster: 'house-01-1',
    line: 'login refused, 401: invalid username or password',
  });
  expect([step(1), step(2)]).toEqual(['ready', 'failed']);
  mend();
  await provisioner.stop();
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await provisioner.whenOnline(5_000);
  await release(3);
  await answer(3, 'released');
  expect(names()).toEqual([]);
});

test('not gone by the deadline: failed, with what was wrong', async () => {
  await start({ deadlineS: 3 });
  await button.press(1);
  await answer(1, 'ready');
  lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  await release(2);
  const failed = await answer(2, 'failed');
  expect(failed.line).toMatch(/^Not given back after [3-9] s: 500/);
  expect(names()).toEqual(['house-01-1']);
});

test('whenReady show: a press is answered with the cluster that stands, until it is given back', async () => {
  await start({ rules: { whenReady: 'show' } });
  await button.press(1);
  const ready = await answer(1, 'ready');
  expect(readQr(modulesOf(ready.qr ?? ''))).toBe(`HTTPS://${ready.address}:6443`);
  await release(2);
  await answer(2, 'released');
  await button.press(3);
  const first = await answer(3, 'ready');
  // Something else was said in between.
  await button.press(4, { action: 'release', time: 1 });
  await answer(4, 'rejected');
  await button.press(5);
  const shown = await answer(5, 'ready');
  expect(shown).toEqual({ ...first, press: 5, seq: 1 });
  expect(provisioner?.counters).toMatchObject({ accepted: 2, shown: 1 });
  expect(names()).toEqual(['house-01-3']);
  await release(6);
  await answer(6, 'released');
  await button.press(7);
  expect(await answer(7, 'ready')).toMatchObject({ cluster: 'house-01-7' });
});

test('a release in the middle of a build is turned down; a press then joins with true news', async () => {
  await start({ expectS: 1 });
  await button.press(1);
  await button.until(status => status.state === 'provisioning');
  await release(2);
  const line = 'Still being built: give it back when it is ready';
  expect(await answer(2, 'rejected')).toMatchObject({ code: 'PLATFORM', line });
  await button.press(3);
  const joined = await button.until(status => status.press === 3);
  expect(joined).toMatchObject({ seq: 1, cluster: 'house-01-1', state: 'provisioning' });
  await answer(3, 'ready');
  expect(names()).toEqual(['house-01-1']);
});

test('upTo is never below percent, rises with the nodes, and is 100 at the end', async () => {
  await start();
  await button.press(1);
  await answer(1, 'ready');
  const heard = button.statuses.filter(status => status.press === 1);
  expect(heard.every(status => status.upTo >= status.percent)).toBe(true);
  expect(heard[0]).toMatchObject({ state: 'accepted', percent: 0, upTo: 19, lookAgainS: 2 });
  const limits = heard.map(status => status.upTo);
  expect(limits).toEqual([...limits].sort((a, b) => a - b));
  expect(heard.at(-1)?.upTo).toBe(100);
});
