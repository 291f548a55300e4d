/** What is in a simulated new cluster; how it answers, behaviours.ts of the management cluster has, being the same code. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { CcpSimulator } from '../../../simulator/ccp/simulator.ts';
import { calicoBody, caller, loggedIn, startLab } from './fixtures/ccp.ts';

interface Env {
  clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
  users: [{ user: { token: string } }];
}

/** Makes a cluster; what its administrator can call. */
async function cluster(lab: CcpSimulator) {
  const call = await loggedIn(lab);
  const { uuid } = (await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).json();
  const env = parse((await call('GET', `/2/clusters/${uuid}/env`)).text) as Env;
  const { server, 'certificate-authority-data': ca } = env.clusters[0].cluster;
  const { token } = env.users[0].user;
  return caller(Buffer.from(ca, 'base64').toString(), server, { authorization: `Bearer ${token}` });
}

const path = '/api/v1/namespaces/default/configmaps/a';
const applyType = 'application/apply-patch+yaml';
type Call = Awaited<ReturnType<typeof cluster>>;

function apply(call: Call, data: object, query = 'fieldManager=me', at = path) {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data });
  return call('PATCH', `${at}?${query}`, { body, headers: { 'content-type': applyType } });
}

test('discovery names what there is', async () => {
  const call = await cluster(await startLab());
  const get = async (at: string) => (await call('GET', at)).json<Record<string, unknown>>();
  expect(await get('/api')).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  expect(await get('/apis')).toMatchObject({
    groups: [{ name: 'apps' }, { name: 'networking.k8s.io' }, { name: 'rbac.authorization.k8s.io' }],
  });
  expect(await get('/apis/apps')).toMatchObject({ kind: 'APIGroup', preferredVersion: { version: 'v1' } });
  expect(await get('/apis/apps/v1')).toMatchObject({
    groupVersion: 'apps/v1',
    resources: expect.arrayContaining([expect.objectContaining({ kind: 'Deployment', name: 'deployments' })]),
  });
  for (const at of [
    '/api/v2',
    '/apis/v1',
    '/api/apps/v1',
    '/apis/none/v1',
    '/api/v1/gadgets',
    '/api/v1/namespaces/none',
  ]) {
    expect((await call('GET', at)).status, at).toBe(404);
  }
});

test('nodes: those of the platform, Ready unless a test holds them back', async () => {
  const lab = await startLab();
  const call = await cluster(lab);
  const ready = async () => {
    const list = (await call('GET', '/api/v1/nodes')).json<{
      items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[];
    }>();
    return list.items.map(({ metadata, status }) => `${metadata.name} ${status.conditions[0]?.status}`);
  };
  const names = lab.clusters()[0]?.nodes.map(({ name }) => name) ?? [];
  expect(names.length).toBeGreaterThan(1);
  const all = (is: string) => names.map(name => `${name} ${is}`).sort();
  expect(await ready()).toEqual(all('True'));
  const end = lab.fail({ kind: 'nodesNotReady' });
  expect((await ready()).filter(line => line.endsWith('False'))).toEqual([`${names.at(-1)} False`]);
  end();
  lab.fail({ kind: 'nodesNotReady', count: 99, times: 1 });
  expect(await ready()).toEqual(all('False'));
  expect(await ready()).toEqual(all('True'));
  const one = await call('GET', `/api/v1/nodes/${names[0]}`);
  expect(one.json()).toMatchObject({ kind: 'Node', metadata: { name: names[0] } });
});

test('apply: 201, 200, and the version rises only with a change', async () => {
  const lab = await startLab();
  const call = await cluster(lab);
  const version = (reply: { json: <T>() => T }) =>
    reply.json<{ metadata: { resourceVersion: string } }>().metadata.resourceVersion;
  const first = await apply(call, { x: '1', y: '2' });
  expect(first.status).toBe(201);
  const second = await apply(call, { y: '2', x: '1' });
  expect(second.status).toBe(200);
  expect(version(second)).toBe(version(first));
  const third = await apply(call, { x: '3' });
  expect(version(third)).not.toBe(version(first));
  expect((await call('GET', path)).json()).toMatchObject({
    data: { x: '3' },
    metadata: { namespace: 'default' },
  });
  expect((await call('GET', path)).json<{ data: object }>().data).toEqual({ x: '3' });
  expect(lab.clusters()[0]?.objects).toMatchObject([{ kind: 'ConfigMap', data: { x: '3' } }]);
});

test('what is too long or has no namespace is refused', async () => {
  const call = await cluster(await startLab());
  const elsewhere = '/api/v1/namespaces/nowhere/configmaps/a';
  expect((await apply(call, {}, 'fieldManager=me', elsewhere)).status).toBe(404);
  expect((await apply(call, { x: ' '.repeat(3 * 1024 * 1024) })).status).toBe(413);
  expect((await call('GET', path)).status).toBe(404);
});

test('a key called __proto__ is a key', async () => {
  const call = await cluster(await startLab());
  const body = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {__proto__: {polluted: yes}}}';
  await call('PATCH', `${path}?fieldManager=me`, { body, headers: { 'content-type': applyType } });
  expect((await call('GET', path)).text).toContain('"__proto__":{"polluted":"yes"}');
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});
