/** Giving clusters back from the command line, and what is never taken away. */
import { expect } from 'vitest';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { pause } from '../fixtures/patience.ts';
import { eventually, type TestButton, template } from './fixtures/lab.ts';
import { at, type Room, roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 300 } });

async function ready(button: TestButton, press: number): Promise<void> {
  await button.press(press);
  await button.until(at(press, 'ready'));
}

function platformOf({ ccp }: Room['lab']): CcpPlatform {
  const { url, user: username, password, caPem: ca } = ccp;
  return new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca } });
}

test('a ready cluster: on record with who asked, and its button sees it go', async ({ room }) => {
  const button = await room.start();
  await ready(button, 1);
  expect(await room.provisioner.release('house-01-1')).toBe('house-01-1 is being given back');
  await button.until(status => status.state === 'releasing' && status.phase === 'given back by the lab');
  await button.until(status => status.state === 'released');
  expect(room.names()).toEqual([]);
  expect(room.record(1)).toMatchObject({
    step: 'released',
    release: { by: 'operator', press: 0, percent: 100 },
  });
});

test('an older cluster goes without a word to the button, which may go on building', async ({ room }) => {
  const button = await room.start();
  await ready(button, 1);
  await ready(button, 2);
  const before = button.statuses.length;
  await room.provisioner.release('house-01-1');
  await ready(button, 3);
  await eventually(() => room.record(1)?.step === 'released');
  expect(button.statuses.slice(before).filter(({ cluster }) => cluster !== 'house-01-3')).toEqual([]);
  expect(room.names()).toEqual(['house-01-2', 'house-01-3']);
});

test('says what is in the way', async ({ room }) => {
  const button = await room.start({ rules: { releaseBy: ['button'] } });
  await expect(room.provisioner.release('house-09-1')).rejects.toThrow(
    /no cluster "house-09-1" was made here: none/,
  );
  await button.press(1);
  await button.until(status => status.state === 'provisioning');
  const goOn = room.holdBuild();
  await expect(room.provisioner.release('house-01-1')).rejects.toThrow(/releaseBy .* does not name operator/);
  goOn();
  await button.until(status => status.state === 'ready');
  await expect(room.provisioner.release('house-09-1')).rejects.toThrow(/there stand house-01-1/);
  await expect(room.provisioner.release('house-01-1')).rejects.toThrow(/releaseBy .* does not name operator/);
  await button.press(2, { action: 'release' });
  await button.until(status => status.state === 'released');
  await expect(room.provisioner.release('house-01-1')).rejects.toThrow(/was given back before/);
});

test('another cluster that has the name by now is left alone: ours is gone', async ({ room }) => {
  const button = await room.start();
  await ready(button, 1);
  const platform = platformOf(room.lab);
  const { signal } = new AbortController();
  const target = { name: 'house-01-1', template: template(room.lab.ccp), addOns: [] };
  await platform.remove(target, room.record(1)?.id ?? '', signal);
  await platform.create({ ...target, range: '172.30.0.0/20', description: 'theirs' }, signal);
  await platform.close();
  await button.press(2, { action: 'release' });
  await button.until(at(2, 'released'));
  expect(room.names()).toEqual(['house-01-1']);
  expect(room.lab.ccp.clusters()[0]?.request.description).toMatch(/^theirs/);
});

test("somebody else's cluster of that name, made in the same moment, is neither adopted nor removed", async ({
  room,
}) => {
  const button = await room.start();
  // Our order is lost on its way, and theirs comes in between.
  room.lab.ccp.fail({ kind: 'serverError', method: 'POST', path: '/2/clusters', times: 1 });
  room.lab.ccp.fail({ kind: 'slow', delayMs: 200 });
  await button.press(1);
  await button.until(status => status.phase === 'platform asked');
  const platform = platformOf(room.lab);
  const target = { name: 'house-01-1', template: template(room.lab.ccp), addOns: [] };
  const theirs = platform.create(
    { ...target, range: '172.30.0.0/20', description: 'theirs' },
    new AbortController().signal,
  );
  const failed = await button.until(status => status.state === 'failed');
  expect(failed.line).toMatch(/^Name taken/);
  await theirs;
  await platform.close();
  await pause(500);
  expect(room.names()).toEqual(['house-01-1']);
  expect(room.record(1)?.cleanUp).toBeUndefined();
});
