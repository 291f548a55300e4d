/** Giving clusters back with the button, and what a press does while one is ready. */
import { expect } from 'vitest';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { markOf } from '../../provisioner/src/journal/queries.ts';
import { newButton } from '../../provisioner/src/journal/records.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { TestClock } from './fixtures/clock.ts';
import { eventually, type TestButton, template } from './fixtures/lab.ts';
import { modulesOf, readQr } from './fixtures/qr-reader.ts';
import { pressRecord } from './fixtures/records.ts';
import { at, type Room, roomTest } from './fixtures/room.ts';

const test = roomTest({ buttons: ['house-01', 'house-02'], ccp: { speed: 400 } });

const release = (button: TestButton, press: number) => button.press(press, { action: 'release' });
const deletes = (room: Room) => room.calls('DELETE');

/** A button whose first press has become a cluster. */
async function withCluster(room: Room, ...start: Parameters<Room['start']>): Promise<TestButton> {
  const button = await room.start(...start);
  await button.press(1);
  await button.until(at(1, 'ready'));
  return button;
}

/** A cluster on the platform that no journal knows. */
async function makeForeign({ ccp }: Room['lab'], name: string, description = 'theirs'): Promise<void> {
  const { url, user: username, password, caPem: ca } = ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca } });
  const request = { name, range: '172.16.0.0/20', description, template: template(ccp), addOns: [] };
  await platform.create(request, new AbortController().signal);
  await platform.close();
}

test('a release: releasing, then released; cluster and range are gone, the status stays', async ({
  room,
}) => {
  const button = await withCluster(room);
  await release(button, 2);
  const releasing = await button.until(at(2, 'releasing'));
  expect(releasing).toMatchObject({ seq: 1, cluster: 'house-01-1', phase: 'giving it back', percent: 0 });
  expect(releasing).toMatchObject({ upTo: 50, leftS: 20, lookAgainS: 10 });
  const released = await button.until(at(2, 'released'));
  expect(released).toMatchObject({ cluster: 'house-01-1', percent: 100, upTo: 100, leftS: 0, lookAgainS: 0 });
  expect(room.names()).toEqual([]);
  expect(deletes(room)).toBe(1);
  expect([room.record(1)?.step, room.record(2)?.step]).toEqual(['released', 'joined']);
  // The same order again: answered, and nothing more to do.
  await release(button, 2);
  await eventually(() => room.provisioner.counters.repeated === 1);
  await button.close();
  const again = await room.connect();
  expect(await again.until(() => true)).toMatchObject({ press: 2, state: 'released' });
  // The range is free for the next.
  await again.press(3);
  await again.until(at(3, 'ready'));
  expect(room.lab.ccp.clusters()[0]?.cidr).toBe('172.16.0.0/20');
  expect(deletes(room)).toBe(1);
});

test('the newest of two goes first, then the other, then there is nothing to give back', async ({ room }) => {
  const button = await withCluster(room);
  await button.press(2);
  await button.until(at(2, 'ready'));
  await release(button, 3);
  expect(await button.until(at(3, 'released'))).toMatchObject({ cluster: 'house-01-2' });
  expect(room.names()).toEqual(['house-01-1']);
  await release(button, 4);
  expect(await button.until(at(4, 'released'))).toMatchObject({ cluster: 'house-01-1' });
  await release(button, 5);
  expect(await button.until(at(5, 'rejected'))).toMatchObject({
    code: 'QUOTA',
    line: 'Nothing to give back',
  });
});

test('only what this button made is ever deleted', async ({ room }) => {
  await Promise.all(['house-01-1', 'house-01-9'].map(name => makeForeign(room.lab, name)));
  const button = await room.start();
  const other = await room.connect('house-02');
  await other.press(1);
  await other.until(status => status.state === 'ready');
  await release(button, 1);
  await button.until(at(1, 'rejected'));
  // A build that failed because the name is somebody else's leaves nothing to give back either.
  await button.press(2);
  await button.until(at(2, 'ready'));
  await release(button, 3);
  await button.until(at(3, 'released'));
  await release(button, 4);
  await button.until(at(4, 'rejected'));
  expect(room.names().sort()).toEqual(['house-01-1', 'house-01-9', 'house-02-1']);
  expect(deletes(room)).toBe(1);
});

test('a failed build has nothing to give back, although the platform still shows it', async ({ room }) => {
  const button = await room.start();
  // It is being removed by itself: not yet.
  room.lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  room.lab.ccp.fail({ kind: 'nodeError', times: 1 });
  await button.press(1);
  await button.until(at(1, 'failed'));
  await release(button, 2);
  expect(await button.until(at(2, 'rejected'))).toMatchObject({ line: 'Nothing to give back' });
  expect(room.names()).toEqual(['house-01-1']);
});

test('a stale order to release is rejected: the cluster stays', async ({ room }) => {
  const button = await withCluster(room);
  await button.press(2, { action: 'release', time: Math.floor(Date.now() / 1000) - 300 });
  expect(await button.until(at(2, 'rejected'))).toMatchObject({ code: 'STALE' });
  expect(room.names()).toEqual(['house-01-1']);
});

test('the platform is away: told, tried again after a restart, released once', async ({ room }) => {
  const button = await withCluster(room);
  const mend = room.lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  await release(button, 2);
  await button.until(status => status.press === 2 && status.phase === 'platform not answering');
  expect(room.record(1)?.step).toBe('releasing');
  // Meanwhile: a wish is turned down, another order to release hears the same news.
  await button.press(3);
  expect(await button.until(at(3, 'rejected'))).toMatchObject({
    line: expect.stringContaining('being given back'),
  });
  await release(button, 4);
  await button.until(at(4, 'releasing'));
  await room.stopProvisioner();
  mend();
  await room.startProvisioner();
  expect(await button.until(at(4, 'released'))).toMatchObject({ cluster: 'house-01-1' });
  expect(room.names()).toEqual([]);
});

test('what a dead process left: the cluster there, or gone already', async ({ room }) => {
  const journal = await Journal.open(room.lab.config.journal);
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
  await makeForeign(room.lab, 'house-01-1', markOf('lab', { button: 'house-01', press: 1 }));
  const button = await room.start();
  await button.until(at(2, 'released'));
  await eventually(() => room.provisioner.presses().filter(press => press.step === 'released').length === 2);
  expect(room.names()).toEqual([]);
  expect(deletes(room)).toBe(1);
});

test('the platform refuses: failed in its words, the cluster stays and can be given back later', async ({
  room,
}) => {
  const button = await withCluster(room);
  await room.stopProvisioner();
  const mend = room.lab.ccp.fail({ kind: 'badLogin' });
  await room.startProvisioner();
  await release(button, 2);
  expect(await button.until(at(2, 'failed'))).toMatchObject({
    code: 'PLATFORM',
    cluster: 'house-01-1',
    line: 'login refused, 401: invalid username or password',
  });
  expect([room.record(1)?.step, room.record(2)?.step]).toEqual(['ready', 'failed']);
  mend();
  await room.startProvisioner();
  await release(button, 3);
  await button.until(at(3, 'released'));
  expect(room.names()).toEqual([]);
});

test('not gone by the deadline: failed, with what was wrong', async ({ room }) => {
  const clock = new TestClock({ held: true });
  const button = await withCluster(room, {}, clock);
  room.lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  await release(button, 2);
  await button.until(status => status.press === 2 && status.phase === 'platform not answering');
  clock.pass(600_000);
  const failed = await button.until(at(2, 'failed'));
  expect(failed.line).toMatch(/^Not given back after 600 s: 500/);
  expect(room.names()).toEqual(['house-01-1']);
});

test('whenReady show: a press is answered with the cluster that stands, until it is given back', async ({
  room,
}) => {
  const button = await room.start({ rules: { whenReady: 'show' } });
  await button.press(1);
  const ready = await button.until(at(1, 'ready'));
  expect(readQr(modulesOf(ready.qr ?? ''))).toBe(`HTTPS://${ready.address}:6443`);
  await release(button, 2);
  await button.until(at(2, 'released'));
  await button.press(3);
  const first = await button.until(at(3, 'ready'));
  // Something else was said in between.
  await button.press(4, { action: 'release', time: 1 });
  await button.until(at(4, 'rejected'));
  await button.press(5);
  const shown = await button.until(at(5, 'ready'));
  expect(shown).toEqual({ ...first, press: 5, seq: 1 });
  expect(room.provisioner.counters).toMatchObject({ accepted: 2, shown: 1 });
  expect(room.names()).toEqual(['house-01-3']);
  await release(button, 6);
  await button.until(at(6, 'released'));
  await button.press(7);
  expect(await button.until(at(7, 'ready'))).toMatchObject({ cluster: 'house-01-7' });
});

test('upTo is never below percent, rises with the nodes, and is 100 at the end', async ({ room }) => {
  const button = await withCluster(room);
  const heard = button.statuses.filter(status => status.press === 1);
  expect(heard.every(status => status.upTo >= status.percent)).toBe(true);
  expect(heard[0]).toMatchObject({ state: 'accepted', percent: 0, upTo: 19, lookAgainS: 2 });
  const limits = heard.map(status => status.upTo);
  expect(limits).toEqual([...limits].sort((a, b) => a - b));
  expect(heard.at(-1)?.upTo).toBe(100);
});
