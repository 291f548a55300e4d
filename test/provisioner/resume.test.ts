/** What a dead process left in the journal, at each step, with and without its cluster on the platform. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { markOf } from '../../provisioner/src/builds/clusters.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { newButton, type PressRecord } from '../../provisioner/src/journal/records.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import { eventually, type Lab, startLab, TestButton, template } from './lab.ts';
import { pressRecord } from './records.ts';

let lab: Lab;
let provisioner: Provisioner | undefined;

beforeEach(async () => {
  lab = await startLab({ ccp: { speed: 400 } });
});

afterEach(async () => {
  await provisioner?.stop();
  await lab.close();
});

async function leave(change: Partial<PressRecord>): Promise<void> {
  const journal = await Journal.open(lab.config.journal);
  const now = Date.now();
  const record = pressRecord(1, { acceptedAt: now, deadlineAt: now + 20_000, ...change });
  await journal.write({ presses: [record], button: { ...newButton('house-01'), lastPress: 1, building: 1 } });
  await journal.close();
}

/** The create that the dead process had sent: the platform goes on with it. */
async function createOnPlatform(untilReady = false): Promise<void> {
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
const asked = () =>
  lab.ccp.calls().filter(call => call.method === 'POST' && call.path === '/2/clusters').length;

/** Step, and whether its cluster is on the platform. */
const table: [PressRecord['step'], boolean][] = [
  ['accepted', false],
  ['reserved', false],
  ['creating', false],
  ['creating', true],
  ['building', true],
  ['verifying', true],
];

test.each(table)('%s, cluster there: %s', async (step, there) => {
  await leave({ step, ...(step === 'accepted' ? {} : { range }) });
  if (there) await createOnPlatform();
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await provisioner.whenOnline(5_000);
  const button = await TestButton.connect(lab);
  const ready = await button.until(status => status.state === 'ready');
  expect(ready).toMatchObject({ press: 1, cluster: 'house-01-1' });
  // One create in all, by the dead process or by this one.
  expect(asked()).toBe(1);
  expect(lab.ccp.clusters().map(cluster => cluster.cidr)).toEqual([range]);
  await button.close();
});

test('long after the deadline: a cluster that became ready meanwhile is told, a press that was not asked for is not built', async () => {
  await createOnPlatform(true);
  await leave({ step: 'building', range, acceptedAt: 1, deadlineAt: 2 });
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await eventually(() => provisioner?.presses()[0]?.step === 'ready');
  await provisioner.stop();

  const before = asked();
  for (const step of ['accepted', 'reserved', 'creating'] as const) {
    await leave({ press: 2, cluster: 'house-01-2', step, acceptedAt: 1, deadlineAt: 2 });
    provisioner = await startProvisioner(lab.config, { log: silentLog });
    await eventually(() => provisioner?.presses()[1]?.step === 'failed');
    await provisioner.stop();
  }
  expect(asked()).toBe(before);
});

test('a cluster that somebody deleted is not built again', async () => {
  await leave({ step: 'building', range });
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await eventually(() => provisioner?.presses()[0]?.step === 'failed');
  expect(provisioner.presses()[0]?.line).toBe('Cluster is gone from the platform');
  expect(asked()).toBe(0);
});
