/** A press from beginning to end for every kind of cluster that the platform knows, with all that a profile can want. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { readManifests } from '../../provisioner/src/kubernetes/manifests.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Profile } from '../../provisioner/src/settings/config.ts';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import {
  sampleV3AciOrder,
  sampleV3CalicoOrder,
  sampleV3EksOrder,
} from '../../simulator/ccp/sample-order-v3.ts';
import { eventually, type Lab, startLab, TestButton } from './lab.ts';

let lab: Lab;
let provisioner: Provisioner | undefined;
let button: TestButton;

beforeEach(async () => {
  lab = await startLab({ ccp: { speed: 300 } });
});

afterEach(async () => {
  await button.close();
  await provisioner?.stop();
  await lab.close();
});

async function start(change: Partial<Profile>): Promise<void> {
  const { house } = lab.config.profiles;
  if (house !== undefined) lab.config = { ...lab.config, profiles: { house: { ...house, ...change } } };
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  expect(await provisioner.whenOnline(5_000)).toBe(true);
  button = await TestButton.connect(lab);
}

const isolation = readManifests(
  new URL('../../provisioner/manifests/isolation.yaml', import.meta.url).pathname,
);

const {
  ingress_vip_pool_id: _,
  load_balancer_ip_num: __,
  ...noBalancer
} = sampleOrder() as Record<string, unknown>;
const kinds = (): [string, Profile['template'], string][] => [
  [
    'v2 ACI',
    {
      ...noBalancer,
      aci_profile_uuid: lab.ccp.inventory.aciProfile.uuid,
      network_plugin: { name: 'contiv-aci', status: '' },
    },
    'contiv-aci',
  ],
  ['v3 Calico', sampleV3CalicoOrder(), 'calico'],
  ['v3 ACI', sampleV3AciOrder(), 'contiv-aci'],
  ['EKS', sampleV3EksOrder(), 'vpc'],
];

test.each([0, 1, 2, 3])('kind %i: built, its own range, answered, given back', {
  timeout: 40_000,
}, async which => {
  const [name, template, network] = kinds()[which] ?? ['', {}, ''];
  await start({ template, rangePrefix: 20, deadlineS: 30 });
  await button.press(1);
  const ready = await button.until(status => ['ready', 'failed'].includes(status.state), 25_000);
  expect([name, ready.state, ready.line]).toEqual([name, 'ready', undefined]);
  const [cluster] = lab.ccp.clusters();
  expect([cluster?.name, cluster?.network, cluster?.cidr]).toEqual(['house-01-1', network, '172.16.0.0/20']);
  expect(ready.address).toBe(cluster?.address);
  await button.press(2, { action: 'release' });
  await button.until(status => status.state === 'released', 15_000);
  expect(lab.ccp.clusters()).toEqual([]);
});

test('isolated, its nodes Ready, its add-ons there: only then ready; also after a restart in between', {
  timeout: 40_000,
}, async () => {
  const profile = {
    template: sampleV3CalicoOrder(),
    nodesReady: true,
    manifests: isolation,
    addOns: ['monitoring', 'logging'],
    deadlineS: 60,
  };
  await start(profile);
  const wake = lab.ccp.fail({ kind: 'nodesNotReady', count: 1 });
  await button.press(1);
  await button.until(status => /^nodes ready 2\/3$|^nodes ready [0-9]+\/[0-9]+$/.test(status.phase), 20_000);
  expect(lab.ccp.clusters()[0]?.objects.length).toBe(isolation.length);
  await button.close();
  await provisioner?.stop();
  await start(profile);
  wake();
  await button.until(status => /monitoring|logging/i.test(status.phase), 20_000);
  const ready = await button.until(status => status.state === 'ready', 20_000);
  expect(ready.percent).toBe(100);
  expect(lab.ccp.clusters()[0]?.addOns.toSorted()).toEqual(['ccp-efk', 'ccp-monitor']);
  expect(lab.ccp.clusters()[0]?.objects.length).toBe(isolation.length);
});

test('an add-on that fails: its words on the display, and in the end a clear failure', {
  timeout: 40_000,
}, async () => {
  lab.ccp.fail({ kind: 'addOnError', name: 'ccp-efk', message: 'no storage class' });
  await start({ template: sampleV3CalicoOrder(), addOns: ['logging'], deadlineS: 6 });
  await button.press(1);
  const failed = await button.until(status => status.state === 'failed', 25_000);
  expect(failed).toMatchObject({ code: 'PLATFORM' });
  expect(failed.line).toMatch(/no storage class/);
  await eventually(() => lab.ccp.clusters().length === 0, 15_000);
});
