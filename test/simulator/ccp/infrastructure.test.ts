import { expect, test } from 'vitest';
import { calicoBody, loggedIn, startLab } from './fixtures/ccp.ts';

interface Subnet {
  uuid: string;
  total_ips: number;
  free_ips: number;
}

test('provider client configs: an array whose first item has a uuid, one of them, its clusters', async () => {
  const lab = await startLab();
  const call = await loggedIn(lab);
  const all = (await call('GET', '/2/providerclientconfigs/')).json<{ uuid: string }[]>();
  const one = {
    uuid: lab.inventory.provider.uuid,
    name: 'vsphere',
    type: 1,
    config: { ip: 'vcenter.lab.example', port: 443, username: 'ccp@lab.example' },
  };
  expect(all).toEqual([one]);
  expect((await call('GET', `/2/providerclientconfigs/${one.uuid}`)).json()).toEqual(one);
  expect((await call('GET', `/2/providerclientconfigs/${one.uuid}/clusters`)).json()).toEqual([]);
  await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
  expect((await call('GET', `/2/providerclientconfigs/${one.uuid}/clusters`)).json()).toHaveLength(1);
  expect((await call('GET', `/2/providerclientconfigs/${lab.inventory.subnet.uuid}`)).status).toBe(404);
});

test('vSphere look-ups each have their own key', async () => {
  const lab = await startLab();
  const call = await loggedIn(lab);
  const base = `/2/providerclientconfigs/${lab.inventory.provider.uuid}/vsphere/datacenter`;
  for (const [path, json] of [
    ['', { Datacenters: ['lab'] }],
    ['/lab/cluster', { Clusters: ['lab-cluster'] }],
    ['/lab/vm', { VMs: expect.arrayContaining(['ccp-tenant-image-1.12.6-ubuntu18-3.2.0']) }],
    ['/lab/network', { Networks: ['lab-network', 'k8-priv-iscsivm-network'] }],
    ['/lab/datastore', { Datastores: ['lab-datastore'] }],
    ['/lab/cluster/lab-cluster/pool', { Pools: ['lab-cluster/Resources'] }],
  ] as const) {
    expect((await call('GET', base + path)).json(), path).toEqual(json);
  }
  expect((await call('GET', `${base}/other/vm`)).status).toBe(404);
  expect((await call('GET', `${base}/lab/cluster/other/pool`)).status).toBe(404);
});

test('the subnet counts what clusters take and give back', async () => {
  const lab = await startLab({ addressPool: '127.62.0.0/24' });
  const call = await loggedIn(lab);
  const look = async () => (await call('GET', '/2/network_service/subnets')).json<[Subnet]>()[0];
  expect(await look()).toEqual({
    uuid: lab.inventory.subnet.uuid,
    name: 'default-network-subnet',
    cidr: '127.62.0.0/24',
    gateway_ip: '127.62.0.1',
    ip_version: 4,
    nameservers: ['192.0.2.53'],
    network: 'default-network',
    pools: ['default-pool'],
    total_ips: 253,
    free_ips: 253,
  });
  const { uuid } = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
  expect(await look()).toMatchObject({ total_ips: 253, free_ips: 248 });
  await call('DELETE', `/2/clusters/${uuid}`);
  expect(await look()).toMatchObject({ free_ips: 253 });
});

test('ACI profiles: every field of v2, the password empty', async () => {
  const lab = await startLab();
  const call = await loggedIn(lab);
  const [profile] = (await call('GET', '/2/aci_profiles')).json<[Record<string, unknown>]>();
  expect(Object.keys(profile).sort()).toEqual([
    'aaep_name',
    'aci_allocator',
    'aci_infra_vlan_id',
    'aci_vmm_domain_name',
    'apic_hosts',
    'apic_password',
    'apic_username',
    'control_plane_contract_name',
    'l3_outside_network_name',
    'l3_outside_policy_name',
    'name',
    'nameservers',
    'uuid',
    'vrf_name',
  ]);
  expect(profile).toMatchObject({ aci_infra_vlan_id: '4093', apic_password: '' });
});

test('the health of the platform', async () => {
  const lab = await startLab({ version: '5.1.0' });
  const call = await loggedIn(lab);
  expect((await call('GET', '/2/system/livenessHealth')).json()).toEqual({
    CXVersion: '5.1.0',
    TimeOnMgmtHost: expect.any(String),
  });
  expect((await call('GET', '/2/system/health/')).json()).toMatchObject({
    TotalSystemHealth: 'Healthy',
    CurrentNodes: 1,
    ExpectedNodes: 1,
    NodesStatus: [{ NodeCondition: 'Ready' }],
    PodStatusList: [{ PodStatus: 'Running' }],
  });
});
