import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aciBody, calicoBody, loggedIn, startLab } from './fixtures/ccp.ts';

const stranger = '11111111-2222-4333-8444-555555555555';

describe('a create is refused with 400 and the name of the field', () => {
  const required = [
    'name',
    'type',
    'deployer_type',
    'kubernetes_version',
    'provider_client_config_uuid',
    'datacenter',
    'cluster',
    'datastore',
    'resource_pool',
    'networks',
    'masters',
    'workers',
    'master_node_pool',
    'worker_node_pool',
    'ssh_user',
    'ssh_key',
    'network_plugin',
    'deployer',
    'ingress_vip_pool_id',
    'load_balancer_ip_num',
  ];
  const wrong: [string, unknown][] = [
    ['name', 'Upper'],
    ['name', 'a:b'],
    ['name', '-a'],
    ['name', 'a-'],
    ['name', 'a'.repeat(47)],
    ['type', 2],
    ['masters', 3],
    ['workers', 0],
    ['workers', '2'],
    ['kubernetes_version', 'latest'],
    ['provider_client_config_uuid', stranger],
    ['ingress_vip_pool_id', stranger],
    ['node_ip_pool_uuid', stranger],
    ['node_ip_pool_id', stranger],
    ['load_balancer_ip_num', 0],
    ['network_plugin', { name: 'calico', status: '', details: { pod_cidr: '10.0.0.0/16' } }],
    ['network_plugin', { name: 'calico', status: '', details: '{"pod_cidr":"10.0.0.0"}' }],
    ['network_plugin', { name: 'calico', status: '', details: '{"node_vlan_cidr":"10.0.0.0/16"}' }],
    ['network_plugin', { name: 'calico', status: '', details: 'null' }],
    ['network_plugin', { name: 'flannel', status: '', details: '{"pod_cidr":"10.0.0.0/16"}' }],
  ];

  test('missing or wrong fields', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const cases = [...required.map(field => [field, undefined] as const), ...wrong];
    for (const [field, value] of cases) {
      const reply = await call('POST', '/2/clusters', { json: calicoBody(lab, 'one', { [field]: value }) });
      expect(reply.status, `${field}: ${JSON.stringify(value)}`).toBe(400);
      expect(reply.text, `${field}: ${JSON.stringify(value)}`).toContain(field);
    }
    expect(lab.clusters()).toEqual([]);
    expect(lab.freeAddresses()).toBe(2 ** 12 - 3);
  });

  test('ACI without a profile, or with one that does not exist', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    for (const profile of [undefined, '', null, stranger]) {
      const json = aciBody(lab, 'one', '192.168.1.0/24', { aci_profile_uuid: profile });
      const reply = await call('POST', '/2/clusters', { json });
      expect(reply).toMatchObject({ status: 400, text: expect.stringContaining('aci_profile_uuid') });
    }
  });

  test('no JSON at all; and secrets are never repeated', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    expect((await call('POST', '/2/clusters', { body: '{' })).status).toBe(400);
    expect((await call('POST', '/2/clusters')).status).toBe(400);
    const json = calicoBody(lab, 'one', { ssh_password: ['hunter2'], ssh_key: { key: 'hunter2' } });
    const reply = await call('POST', '/2/clusters', { json });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('ssh_password');
    expect(reply.text).not.toContain('hunter2');
  });
});

test('names that are good: a digit in front, 46 characters, one character', async () => {
  const lab = await startLab();
  const call = await loggedIn(lab);
  for (const name of ['1234', 'a'.repeat(46), 'x', 'house-01-7']) {
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, name) })).status, name).toBe(201);
  }
});

test('random requests are answered, never with a crash, and the platform lives on', async () => {
  const lab = await startLab();
  const call = await loggedIn(lab);
  const good = calicoBody(lab, 'good') as Record<string, unknown>;
  const made = (await call('POST', '/2/clusters', { json: good })).json();
  const field = fc.constantFrom(...Object.keys(good));
  const bodies = fc.oneof(
    fc.string(),
    fc.json(),
    // A good body with some fields made random is what gets furthest.
    fc
      .dictionary(field, fc.jsonValue(), { minKeys: 1, maxKeys: 3 })
      .map(changes => JSON.stringify({ ...good, name: 'fuzz', ...changes })),
    fc.tuple(fc.string(), fc.jsonValue()).map(([name, details]) =>
      JSON.stringify({
        ...good,
        network_plugin: { name: 'calico', details: JSON.stringify(details) },
        name,
      }),
    ),
  );
  const places = fc.constantFrom<[string, string]>(
    ['POST', '/2/clusters'],
    ['PUT', `/2/clusters/${made.uuid}`],
    ['PATCH', `/2/clusters/${made.uuid}`],
    ['POST', '/2/system/login'],
  );
  const types = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'text/plain');
  await fc.assert(
    fc.asyncProperty(places, bodies, types, async ([method, path], body, type) => {
      const reply = await call(method, path, { body, headers: { 'content-type': type } });
      expect(reply.status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(fc.webPath(), fc.webQueryParameters(), async (path, query) => {
      const reply = await call('GET', `/2/clusters${path}?${query}`);
      expect(reply.status).toBeLessThan(500);
    }),
    { numRuns: 50 },
  );
  expect((await call('GET', '/2/clusters/good')).status).toBe(200);
});
