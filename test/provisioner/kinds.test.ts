/** A press from beginning to end for every kind of cluster that the platform knows, with all that a profile can want. */
import { expect } from 'vitest';
import { readManifests } from '../../provisioner/src/kubernetes/manifests.ts';
import type { Profile } from '../../provisioner/src/settings/config.ts';
import { inventory } from '../../simulator/ccp/inventory.ts';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import {
  sampleV3AciOrder,
  sampleV3CalicoOrder,
  sampleV3EksOrder,
} from '../../simulator/ccp/sample-order-v3.ts';
import { TestClock } from './fixtures/clock.ts';
import { eventually } from './fixtures/lab.ts';
import { roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 300 } });

const isolation = readManifests(
  new URL('../../provisioner/manifests/isolation.yaml', import.meta.url).pathname,
);

const {
  ingress_vip_pool_id: _,
  load_balancer_ip_num: __,
  ...noBalancer
} = sampleOrder() as Record<string, unknown>;
const kinds: [string, Profile['template'], string][] = [
  [
    'v2 ACI',
    {
      ...noBalancer,
      aci_profile_uuid: inventory.aciProfile.uuid,
      network_plugin: { name: 'contiv-aci', status: '' },
    },
    'contiv-aci',
  ],
  ['v3 Calico', sampleV3CalicoOrder(), 'calico'],
  ['v3 ACI', sampleV3AciOrder(), 'contiv-aci'],
  ['EKS', sampleV3EksOrder(), 'vpc'],
];

test.for(kinds)('a cluster of kind %s: built, its own range, answered, given back', async ([
  ,
  template,
  network,
], { room }) => {
  const button = await room.start({ template, rangePrefix: 20 });
  await button.press(1);
  const ready = await button.until(status => ['ready', 'failed'].includes(status.state));
  expect([ready.state, ready.line]).toEqual(['ready', undefined]);
  const [cluster] = room.lab.ccp.clusters();
  expect([cluster?.name, cluster?.network, cluster?.cidr]).toEqual(['house-01-1', network, '172.16.0.0/20']);
  expect(ready.address).toBe(cluster?.address);
  await button.press(2, { action: 'release' });
  await button.until(status => status.state === 'released');
  expect(room.lab.ccp.clusters()).toEqual([]);
});

test('isolated, its nodes Ready, its add-ons there: only then ready; also after a restart in between', async ({
  room,
}) => {
  const profile = {
    template: sampleV3CalicoOrder(),
    nodesReady: true,
    manifests: isolation,
    addOns: ['monitoring', 'logging'],
  };
  const first = await room.start(profile);
  const wake = room.lab.ccp.fail({ kind: 'nodesNotReady', count: 1 });
  await first.press(1);
  await first.until(status => /^nodes ready 2\/3$|^nodes ready [0-9]+\/[0-9]+$/.test(status.phase));
  expect(room.lab.ccp.clusters()[0]?.objects.length).toBe(isolation.length);
  await first.close();
  const button = await room.start(profile);
  wake();
  await button.until(status => /monitoring|logging/i.test(status.phase));
  const ready = await button.until(status => status.state === 'ready');
  expect(ready.percent).toBe(100);
  expect(room.lab.ccp.clusters()[0]?.addOns.toSorted()).toEqual(['ccp-efk', 'ccp-monitor']);
  expect(room.lab.ccp.clusters()[0]?.objects.length).toBe(isolation.length);
});

test('an add-on that fails: its words on the display, and in the end a clear failure', async ({ room }) => {
  room.lab.ccp.fail({ kind: 'addOnError', name: 'ccp-efk', message: 'no storage class' });
  const clock = new TestClock();
  const wanted = { template: sampleV3CalicoOrder(), addOns: ['logging'] };
  const button = await room.start(wanted, clock);
  await button.press(1);
  await button.until(status => /no storage class/.test(status.phase));
  clock.pass(600_000);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({ code: 'PLATFORM' });
  expect(failed.line).toMatch(/no storage class/);
  await eventually(() => room.lab.ccp.clusters().length === 0);
});
