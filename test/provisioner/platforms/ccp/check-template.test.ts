/** What a template names and the platform does not have, against the simulator's look-ups. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { missingLine } from '../../../../provisioner/src/common/platform.ts';
import type { CcpPlatform } from '../../../../provisioner/src/platforms/ccp/ccp.ts';
import { Findings } from '../../../../provisioner/src/platforms/ccp/lookups.ts';
import { type CcpSimulator, startCcpSimulator } from '../../../../simulator/ccp/simulator.ts';
import { addressPool } from '../../../fixtures/addresses.ts';
import { never, platformFor, templates, thrown } from '../fixtures/ccp-platform.ts';

let ccp: CcpSimulator;
let platform: CcpPlatform;

beforeAll(async () => {
  ccp = await startCcpSimulator({ addressPool: addressPool() });
  platform = platformFor(ccp);
});

afterAll(async () => {
  await platform.close();
  await ccp.close();
});

beforeEach(() => ccp.clearFailures());

const missing = async (kind: string, change: object = {}) =>
  (await platform.checkTemplate({ ...templates(ccp)[kind], ...change }, never)).map(missingLine);

test.each(['v2 calico', 'v2 aci', 'v3 calico', 'v3 aci', 'eks'])('%s: all is there', async kind => {
  const before = ccp.calls().length;
  expect(await missing(kind)).toEqual([]);
  const calls = ccp.calls().slice(before);
  expect(calls.filter(({ status }) => status >= 300)).toEqual([]);
  // Reads only, but for the login.
  expect(calls.filter(({ method, path }) => method !== 'GET' && !path.includes('login'))).toEqual([]);
});

const nodes = (template: string) => ({ vcpus: 2, memory: 16384, template });

test.each([
  [{ datastore: 'lab-datastre' }, ['datastore: there is no lab-datastre; there is lab-datastore']],
  [{ cluster: 'x' }, ['cluster: there is no x; there is lab-cluster']],
  [
    { resource_pool: 'x/Resources' },
    ['resource_pool: there is no x/Resources; there is lab-cluster/Resources'],
  ],
  [
    { networks: ['lab-network', 'y'] },
    ['networks: there is no y; there is lab-network, k8-priv-iscsivm-network'],
  ],
  [{ datacenter: 'x', datastore: 'y' }, ['datacenter: there is no x; there is lab']],
  [
    { ingress_vip_pool_id: 'x' },
    [expect.stringContaining('ingress_vip_pool_id: there is no x; there is 7d9a4f52')],
  ],
  [{ node_ip_pool_uuid: 'x' }, [expect.stringContaining('(default-network-subnet)')]],
  [
    { aci_profile_uuid: 'x' },
    [expect.stringMatching(/^aci_profile_uuid: there is no x; there is .* \(lab-aci\)$/)],
  ],
  [
    { provider_client_config_uuid: 'x' },
    [expect.stringContaining('provider_client_config_uuid: there is no x')],
  ],
  [
    {
      master_node_pool: nodes('old'),
      worker_node_pool: nodes('folder/ccp-tenant-image-1.12.6-ubuntu18-3.2.0'),
    },
    [expect.stringContaining('master_node_pool.template: there is no old; there is ccp-tenant-image-1.12.6')],
  ],
  [
    {
      deployer: {
        provider: { vsphere_datastore: 'x', vsphere_datacenter: 'y', vsphere_client_config_uuid: 'z' },
      },
    },
    [
      expect.stringContaining('vsphere_client_config_uuid: there is no z'),
      expect.stringContaining('vsphere_datacenter: there is no y'),
      expect.stringContaining('vsphere_datastore: there is no x'),
    ],
  ],
])('v2: what is not there is named, with %j', async (change, expected) => {
  expect(await missing('v2 calico', change)).toEqual(expected);
});

const infra = (change: object) => ({
  vsphere_infra: {
    datacenter: 'lab',
    datastore: 'lab-datastore',
    cluster: 'lab-cluster',
    networks: [],
    ...change,
  },
});

test.each([
  [infra({ datastore: 'x' }), ['vsphere_infra.datastore: there is no x; there is lab-datastore']],
  [infra({ cluster: 'x' }), ['vsphere_infra.cluster: there is no x; there is lab-cluster']],
  [
    infra({ resource_pool: 'x' }),
    ['vsphere_infra.resource_pool: there is no x; there is lab-cluster/Resources'],
  ],
  [
    infra({ networks: ['x'] }),
    [expect.stringContaining('vsphere_infra.networks: there is no x; there is lab-network')],
  ],
  [infra({ datacenter: 'x', cluster: 'y' }), ['vsphere_infra.datacenter: there is no x; there is lab']],
  [{ subnet_id: 'x' }, [expect.stringContaining('subnet_id: there is no x; there is 7d9a4f52')]],
  [{ aci_profile: 'x' }, [expect.stringContaining('(lab-aci)')]],
  [
    { provider: 'x' },
    [expect.stringMatching(/^provider: there is no x; there is .* \(vsphere\), .* \(cloud-account\)$/)],
  ],
  [
    { master_group: { template: 'x' }, node_groups: [{ template: 'x', gpus: [{ type: 'y', count: 1 }] }] },
    [
      expect.stringContaining('master_group.template: there is no x'),
      expect.stringContaining('node_groups.template: there is no x'),
      'node_groups.gpus: there is no y; there is GRID V100-8Q',
    ],
  ],
])('v3: what is not there is named, with %j', async (change, expected) => {
  expect(await missing('v3 calico', change)).toEqual(expected);
});

test('EKS: its provider', async () => {
  expect(await missing('eks', { provider: 'x' })).toEqual([
    expect.stringContaining('provider: there is no x'),
  ]);
});

test.each([
  'v2 calico',
  'v3 calico',
])('%s: look-ups that fail prove nothing, a wrong password is told', async kind => {
  ccp.fail({ kind: 'serverError', method: 'GET' });
  const change = { subnet_id: 'x', ingress_vip_pool_id: 'x', provider: 'x', datastore: 'x' };
  expect(await missing(kind, change)).toEqual([]);
  const wrong = platformFor(ccp, { password: 'x' });
  expect((await thrown(wrong.checkTemplate(templates(ccp)[kind] ?? {}, never))).message).toContain(
    'login refused',
  );
  await wrong.close();
});

test('few names of many, and none', () => {
  const findings = new Findings();
  const many = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => ({ id: name, name }));
  expect(findings.check('x', 'g', many)).toBe(false);
  findings.check('x', 'g', []);
  expect(findings.check('x', 'g', undefined)).toBe(true);
  findings.check('x', 7, []);
  findings.check('x', '', []);
  expect(findings.missing.map(missingLine)).toEqual([
    'x: there is no g; there is a, b, c, d and 2 more',
    'x: there is no g; there is none',
  ]);
});
