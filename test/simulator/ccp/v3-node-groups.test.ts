import { expect, test } from 'vitest';
import { startLab, until } from './fixtures/ccp.ts';
import { createAndWait, loggedInV3, read, type V3GroupJson, v3Calico } from './fixtures/v3-lab.ts';

const { node_groups, master_group } = v3Calico('x');
const [worker = master_group] = node_groups;

test('a page of groups; one more with 201; it goes with its nodes and addresses', async () => {
  const lab = await startLab();
  const call = await loggedInV3(lab);
  const { id } = await createAndWait(call, v3Calico('one'));
  const free = lab.freeAddresses();
  const base = `/v3/clusters/${id}/node-groups/`;
  const groups = async () => (await call('GET', base)).json<{ results: V3GroupJson[] }>().results;
  expect(await groups()).toMatchObject([{ name: 'node-group', size: 2, template: worker.template }]);

  const added = await call('POST', base, { json: { ...worker, name: 'more', size: 3 } });
  expect(added.status).toBe(201);
  expect(added.json()).toMatchObject({ name: 'more', size: 3, nodes: [{ phase: 'creating' }, {}, {}] });
  expect(lab.freeAddresses()).toBe(free - 3);
  expect((await call('POST', base, { json: { ...worker, name: 'more', size: 1 } })).status).toBe(400);
  expect((await call('POST', base, { json: { ...worker, name: 'bad', nodes: null } })).status).toBe(400);
  await until(groups, all => all[1]?.nodes.every(node => node.phase === 'Running') === true);

  const survivors = (await groups())[1]?.nodes.map(node => node.name);
  expect((await call('DELETE', `${base}node-group/`)).status).toBe(204);
  expect((await groups()).map(group => group.name)).toEqual(['more']);
  expect((await groups())[0]?.nodes.map(node => node.name)).toEqual(survivors);
  expect(lab.freeAddresses()).toBe(free - 1);
  expect((await call('DELETE', `${base}node-group/`)).status).toBe(404);
  expect(lab.clusters()[0]?.nodes).toHaveLength(4);
});

test('node-pools is another name: a new size is answered at once, the nodes follow', async () => {
  const lab = await startLab({ speed: 200 });
  const call = await loggedInV3(lab);
  const { id } = await createAndWait(call, v3Calico('one'));
  const path = `/v3/clusters/${id}/node-pools/node-group/`;
  const scaled = await call('PATCH', path, { json: { name: 'node-group', size: 4 } });
  expect(scaled.status).toBe(200);
  const pool = scaled.json<V3GroupJson>();
  expect(pool).toMatchObject({ name: 'node-group', size: 4 });
  expect(pool.nodes.map(node => node.phase)).toEqual(['Running', 'Running', 'creating', 'creating']);
  const ready = await until(
    () => read(call, id),
    one => one.node_groups[0]?.nodes.every(node => node.phase === 'Running') === true,
  );
  expect(ready.node_groups[0]?.nodes).toHaveLength(4);
  await call('PATCH', path, { json: { name: 'node-group', size: 1 } });
  const one = await read(call, id);
  expect(one.node_groups[0]?.nodes.map(node => node.name)).toEqual([pool.nodes[0]?.name]);
  expect((await call('GET', `/v3/clusters/${id}/node-pools`)).json()).toMatchObject({ count: 1 });
  for (const json of [{ name: 'other', size: 2 }, { size: 0 }, { name: 'node-group' }]) {
    expect((await call('PATCH', path, { json })).status, JSON.stringify(json)).toBe(400);
  }
  const unknown = `/v3/clusters/${id}/node-pools/other/`;
  expect((await call('PATCH', unknown, { json: { size: 2 } })).status).toBe(404);
});

test('too few addresses: nothing changes', async () => {
  const lab = await startLab({ addressPool: '127.63.0.0/28' });
  const call = await loggedInV3(lab);
  const { id } = await createAndWait(call, v3Calico('one'));
  const free = lab.freeAddresses();
  const path = `/v3/clusters/${id}/node-pools/node-group/`;
  const refused = await call('PATCH', path, { json: { size: 100 } });
  expect([refused.status, refused.json()]).toEqual([400, { detail: expect.stringContaining('no free') }]);
  expect(lab.freeAddresses()).toBe(free);
  expect((await read(call, id)).node_groups[0]).toMatchObject({ size: 2, nodes: [{}, {}] });
});
