/** Every endpoint that the reference marks as seen, in both generations: its code, and the shape of its answer. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type CcpSimulator, startCcpSimulator } from '../../../simulator/ccp/simulator.ts';
import { addressPool } from '../../fixtures/addresses.ts';
import { calicoBody, caller, formLogin, until } from './fixtures/ccp.ts';
import * as shapes from './fixtures/shapes.ts';
import { differences, type Shape } from './fixtures/shapes.ts';
import { createAndWait, v3Calico, v3Eks } from './fixtures/v3-lab.ts';

/** What stands for ids in a path: `{two}` and `{three}` are clusters, the others parts of the inventory. */
type Names = Record<'two' | 'three' | 'cloud' | 'provider' | 'provider3' | 'aci3', string>;

/** Method, path, code, and the shape of the JSON, or `text`, or `nothing`; a body when there is one to send. */
type Row = [string, string, number, Shape | 'text' | 'nothing', unknown?];

const v2Rows: Row[] = [
  ['GET', '/2/system/livenessHealth', 200, { CXVersion: 'string', TimeOnMgmtHost: 'string' }],
  ['GET', '/2/system/health', 200, shapes.platformHealth],
  ['GET', '/2/clusters', 200, [shapes.v2Item]],
  ['GET', '/2/clusters/', 200, [shapes.v2Item]],
  ['GET', '/2/clusters/two', 200, shapes.v2Cluster],
  ['GET', '/2/clusters/none', 404, 'text'],
  ['PATCH', '/2/clusters/{two}', 200, shapes.v2Cluster, { workers: 3 }],
  ['GET', '/2/clusters/{two}/health', 200, { cluster_health_status: 'string' }],
  ['GET', '/2/clusters/{two}/env', 200, 'text'],
  ['GET', '/2/clusters/{two}/dashboard', 200, 'text'],
  ['GET', '/2/clusters/none/env', 404, 'text'],
  ['GET', '/2/clusters/none/dashboard', 404, 'text'],
  ['POST', '/2/clusters', 400, 'text', {}],
  ['PATCH', '/2/clusters/none', 404, 'text', {}],
  ['GET', '/2/providerclientconfigs/', 200, [shapes.v2Provider]],
  ['GET', '/2/providerclientconfigs/{provider}', 200, shapes.v2Provider],
  ['GET', '/2/providerclientconfigs/{provider}/clusters', 200, [shapes.v2Item]],
  ...[
    ['', 'Datacenters'],
    ['/lab/cluster', 'Clusters'],
    ['/lab/vm', 'VMs'],
    ['/lab/network', 'Networks'],
    ['/lab/datastore', 'Datastores'],
    ['/lab/cluster/lab-cluster/pool', 'Pools'],
  ].map(([path, key = '']): Row => {
    const base = '/2/providerclientconfigs/{provider}/vsphere/datacenter';
    return ['GET', `${base}${path}`, 200, { [key]: ['string'] }];
  }),
  ['GET', '/2/network_service/subnets/', 200, [shapes.subnet]],
  ['GET', '/2/aci_profiles', 200, [shapes.v2AciProfile]],
  ['DELETE', '/2/clusters/none', 404, 'text'],
  ['DELETE', '/2/clusters/{two}', 204, 'nothing'],
];

/** Seen, but not made: no client that creates clusters asks for them. Whoever makes one adds a row above. */
const leftOut: Row[] = [
  ['GET', '/2/system/CorcHealth', 404, 'text'],
  ['PATCH', '/2/clusters/{two}/upgrade', 404, 'text'],
  ['GET', '/2/clusters/{two}/authz', 404, 'text'],
  ['GET', '/2/clusters/{two}/helmcharts', 404, 'text'],
  ['GET', '/2/localusers', 404, 'text'],
  ['GET', '/2/rbac', 404, 'text'],
  ['GET', '/2/ldap/setup', 404, 'text'],
];

const { node_groups, master_group } = v3Calico('x');
const [group = master_group] = node_groups;
const { size } = group;
const cluster3 = '/v3/clusters/{three}';
const provider3 = '/v3/providers/{provider3}';
const newProvider = {
  type: 'vsphere',
  name: 'second',
  address: 'vcenter2.lab.example',
  port: 443,
  username: 'ccp',
  password: 'simulated',
  insecure_skip_verify: true,
};
const detail = { detail: 'string' };

/** No body of an answer to a create, change or scaling is empty; what a DELETE sends back is nothing. */
function v3Rows(catalogEntry: unknown, profile: unknown): Row[] {
  return [
    ['GET', `${cluster3}`, 200, shapes.v3Cluster],
    ['GET', `${cluster3}/`, 200, shapes.v3Cluster],
    ['GET', '/v3/clusters/{cloud}/', 200, shapes.v3EksCluster],
    ['GET', '/v3/clusters/none/', 404, detail],
    ['PATCH', `${cluster3}/`, 200, shapes.v3Cluster, { load_balancer_num: 2 }],
    ['PATCH', `${cluster3}/`, 200, shapes.v3Cluster, { node_groups: [{ name: group.name, size }] }],
    ['GET', `${cluster3}/node-groups/`, 200, shapes.pageOf(shapes.v3Group)],
    ['POST', `${cluster3}/node-groups/`, 201, shapes.v3Group, { ...group, name: 'more' }],
    ['PATCH', `${cluster3}/node-pools/more/`, 200, shapes.v3Group, { name: 'more', size: 1 }],
    ['DELETE', `${cluster3}/node-groups/more/`, 204, 'nothing'],
    ['GET', `${cluster3}/catalog`, 200, shapes.v3Catalog],
    ['POST', `${cluster3}/addons/`, 201, shapes.v3AddOn, catalogEntry],
    ['GET', `${cluster3}/addons/`, 200, shapes.pageOf(shapes.v3AddOn)],
    ['DELETE', `${cluster3}/addons/ccp-monitor/`, 204, 'nothing'],
    ['GET', '/v3/providers', 200, [shapes.v3Provider]],
    ['POST', '/v3/providers/', 200, shapes.v3Provider, newProvider],
    ['GET', `${provider3}/`, 200, shapes.v3Provider],
    ['PATCH', `${provider3}/`, 200, shapes.v3Provider, { description: 'the first' }],
    ...['datacenters', ...['clusters', 'networks', 'datastores', 'vms', 'resource-pools'].map(inLab)].map(
      (path): Row => ['GET', `${provider3}/${path}`, 200, ['string']],
    ),
    ['GET', `${provider3}/gpus/?datacenter=lab&cluster=lab-cluster`, 200, shapes.gpus],
    ['GET', '/v3/aci-profiles', 200, [shapes.v3AciProfile]],
    ['POST', '/v3/aci-profiles/', 200, shapes.v3AciProfile, profile],
    ['PATCH', '/v3/aci-profiles/{aci3}/', 200, shapes.v3AciProfile, { aci_tenant: 'other' }],
    ['DELETE', '/v3/aci-profiles/{aci3}/', 204, 'nothing'],
    ['POST', '/v3/clusters/', 400, { name: ['string'] }, { ...v3Calico('x'), name: 'Upper' }],
    ['DELETE', `${cluster3}/`, 204, 'nothing'],
  ];
}

const inLab = (name: string) => `${name}?datacenter=lab`;

describe('against a running simulator', () => {
  let lab: CcpSimulator;
  let call: ReturnType<typeof caller>;
  let names: Names;

  beforeAll(async () => {
    lab = await startCcpSimulator({ speed: 8000, visibleAfterMs: 0, addressPool: addressPool() });
    return () => lab.close();
  });

  async function check([method, path, status, shape, json]: Row): Promise<void> {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: keyof Names) => names[name]);
    const reply = await call(method, filled, json === undefined ? {} : { json });
    expect(reply.status, `${method} ${path}: ${reply.text.slice(0, 200)}`).toBe(status);
    expect(reply.headers['x-req-id'], path).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.headers['strict-transport-security']).toBe('max-age=15724800; includeSubDomains');
    if (shape === 'nothing') return expect(reply.text).toBe('');
    if (shape === 'text') return expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    expect(differences(reply.json(), shape), `${method} ${path}`).toEqual([]);
  }

  test('logins and creates, then all the rest in the order of the tables', async () => {
    const stranger = caller(lab.caPem, lab.url);
    expect((await stranger('GET', '/2/clusters')).status).toBe(401);
    expect((await stranger('GET', '/v3/clusters')).status).toBe(401);
    const two = await stranger('POST', '/2/system/login', formLogin(lab.user, lab.password));
    expect(two.status).toBe(200);
    expect(two.headers['set-cookie']).toMatch(/^CXAccessToken=[\w.-]+; Path=\/$/);
    expect(differences(two.json(), shapes.loginRecord)).toEqual([]);
    const json = { username: lab.user, password: lab.password };
    const three = await stranger('POST', '/v3/system/login', { json });
    expect(three.status).toBe(200);
    call = caller(lab.caPem, lab.url, { 'x-auth-token': String(three.headers['x-auth-token']) });

    const labels = [{ key: 'a', value: 'b' }];
    const made = await call('POST', '/2/clusters', { json: calicoBody(lab, 'two', { labels }) });
    expect(made.status).toBe(201);
    expect(differences(made.json(), shapes.v2Cluster)).toEqual([]);
    const { providerV3, provider, aciProfileV3 } = lab.inventory;
    const accepted = await call('POST', '/v3/clusters/', { json: v3Calico('three') });
    expect(accepted.status).toBe(200);
    const { id } = accepted.json<{ id: string }>();
    const cloud = await createAndWait(call, v3Eks('cloud', 20));
    names = {
      two: made.json().uuid,
      three: id,
      cloud: cloud.id,
      provider: provider.uuid,
      provider3: providerV3.id,
      aci3: aciProfileV3.id,
    };
    await until(lab.clusters, all => all.every(one => one.state === 'ready'));
    expect(differences((await call('GET', '/v3/clusters')).json<unknown[]>()[0], shapes.v3Cluster)).toEqual(
      [],
    );

    const again = calicoBody(lab, 'two', { labels });
    await check(['PUT', '/2/clusters/{two}', 200, shapes.v2Cluster, again]);
    for (const row of [...leftOut, ...v2Rows]) await check(row);
    const offers = (await call('GET', `/v3/clusters/${id}/catalog`)).json<Record<string, unknown>>();
    const profile = { ...aciProfileV3, apic_password: 'simulated', name: 'second' };
    for (const row of v3Rows(offers['_ccp-monitor'], profile)) await check(row);
  });
});

test('a difference is found', () => {
  const shape = { a: 'string', 'b?': ['integer'], c: 'string|null' } as const;
  expect(differences({ a: 'x', c: null }, shape)).toEqual([]);
  expect(differences({ a: 1, b: [], d: 0 }, shape)).toEqual([
    'answer.d is not documented',
    'answer.a is integer, not string',
    'answer.b is empty: there is nothing to compare',
    'answer.c is missing',
  ]);
  expect(differences([], shape)).toEqual(['answer is none, not an object']);
  expect(differences({}, ['string'])).toEqual(['answer is object, not an array']);
  expect(differences(null, 'string')).toEqual(['answer is null, not string']);
});
