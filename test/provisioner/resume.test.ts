/** What a dead process left in the journal, at each step, with and without its cluster on the platform. */
import { expect } from 'vitest';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { markOf } from '../../provisioner/src/journal/queries.ts';
import { newButton, type PressRecord } from '../../provisioner/src/journal/records.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { eventually, type Lab, template } from './fixtures/lab.ts';
import { pressRecord } from './fixtures/records.ts';
import { type Room, roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 400 } });

async function leave(lab: Lab, change: Partial<PressRecord>): Promise<void> {
  const journal = await Journal.open(lab.config.journal);
  const now = Date.now();
  const record = pressRecord(1, { acceptedAt: now, deadlineAt: now + 600_000, ...change });
  await journal.write({ presses: [record], button: { ...newButton('house-01'), lastPress: 1, building: 1 } });
  await journal.close();
}

/** The create that the dead process had sent: the platform goes on with it. */
async function createOnPlatform(lab: Lab, untilReady = false): Promise<void> {
  const { url, user: username, password, caPem: ca } = lab.ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca } });
  const request = {
    name: 'house-01-1',
    range: '172.16.0.0/20',
    description: markOf('lab', { button: 'house-01', press: 1 }),
    template: template(lab.ccp),
    addOns: [],
  };
  const created = platform.create(request, new AbortController().signal).catch(() => {});
  await eventually(() => lab.ccp.clusters().length === 1);
  if (untilReady) await created;
  await platform.close();
  await created;
}

const range = '172.16.0.0/20';
const asked = (room: Room) => room.calls('POST', '/2/clusters');

/** Step, and whether its cluster is on the platform. */
const table: [PressRecord['step'], boolean][] = [
  ['accepted', false],
  ['reserved', false],
  ['creating', false],
  ['creating', true],
  ['building', true],
  ['verifying', true],
];

test.for(table)('left at step %s, its cluster there: %s', async ([step, there], { room }) => {
  await leave(room.lab, { step, ...(step === 'accepted' ? {} : { range }) });
  if (there) await createOnPlatform(room.lab);
  const button = await room.start();
  const ready = await button.until(status => status.state === 'ready');
  expect(ready).toMatchObject({ press: 1, cluster: 'house-01-1' });
  // One create in all, by the dead process or by this one.
  expect(asked(room)).toBe(1);
  expect(room.lab.ccp.clusters().map(cluster => cluster.cidr)).toEqual([range]);
});

test('long after the deadline: a cluster that became ready meanwhile is told, a press that was not asked for is not built', async ({
  room,
}) => {
  await createOnPlatform(room.lab, true);
  await leave(room.lab, { step: 'building', range, acceptedAt: 1, deadlineAt: 2 });
  await room.startProvisioner();
  await eventually(() => room.provisioner.presses()[0]?.step === 'ready');
  await room.stopProvisioner();

  const before = asked(room);
  for (const step of ['accepted', 'reserved', 'creating'] as const) {
    await leave(room.lab, { press: 2, cluster: 'house-01-2', step, acceptedAt: 1, deadlineAt: 2 });
    await room.startProvisioner();
    await eventually(() => room.provisioner.presses()[1]?.step === 'failed');
    await room.stopProvisioner();
  }
  expect(asked(room)).toBe(before);
});

test('a cluster that somebody deleted is not built again', async ({ room }) => {
  await leave(room.lab, { step: 'building', range });
  await room.startProvisioner();
  await eventually(() => room.provisioner.presses()[0]?.step === 'failed');
  expect(room.provisioner.presses()[0]?.line).toBe('Cluster is gone from the platform');
  expect(asked(room)).toBe(0);
});
