import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { aciBody, calicoBody, caller, startLab, until } from './fixtures/ccp.ts';
import {
  create,
  createAndWait,
  loggedInV3,
  read,
  type V3ClusterJson,
  v3Aci,
  v3Calico,
  v3Eks,
} from './fixtures/v3-lab.ts';

describe('create', () => {
  test('answers at once; masters first, then workers, at the end READY and a kubeconfig', async () => {
    const lab = await startLab({ speed: 100 });
    const call = await loggedInV3(lab);
    const reply = await create(call, v3Calico('team-a'));
    expect(reply.status).toBe(200);
    const made = reply.json<V3ClusterJson>();
    expect(made).toMatchObject({ name: 'team-a', status: 'CREATING', kubeconfig: '', master_vip: '' });
    expect(made.master_group.nodes).toEqual([
      {
        name: expect.stringMatching(/^team-a-master-gro-[0-9a-f]{10}$/),
        status: 'CREATING',
        phase: 'creating',
        public_ip: '',
        private_ip: '',
      },
    ]);
    const look = () => read(call, made.id);
    const second = await until(look, one => one.master_group.nodes[0]?.phase === 'CreationPending');
    expect(second).toMatchObject({ status: 'CREATING', master_vip: lab.clusters()[0]?.address });
    expect(second.node_groups[0]?.nodes).toHaveLength(2);
    const ready = await until(look, one => one.status === 'READY');
    expect(ready.node_groups[0]?.nodes).toMatchObject([
      { name: expect.stringMatching(/^team-a-node-group-[0-9a-f]{10}$/), phase: 'Running', status: 'READY' },
      { phase: 'Running' },
    ]);
    const { clusters, users } = parse(ready.kubeconfig);
    expect(clusters[0].cluster.server).toBe(lab.clusters()[0]?.apiUrl);
    expect(users[0].user.token).toEqual(expect.any(String));
    const ca = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64').toString();
    expect((await caller(ca, clusters[0].cluster.server)('GET', '/readyz')).text).toBe('ok');
    expect((await call('GET', '/v3/clusters')).json()).toEqual([ready]);
  });

  test('202 can be asked for', async () => {
    const lab = await startLab({ v3: { acceptedStatus: 202 } });
    const call = await loggedInV3(lab);
    expect((await create(call, v3Calico('one'))).status).toBe(202);
  });

  test('three masters and several groups', async () => {
    const lab = await startLab();
    const call = await loggedInV3(lab);
    const { master_group, node_groups } = v3Calico('big');
    const [group] = node_groups;
    const made = await createAndWait(
      call,
      v3Calico('big', {
        master_group: { ...master_group, size: 3 },
        node_groups: [
          { ...group, name: 'small-workers', size: 1 },
          { ...group, name: 'large', size: 3 },
        ],
      }),
    );
    expect(made.status).toBe('READY');
    expect(made.master_group.nodes).toHaveLength(3);
    expect(made.node_groups.map(({ name, nodes }) => [name, nodes.length])).toEqual([
      ['small-workers', 1],
      ['large', 3],
    ]);
    expect(made.node_groups[0]?.nodes[0]?.name).toMatch(/^big-small-work-[0-9a-f]{10}$/);
    const nodes = [made.master_group, ...made.node_groups].flatMap(one => one.nodes);
    expect(new Set(nodes.map(node => node.private_ip)).size).toBe(7);
    expect(made.master_group.nodes.map(node => node.public_ip === made.master_vip)).toEqual([
      true,
      false,
      false,
    ]);
    expect(lab.clusters()[0]?.nodes.filter(node => node.isMaster)).toHaveLength(3);
  });

  test('ACI: nodes live in the routable range, which is the cluster’s alone, v2 or v3', async () => {
    const lab = await startLab();
    const call = await loggedInV3(lab);
    const made = await createAndWait(call, v3Aci('aci', '10.140.2.0/24'));
    expect(made).toMatchObject({ status: 'READY', master_vip: '', load_balancer_num: 1 });
    expect(made.master_group.nodes[0]).toMatchObject({
      public_ip: lab.clusters()[0]?.address,
      private_ip: '10.140.2.2',
    });
    expect(made.node_groups[0]?.nodes[0]).toMatchObject({
      public_ip: '10.140.2.3',
      private_ip: '10.140.2.3',
    });
    const again = await create(call, v3Aci('aci-2', '10.140.2.128/25'));
    expect(again.status).toBe(400);
    expect(again.json()).toEqual({ routable_cidr: [expect.stringContaining('aci')] });
    const v2 = { json: aciBody(lab, 'old', '10.140.2.0/25') };
    expect((await call('POST', '/2/clusters', v2)).status).toBe(400);
    expect((await create(call, v3Aci('aci-2', '10.140.3.0/24'))).status).toBe(200);
    expect(lab.clusters()).toMatchObject([
      { api: 'v3', kind: 'vsphere', network: 'contiv-aci', cidr: '10.140.2.0/24', addOns: [] },
      { name: 'aci-2' },
    ]);
  });

  test('a name is taken in both generations, but each lists its own', async () => {
    const lab = await startLab();
    const call = await loggedInV3(lab);
    await call('POST', '/2/clusters', { json: calicoBody(lab, 'old') });
    const taken = await create(call, v3Calico('old'));
    expect(taken.status).toBe(400);
    expect(taken.json()).toEqual({ name: [expect.stringContaining('old')] });
    const { id } = (await create(call, v3Calico('new'))).json<V3ClusterJson>();
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'new') })).status).toBe(400);
    expect((await call('GET', '/2/clusters')).json()).toMatchObject([{ name: 'old' }]);
    expect((await call('GET', '/v3/clusters')).json()).toMatchObject([{ name: 'new' }]);
    expect((await call('GET', '/2/clusters/new')).status).toBe(404);
    expect((await call('DELETE', `/2/clusters/${id}`)).status).toBe(404);
    expect((await call('GET', '/v3/clusters/new/')).status).toBe(404);
    expect(lab.clusters().map(({ name, api }) => [name, api])).toEqual([
      ['old', 'v2'],
      ['new', 'v3'],
    ]);
  });
});

const infra = (changes: object) => ({ vsphere_infra: { ...v3Calico('x').vsphere_infra, ...changes } });
const workers = (changes: object) => ({ node_groups: [{ ...v3Calico('x').node_groups[0], ...changes }] });

describe('a bad order names its fields', () => {
  test.each<[string, object]>([
    ['name', { name: 'Upper' }],
    ['name', { name: undefined }],
    ['type', { type: 'aks' }],
    ['provider', { provider: '00000000-0000-4000-8000-000000000000' }],
    ['ip_allocation_method', { ip_allocation_method: 'dhcp' }],
    ['subnet_id', { subnet_id: undefined }],
    ['subnet_id', { subnet_id: '00000000-0000-4000-8000-000000000000' }],
    ['load_balancer_num', { load_balancer_num: undefined }],
    ['vsphere_infra', infra({ networks: undefined })],
    ['vsphere_infra', infra({ networks: null })],
    ['master_group', { master_group: { ...v3Calico('x').master_group, size: 2 } }],
    ['node_groups', workers({ nodes: null })],
    ['node_groups', { node_groups: [v3Calico('x').node_groups[0], v3Calico('x').node_groups[0]] }],
    ['network_plugin_profile', { network_plugin_profile: { name: 'flannel', details: {} } }],
    ['network_plugin_profile', { network_plugin_profile: { name: 'calico', details: {} } }],
    ['network_plugin_profile', { network_plugin_profile: { name: 'calico', details: '{}' } }],
    ['ntp_pools', { ntp_pools: null }],
    ['ntp_servers', { ntp_servers: null }],
    ['root_ca_registries', { root_ca_registries: null }],
    ['insecure_registries', { insecure_registries: null }],
    ['docker_no_proxy', { docker_no_proxy: null }],
  ])('what is wrong in an order is named: %s', async (field, change) => {
    const lab = await startLab();
    const call = await loggedInV3(lab);
    const reply = await create(call, v3Calico('one', change));
    expect(reply.status).toBe(400);
    expect(reply.json()).toEqual({ [field]: [expect.any(String)] });
    expect(reply.json()).not.toHaveProperty('id');
    expect(lab.clusters()).toEqual([]);
  });

  test('with ACI: the profile and the range; no JSON at all', async () => {
    const lab = await startLab();
    const call = await loggedInV3(lab);
    const bad = async (json: object) => (await create(call, json)).json();
    expect(await bad(v3Aci('a', '10.1.0.0/24', { aci_profile: undefined }))).toHaveProperty('aci_profile');
    expect(await bad(v3Aci('a', 'nonsense'))).toHaveProperty('routable_cidr');
    expect((await create(call, v3Eks('a', 1, { worker_count: 0 }))).json()).toHaveProperty('worker_count');
    expect((await call('POST', '/v3/clusters/')).json()).toEqual({ detail: expect.any(String) });
  });
});

describe('change and delete', () => {
  test('load balancers, group sizes and description; nodes follow', async () => {
    const lab = await startLab({ speed: 2000 });
    const call = await loggedInV3(lab);
    const { id } = await createAndWait(call, v3Calico('one'));
    const free = lab.freeAddresses();
    const change = (json: object) => call('PATCH', `/v3/clusters/${id}/`, { json });
    const node_groups = [{ name: 'node-group', size: 4 }];
    const reply = await change({ load_balancer_num: 3, node_groups, description: 'more' });
    expect(reply.status).toBe(200);
    const changed = reply.json<V3ClusterJson>();
    expect(changed).toMatchObject({ status: 'READY', description: 'more', load_balancer_num: 3 });
    expect(changed.node_groups[0]?.size).toBe(4);
    expect(lab.freeAddresses()).toBe(free - 4);
    await until(
      () => read(call, id),
      one => one.node_groups[0]?.nodes.filter(node => node.phase === 'Running').length === 4,
    );
    await change({ load_balancer_num: 1, node_groups: [{ name: 'node-group', size: 2 }] });
    expect(lab.freeAddresses()).toBe(free);
    expect((await read(call, id)).node_groups[0]?.nodes).toHaveLength(2);
    for (const bad of [
      { load_balancer_num: 0 },
      { node_groups: null },
      { node_groups: [{ name: 'x', size: 1 }] },
    ])
      expect((await change(bad)).status, JSON.stringify(bad)).toBe(400);
  });

  test('a delete is answered at once; the record says so for a while, then all is free', async () => {
    const lab = await startLab({ v3: { deleteMs: 12_000_000 } });
    const call = await loggedInV3(lab);
    const free = lab.freeAddresses();
    const { id } = await createAndWait(call, v3Calico('one'));
    const remove = () => call('DELETE', `/v3/clusters/${id}/`);
    const gone = await remove();
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect(await read(call, id)).toMatchObject({ status: 'DELETING', kubeconfig: '' });
    expect(lab.clusters()).toMatchObject([{ state: 'deleting' }]);
    expect((await create(call, v3Calico('one'))).status).toBe(400);
    expect((await remove()).status).toBe(204);
    await until(lab.clusters, all => all.length === 0);
    expect((await call('GET', `/v3/clusters/${id}/`)).status).toBe(404);
    expect((await remove()).status).toBe(404);
    expect(lab.freeAddresses()).toBe(free);
  });

  test('while it is being built; words by choice', async () => {
    const lab = await startLab({ speed: 1, v3: { words: { deleting: 'GOING' } } });
    const call = await loggedInV3(lab);
    const { id } = (await create(call, v3Calico('one'))).json<V3ClusterJson>();
    expect((await call('PATCH', `/v3/clusters/${id}/`, { json: { load_balancer_num: 2 } })).status).toBe(400);
    await call('DELETE', `/v3/clusters/${id}/`);
    expect((await read(call, id)).status).toBe('GOING');
  });
});

describe('failures', () => {
  test('a broken node ends in the failed state and says why', async () => {
    const lab = await startLab({ v3: { words: { failed: 'BROKEN' } } });
    const call = await loggedInV3(lab);
    lab.fail({ kind: 'nodeError', message: 'no IP address', times: 1 });
    const worker = await createAndWait(call, v3Calico('one'));
    expect(worker).toMatchObject({ status: 'BROKEN', kubeconfig: '' });
    expect(worker.node_groups[0]?.nodes[0]).toMatchObject({
      status: 'BROKEN',
      status_detail: 'no IP address',
      status_reason: expect.any(String),
      public_ip: '',
    });
    expect(worker.master_group.nodes[0]).not.toHaveProperty('status_detail');
    lab.fail({ kind: 'nodeError', node: 'master', times: 1 });
    const master = await createAndWait(call, v3Calico('two'));
    expect(master.master_group.nodes[0]).toMatchObject({ status: 'BROKEN' });
    expect(master.node_groups[0]?.nodes).toEqual([]);
  });

  test('full, and a connection that breaks', async () => {
    const lab = await startLab();
    const call = await loggedInV3(lab);
    lab.fail({ kind: 'full', message: 'no more room', times: 1 });
    const full = await create(call, v3Calico('one'));
    expect([full.status, full.json()]).toEqual([400, { detail: 'no more room' }]);
    lab.fail({ kind: 'drop', times: 1 });
    await expect(create(call, v3Calico('one'))).rejects.toThrow(/other side closed|ECONNRESET|socket/);
    expect(lab.clusters()).toMatchObject([{ name: 'one' }]);
  });
});
