/** A range that was free a moment ago: looked at again after the order, and whoever is there already keeps it. */
import { expect, test } from 'vitest';
import { lookForClash } from '../../provisioner/src/builds/range-clash.ts';
import { rangesInUse } from '../../provisioner/src/builds/reservations.ts';
import type { Listed } from '../../provisioner/src/common/platform.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { eventually, template } from './fixtures/lab.ts';
import { at, type Room, roomTest } from './fixtures/room.ts';

const range = '10.1.0.0/20';
const mark = 'dash button house-01 of lab, press 1';
const ours = { target: { name: 'house-01-1', template: {}, addOns: [] }, id: 'm', mark };
const own: Listed = { id: 'm', name: 'house-01-1', description: mark, ranges: [range], isBuilding: true };
const other = (change: Partial<Listed>): Listed => ({
  id: 'z',
  name: 'cloud-07-3',
  description: 'words of a template - dash button cloud-07 of other, press 3 - 10.1.0.0/20',
  ranges: ['10.1.8.0/24'],
  isBuilding: true,
  ...change,
});

test.each([
  ['nobody', undefined, 'alone', 'alone'],
  ['one with another range', other({ ranges: ['10.2.0.0/20'] }), 'alone', 'alone'],
  ['a later one that is being built', other({}), 'alone', 'alone'],
  ['an earlier one that is being built', other({ id: 'a' }), 'clash', 'alone'],
  ['one that is built', other({ isBuilding: false }), 'clash', 'clash'],
  ['one of a person, who does not look', other({ description: '' }), 'clash', 'clash'],
] as const)('who has the range too: %s', (_who, listed, early, last) => {
  const list = listed === undefined ? [own] : [listed, own];
  const saw = [false, true].map(isLast => lookForClash(list, ours, range, isLast).kind);
  expect(saw).toEqual([early, last]);
});

test('a list that does not show our own cluster says nothing of others', () => {
  expect(lookForClash([other({ isBuilding: false })], ours, range, true)).toEqual({ kind: 'unseen' });
});

const inRoom = roomTest({ ccp: { speed: 400 } });

/** Somebody makes a cluster with this range by hand. */
async function byHand(room: Room, name: string, taken: string): Promise<void> {
  const { ccp } = room.lab;
  const { url, user: username, password, caPem } = ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca: caPem } });
  const order = { name, range: taken, description: '', template: template(ccp), addOns: [] };
  await platform.create(order, new AbortController().signal);
  await platform.close();
}

inRoom(
  'a person takes the range during the build: ours is removed and built with another',
  async ({ room }) => {
    const button = await room.start();
    await button.press(1);
    await button.until(at(1, 'provisioning'));
    // So that the look after the order is over by then.
    await eventually(() => room.record()?.step === 'building');
    const goOn = room.holdBuild();
    const taken = room.record()?.range ?? '';
    await byHand(room, 'theirs', taken);
    goOn();
    const ready = await button.until(at(1, 'ready'));
    const clusters = room.lab.ccp.clusters();
    expect(clusters.map(({ name }) => name).sort()).toEqual(['house-01-1', 'theirs']);
    expect(new Set(clusters.map(({ cidr }) => cidr)).size).toBe(2);
    expect(ready.address).toBe(clusters.find(({ name }) => name === 'house-01-1')?.address);
    expect(room.record()).toMatchObject({ clash: { times: 1, with: 'theirs', open: false } });
    const percents = button.statuses.filter(({ press }) => press === 1).map(({ percent }) => percent);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
  },
);

inRoom(
  'taken right before the order, and the provisioner stops as it gives way: the next one goes on',
  async ({ room }) => {
    const button = await room.start();
    // After the list that was read at the start.
    await byHand(room, 'theirs', '172.16.0.0/20');
    const heal = room.lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
    await button.press(1);
    await eventually(() => room.record()?.clash?.open === true);
    await room.stopProvisioner();
    await room.startProvisioner();
    heal();
    await button.until(at(1, 'ready'));
    const cidrs = room.lab.ccp.clusters().map(({ cidr }) => cidr);
    expect([cidrs.length, new Set(cidrs).size]).toEqual([2, 2]);
    expect(rangesInUse(room.provisioner.presses())).toHaveLength(1);
  },
);

inRoom('parts of the pool that are taken out go to nobody', async ({ room }) => {
  const button = await room.start({
    rangePool: '172.16.0.0/18',
    exclude: ['172.16.0.0/19', '172.16.40.0/24'],
  });
  await button.press(1);
  await button.until(at(1, 'ready'));
  expect(room.record()?.range).toBe('172.16.48.0/20');
  await button.press(2);
  expect(await button.until(at(2, 'failed'))).toMatchObject({ code: 'QUOTA' });
});
