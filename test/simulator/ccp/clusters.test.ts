import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { aciBody, type ClusterJson, calicoBody, caller, loggedIn, startLab, until } from './fixtures/ccp.ts';

const hexName = (cluster: string, role: string) => expect.stringMatching(`^${cluster}-${role}[0-9a-f]{10}$`);
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);

describe('list', () => {
  test('a bare array, with and without a slash', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    expect((await call('GET', '/2/clusters')).json()).toEqual([]);
    expect((await call('GET', '/2/clusters/')).json()).toEqual([]);
  });

  test('an empty one can be the 404 of the swagger', async () => {
    const lab = await startLab({ emptyListStatus: 404 });
    const call = await loggedIn(lab);
    expect((await call('GET', '/2/clusters')).status).toBe(404);
    await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
    expect((await call('GET', '/2/clusters')).json()).toHaveLength(1);
  });

  test('details come as a JSON string; nodes, labels and infra do not come at all', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    await call('POST', '/2/clusters/', {
      json: calicoBody(lab, 'one', { labels: [{ key: 'a', value: 'b' }] }),
    });
    const [item] = (await call('GET', '/2/clusters')).json<ClusterJson[]>();
    expect(item).toMatchObject({
      uuid,
      name: 'one',
      state: 'READY',
      nodes: null,
      labels: null,
      infra: null,
      template: '',
      deployer: { provider_type: '' },
    });
    expect(JSON.parse(item?.network_plugin.details ?? '')).toEqual({ pod_cidr: '10.151.0.0/16' });
    const one = (await call('GET', '/2/clusters/one')).json();
    expect(one).toMatchObject({
      labels: [{ key: 'a', value: 'b' }],
      infra: { datacenter: 'lab', networks: ['lab-network'], resource_pool: 'lab-cluster/Resources' },
      deployer: { provider_type: 'vsphere' },
    });
    expect(one.nodes).toHaveLength(3);
    expect(Object.keys(one)).toEqual(Object.keys(item ?? {}));
    expect(Object.keys(one).slice(0, 8)).toEqual([
      'uuid',
      'provider_client_config_uuid',
      'aci_profile_uuid',
      'name',
      'description',
      'workers',
      'masters',
      'type',
    ]);
  });

  test('absent values are "" or null, never missing', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const made = await call('POST', '/2/clusters', { json: calicoBody(lab, 'one', { description: null }) });
    expect(made.json()).toMatchObject({
      description: '',
      aci_profile_uuid: '',
      storage_class: '',
      labels: null,
      helm_charts: null,
      registries_root_ca: null,
    });
  });
});

describe('create', () => {
  test('blocks until the cluster is provisioned; meanwhile it can be seen growing', async () => {
    const lab = await startLab({ speed: 100 });
    const call = await loggedIn(lab);
    let answered = false;
    const creating = call('POST', '/2/clusters', { json: calicoBody(lab, 'grow') }).finally(() => {
      answered = true;
    });
    const look = async () => (await call('GET', '/2/clusters/grow')).json();
    const isHere = (cluster: ClusterJson) => Array.isArray(cluster.nodes);

    const first = await until(look, isHere);
    expect((await call('GET', '/2/clusters')).json()).toMatchObject([
      { name: 'grow', state: 'PROVISIONING' },
    ]);
    expect(first).toMatchObject({ state: 'PROVISIONING', master_vip: '', network_plugin: { status: '' } });
    expect(first.nodes).toMatchObject([
      {
        name: hexName('grow', 'master'),
        is_master: true,
        state: 'PROVISIONING',
        public_ip: '',
        private_ip: '',
      },
    ]);
    const uuidOfIt = first.uuid;
    expect((await call('GET', `/2/clusters/${uuidOfIt}/env`)).status).toBe(404);
    expect((await call('GET', `/2/clusters/${uuidOfIt}/dashboard`)).status).toBe(404);

    const second = await until(look, c => c.nodes[0]?.state === 'PROVISIONED');
    expect(answered).toBe(false);
    expect(second.master_vip).toBe(lab.clusters()[0]?.address);
    expect(second.nodes[0]).toMatchObject({ public_ip: second.master_vip });
    expect(second.nodes.slice(1)).toMatchObject([
      { name: hexName('grow', 'worker'), is_master: false, state: 'PROVISIONING', public_ip: '' },
      { name: hexName('grow', 'worker'), is_master: false, state: 'PROVISIONING', public_ip: '' },
    ]);
    await until(look, c => c.nodes[1]?.state === 'PROVISIONED' && c.nodes[2]?.state === 'PROVISIONING');
    expect(answered).toBe(false);

    const made = await creating;
    expect(made.status).toBe(201);
    expect(made.json()).toMatchObject({
      uuid: uuidOfIt,
      state: 'READY',
      network_plugin: { name: 'calico', status: 'ready' },
    });
    expect(made.json().nodes.map(node => node.state)).toEqual(['READY', 'READY', 'READY']);
  });

  test('200 can be asked for', async () => {
    const lab = await startLab({ createStatus: 200 });
    const call = await loggedIn(lab);
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).status).toBe(200);
  });

  test('Calico: master_vip is the address, the master answers there, a worker has one address', async () => {
    const lab = await startLab({ addressPool: '127.61.0.0/16', firstAddress: 40 });
    const call = await loggedIn(lab);
    const made = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
    expect(made.master_vip).toBe('127.61.0.40');
    expect(made.ingress_vips).toEqual(['127.61.0.41']);
    expect(made.nodes).toMatchObject([
      { public_ip: '127.61.0.40', private_ip: '127.61.0.42', error_log: '' },
      { public_ip: '127.61.0.43', private_ip: '127.61.0.43' },
      { public_ip: '127.61.0.44', private_ip: '127.61.0.44' },
    ]);
    const dashboard = await call('GET', `/2/clusters/${made.uuid}/dashboard`);
    expect(dashboard.text).toBe('https://127.61.0.41/dashboard/');
    expect(dashboard.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  test('ACI: the address is in the master node, nodes live in the range of the order', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const made = (
      await call('POST', '/2/clusters', { json: aciBody(lab, 'aci', '192.168.165.0/24') })
    ).json();
    expect(made.master_vip).toBe('');
    const master = made.nodes.find(node => node.is_master);
    expect(master?.public_ip).toBe(lab.clusters()[0]?.address);
    expect(made.nodes.map(node => node.private_ip)).toEqual([
      '192.168.165.2',
      '192.168.165.3',
      '192.168.165.4',
    ]);
    const env = parse((await call('GET', `/2/clusters/${made.uuid}/env`)).text);
    expect(env.clusters[0].cluster.server).toContain(`https://${master?.public_ip}:`);
  });

  test('two ACI clusters cannot share node addresses, two Calico ones may share their pods', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const order = (json: object) => call('POST', '/2/clusters', { json });
    expect((await order(aciBody(lab, 'one', '192.168.165.0/24'))).status).toBe(201);
    expect((await order(aciBody(lab, 'two', '192.168.165.128/25'))).status).toBe(400);
    expect((await order(aciBody(lab, 'two', '192.168.166.0/24'))).status).toBe(201);
    expect((await order(aciBody(lab, 'small', '192.168.167.0/30'))).status).toBe(400);
    expect((await order(calicoBody(lab, 'three'))).status).toBe(201);
    expect((await order(calicoBody(lab, 'four'))).status).toBe(201);
  });

  test('the first reads by name may miss, the list does not', async () => {
    const never = await startLab({ visibleAfterMs: 1e9 });
    const call = await loggedIn(never);
    await call('POST', '/2/clusters', { json: calicoBody(never, 'late') });
    expect((await call('GET', '/2/clusters/late')).status).toBe(404);
    expect((await call('GET', '/2/clusters')).json()).toHaveLength(1);

    const soon = await startLab({ visibleAfterMs: 20_000 });
    const caller = await loggedIn(soon);
    await caller('POST', '/2/clusters', { json: calicoBody(soon, 'late') });
    expect((await caller('GET', '/2/clusters/late')).status).toBe(200);
  });

  test('fifty at once', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const names = Array.from({ length: 50 }, (_, i) => `many-${i}`);
    const made = await Promise.all(
      names.map(name => call('POST', '/2/clusters', { json: calicoBody(lab, name) })),
    );
    expect(made.map(reply => reply.status)).toEqual(names.map(() => 201));
    expect(new Set(made.map(reply => reply.json().master_vip)).size).toBe(50);
  });

  test('a taken name: 400, also while the first is being built', async () => {
    const lab = await startLab({ speed: 400 });
    const call = await loggedIn(lab);
    const first = call('POST', '/2/clusters', { json: calicoBody(lab, 'same') });
    await until(lab.clusters, all => all.length === 1);
    const second = await call('POST', '/2/clusters', { json: calicoBody(lab, 'same') });
    expect(second.status).toBe(400);
    expect(second.text).toContain('same');
    expect((await first).status).toBe(201);
    expect(lab.clusters()).toHaveLength(1);
  });
});

describe('read', () => {
  test('by name, not by uuid', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const made = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
    expect((await call('GET', '/2/clusters/one/')).json()).toEqual(made);
    expect((await call('GET', `/2/clusters/${made.uuid}`)).status).toBe(404);
    expect((await call('GET', '/2/clusters/two')).status).toBe(404);
  });

  test('health, and unknown uuids', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const made = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
    expect((await call('GET', `/2/clusters/${made.uuid}/health`)).json()).toEqual({
      cluster_health_status: 'healthy',
    });
    for (const what of ['health', 'env', 'dashboard']) {
      expect((await call('GET', `/2/clusters/${lab.inventory.subnet.uuid}/${what}`)).status, what).toBe(404);
    }
  });
});

describe('change', () => {
  test('more workers come one after another, fewer go at once', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const { uuid: id } = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
    const free = lab.freeAddresses();
    const grown = await call('PATCH', `/2/clusters/${id}`, { json: { workers: 4 } });
    expect(grown.status).toBe(200);
    expect(grown.json()).toMatchObject({ workers: 4, state: 'READY' });
    expect(grown.json().nodes.map(node => node.state)).toEqual([
      'READY',
      'READY',
      'READY',
      'PROVISIONING',
      'PROVISIONING',
    ]);
    expect(lab.freeAddresses()).toBe(free - 2);
    const read = async () => (await call('GET', '/2/clusters/one')).json();
    const settled = await until(read, c => c.nodes.every(node => node.state === 'READY'));
    expect(new Set(settled.nodes.map(node => node.private_ip)).size).toBe(5);
    const shrunk = (await call('PATCH', `/2/clusters/${id}/`, { json: { workers: 1 } })).json();
    expect(shrunk.nodes).toHaveLength(2);
    expect(lab.freeAddresses()).toBe(free + 1);
  });

  test('load-balancer addresses', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const { uuid: id } = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
    const three = await call('PATCH', `/2/clusters/${id}`, { json: { load_balancer_ip_num: 3 } });
    expect(three.json()).toMatchObject({ load_balancer_ip_num: 3, workers: 2 });
    expect(new Set(three.json().ingress_vips).size).toBe(3);
    const replaced = await call('PUT', `/2/clusters/${id}`, { json: calicoBody(lab, 'one', { workers: 1 }) });
    expect(replaced.json()).toMatchObject({ load_balancer_ip_num: 1, workers: 1 });
    expect(replaced.json().ingress_vips).toHaveLength(1);
  });

  test('refused: unknown uuid, another name, nonsense', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const { uuid: id } = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
    const stranger = lab.inventory.subnet.uuid;
    expect((await call('PATCH', `/2/clusters/${stranger}`, { json: { workers: 1 } })).status).toBe(404);
    expect((await call('PUT', `/2/clusters/${stranger}`, { json: calicoBody(lab, 'one') })).status).toBe(404);
    expect((await call('PUT', `/2/clusters/${id}`, { json: calicoBody(lab, 'two') })).status).toBe(400);
    expect((await call('PATCH', `/2/clusters/${id}`, { json: { workers: 0 } })).status).toBe(400);
  });

  test('refused: a cluster in the making', async () => {
    const lab = await startLab({ speed: 10 });
    const call = await loggedIn(lab);
    const creating = call('POST', '/2/clusters', { json: calicoBody(lab, 'one') }).catch(String);
    const [building] = await until(lab.clusters, all => all.length === 1);
    const path = `/2/clusters/${building?.uuid}`;
    expect((await call('PATCH', path, { json: { workers: 1 } })).status).toBe(400);
    expect((await call('DELETE', path)).status).toBe(204);
    await creating;
  });

  test('an ACI cluster grows within its own range', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const body = aciBody(lab, 'aci', '192.168.165.0/29');
    const { uuid: id } = (await call('POST', '/2/clusters', { json: body })).json();
    expect((await call('PATCH', `/2/clusters/${id}`, { json: { workers: 5 } })).status).toBe(400);
    await call('PATCH', `/2/clusters/${id}`, { json: { workers: 4 } });
    const last = lab.clusters()[0]?.nodes.map(node => node.address);
    expect(last).toEqual([2, 3, 4, 5, 6].map(n => `192.168.165.${n}`));
  });
});

describe('delete', () => {
  test('by uuid: 204, gone, addresses free, API silent', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const free = lab.freeAddresses();
    const made = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
    expect(lab.freeAddresses()).toBe(free - 5);
    const { apiUrl = '' } = lab.clusters()[0] ?? {};
    expect((await call('DELETE', '/2/clusters/one')).status).toBe(404);
    const gone = await call('DELETE', `/2/clusters/${made.uuid}`);
    expect(gone).toMatchObject({ status: 204, text: '' });
    expect((await call('GET', '/2/clusters')).json()).toEqual([]);
    expect((await call('DELETE', `/2/clusters/${made.uuid}`)).status).toBe(404);
    expect(lab.freeAddresses()).toBe(free);
    await expect(caller(lab.caPem, apiUrl)('GET', '/readyz')).rejects.toThrow(/ECONNREFUSED/);
  });

  test('while it is being built: the blocked create ends with an error', async () => {
    const lab = await startLab({ speed: 10 });
    const call = await loggedIn(lab);
    const free = lab.freeAddresses();
    const creating = call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
    const [cluster] = await until(lab.clusters, all => all.length === 1);
    expect((await call('DELETE', `/2/clusters/${cluster?.uuid}`)).status).toBe(204);
    expect((await creating).status).toBe(500);
    expect(lab.freeAddresses()).toBe(free);
  });
});
