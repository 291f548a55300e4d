import { expect, test } from 'vitest';
import { startLab, until } from './fixtures/ccp.ts';
import { create, createAndWait, loggedInV3, v3Aci, v3Calico } from './fixtures/v3-lab.ts';

test('look-ups are arrays of strings and agree with v2', async () => {
  const lab = await startLab();
  const call = await loggedInV3(lab);
  const base = `/v3/providers/${lab.inventory.providerV3.id}`;
  const { vsphere } = lab.inventory;
  for (const [path, json] of [
    ['/datacenters', [vsphere.datacenter]],
    ['/clusters?datacenter=lab', vsphere.clusters],
    ['/networks?datacenter=lab', vsphere.networks],
    ['/datastores?datacenter=lab', vsphere.datastores],
    ['/vms?datacenter=lab', vsphere.templates],
    ['/resource-pools?datacenter=lab', vsphere.pools],
    ['/gpus/?datacenter=lab&cluster=lab-cluster', { gpus: [{ gpu_type: vsphere.gpus[0] }] }],
  ] as const) {
    expect((await call('GET', base + path)).json(), path).toEqual(json);
  }
  expect((await call('GET', `${base}/vms`)).json()).toEqual({ datacenter: [expect.any(String)] });
  expect((await call('GET', `${base}/vms?datacenter=other`)).status).toBe(404);
  expect((await call('GET', `${base}/gpus/?datacenter=lab&cluster=other`)).status).toBe(404);
  const cloud = `/v3/providers/${lab.inventory.providerEks.id}`;
  expect((await call('GET', `${cloud}/datacenters`)).status).toBe(404);
});

test('providers: one more, changed, used, removed; nobody reads the password', async () => {
  const lab = await startLab();
  const call = await loggedInV3(lab);
  const all = async () => (await call('GET', '/v3/providers')).json<{ id: string; name: string }[]>();
  expect((await all()).map(one => one.name)).toEqual(['vsphere', 'cloud-account']);
  const { id: _, ...fields } = lab.inventory.providerV3;
  const json = { ...fields, name: 'second', password: 'secret' };
  const added = await call('POST', '/v3/providers/', { json });
  expect(added.status).toBe(200);
  expect(added.text).not.toContain('secret');
  const { id } = added.json<{ id: string }>();
  const path = `/v3/providers/${id}/`;
  expect((await call('PATCH', path, { json: { port: 8443 } })).json()).toEqual({
    ...fields,
    id,
    name: 'second',
    port: 8443,
    password: '',
  });
  expect((await call('PATCH', path, { json: { port: 'x' } })).json()).toHaveProperty('port');
  const cluster = await createAndWait(call, v3Calico('one', { provider: id }));
  expect((await call('DELETE', path)).status).toBe(400);
  await call('DELETE', `/v3/clusters/${cluster.id}/`);
  await until(
    () => call('DELETE', path),
    ({ status }) => status === 204,
  );
  expect((await call('GET', path)).status).toBe(404);
  expect(await all()).toHaveLength(2);
});

test('ACI profiles: the fields of v3, at the top level; an order needs one of them', async () => {
  const lab = await startLab();
  const call = await loggedInV3(lab);
  const profile = { ...lab.inventory.aciProfileV3, apic_password: '' };
  expect((await call('GET', '/v3/aci-profiles')).json()).toEqual([profile]);
  const { id: _, ...fields } = profile;
  const added = await call('POST', '/v3/aci-profiles/', { json: { ...fields, name: 'second' } });
  const { id } = added.json<{ id: string }>();
  expect((await create(call, v3Aci('a', '10.1.0.0/24', { aci_profile: id }))).status).toBe(200);
  const path = `/v3/aci-profiles/${id}/`;
  expect((await call('PATCH', path, { json: { aci_tenant: 't' } })).json()).toMatchObject({
    aci_tenant: 't',
  });
  expect((await call('DELETE', path)).status).toBe(400);
  const first = `/v3/aci-profiles/${profile.id}/`;
  expect((await call('DELETE', first)).status).toBe(204);
  const gone = await create(call, v3Aci('b', '10.2.0.0/24'));
  expect([gone.status, gone.json()]).toEqual([400, { aci_profile: [expect.any(String)] }]);
});
