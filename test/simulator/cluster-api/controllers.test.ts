/** The played controllers: how a cluster comes, what its status says in which order, and how it goes. */

import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { buildMs } from '../../../simulator/cluster-api/simulator.ts';
import { virtualTime } from '../../fixtures/kubernetes/virtual-time.ts';
import {
  clusterBody,
  clustersPath,
  eventually,
  type Json,
  mergeType,
  namespace,
  oldClusterBody,
  secretsPath,
} from './fixtures/client.ts';
import { condition, follow, reached, startLab } from './fixtures/cluster-api.ts';

const path = clustersPath();

interface Config {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { token: string } }[];
}

/** Asks a cluster's own API server, as its kubeconfig says. */
async function ask(secret: Json, at: string) {
  const config = parse(Buffer.from(secret.data.value ?? '', 'base64').toString()) as Config;
  const { server = '', 'certificate-authority-data': ca = '' } = config.clusters[0]?.cluster ?? {};
  const dispatcher = new Agent({ connect: { ca: Buffer.from(ca, 'base64').toString() } });
  onTestFinished(() => dispatcher.destroy());
  const headers = { authorization: `Bearer ${config.users[0]?.user.token}` };
  const reply = await request(`${server}${at}`, { dispatcher, headers });
  return { server, text: await reply.body.text() };
}

const available = (object: Json) => condition(object, 'Available')?.status === 'True';

test('v1beta2: infrastructure, endpoint, control plane, machines, in this order', async () => {
  const { lab, client } = await startLab();
  const seen = await follow(client, 'one', available);
  const first = (is: (object: Json) => boolean) => seen.findIndex(is);
  const initialization = (object: Json) => (object.status?.initialization ?? {}) as Record<string, boolean>;
  const steps = [
    first(object => object.metadata.finalizers?.includes('cluster.cluster.x-k8s.io') === true),
    first(object => object.status?.phase === 'Pending'),
    first(object => object.status?.phase === 'Provisioning'),
    first(object => object.spec.controlPlaneEndpoint !== undefined),
    // Provisioned comes long before the control plane answers: that is why nobody trusts it.
    first(object => object.status?.phase === 'Provisioned'),
    first(object => initialization(object).controlPlaneInitialized === true),
    first(available),
  ];
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(new Set(steps).size).toBe(steps.length);
  expect(steps[0]).toBeGreaterThanOrEqual(0);
  const phases = new Set(seen.flatMap(({ status }) => (status === undefined ? [] : [status.phase])));
  expect([...phases]).toEqual(['Pending', 'Provisioning', 'Provisioned']);
  const workers = seen.flatMap(({ status }) =>
    status === undefined ? [] : [status.workers as { readyReplicas: number }],
  );
  expect(workers.map(({ readyReplicas }) => readyReplicas)).toEqual(expect.arrayContaining([0, 1, 2]));
  const last = seen.at(-1);
  expect(last?.status).toMatchObject({
    initialization: { infrastructureProvisioned: true, controlPlaneInitialized: true },
    controlPlane: { desiredReplicas: 1, readyReplicas: 1 },
    workers: { desiredReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
  });
  const types = ((last?.status.conditions ?? []) as { type: string }[]).map(({ type }) => type);
  expect(types).toEqual(
    expect.arrayContaining([
      'Available',
      'InfrastructureReady',
      'ControlPlaneInitialized',
      'ControlPlaneAvailable',
      'WorkersAvailable',
      'RemoteConnectionProbe',
      'ScalingUp',
      'Deleting',
      'Paused',
      'TopologyReconciled',
    ]),
  );
  expect(types).not.toContain('Ready');
  expect(last?.spec.controlPlaneEndpoint).toEqual({ host: lab.clusters()[0]?.address, port: 6443 });
  expect(lab.clusters()).toMatchObject([
    { name: 'one', state: 'ready', cidr: '10.128.0.0/18', apiUrl: expect.stringMatching(/^https:\/\/127\./) },
  ]);
});

test('v1beta2: while it is being built the conditions say why it waits', async () => {
  const { client } = await startLab();
  const seen = await follow(client, 'one', available);
  const reasons = (type: string) =>
    [...new Set(seen.map(object => condition(object, type)?.reason))].filter(Boolean);
  expect(reasons('InfrastructureReady')).toEqual(['DoesNotExist', 'NotReady', 'Ready']);
  expect(reasons('ControlPlaneInitialized')).toEqual(['NotInitialized', 'Initialized']);
  expect(reasons('Available')).toEqual(['NotAvailable', 'Available']);
  expect(reasons('RemoteConnectionProbe')).toEqual(['ProbeFailed', 'ProbeSucceeded']);
  expect(reasons('ScalingUp')).toEqual(['ScalingUp', 'NotScalingUp']);
  const messages = seen.map(object => condition(object, 'WorkersAvailable')?.message);
  expect(messages).toContain('1 of 2 worker machines are available');
});

test('v1beta1: its own fields, conditions with severities, counts of newer releases', async () => {
  const { client } = await startLab({ apiVersions: ['v1beta1'] });
  const ready = (object: Json) =>
    object.status?.controlPlaneReady === true && condition(object, 'Ready')?.status === 'True';
  const seen = await follow(client, 'old', ready, { body: oldClusterBody('old'), version: 'v1beta1' });
  const last = seen.at(-1);
  expect(last?.spec.topology).toMatchObject({ class: 'quick-start', version: 'v1.31.2' });
  expect(last?.spec.topology).not.toHaveProperty('classRef');
  expect(last?.spec.infrastructureRef).toMatchObject({
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'DockerCluster',
  });
  expect(last?.status).toMatchObject({
    infrastructureReady: true,
    controlPlaneReady: true,
    phase: 'Provisioned',
  });
  expect(last?.status).not.toHaveProperty('initialization');
  expect(last?.status.v1beta2).toMatchObject({ workers: { desiredReplicas: 2 } });
  const waiting = seen.map(object => condition(object, 'Ready')).find(one => one?.status === 'False');
  expect(waiting).toMatchObject({ severity: 'Info', reason: 'WaitingForControlPlane' });
  expect(condition(last as Json, 'Available')).toBeUndefined();
});

test('v1beta1 of old releases has no counts', async () => {
  const { client } = await startLab({ apiVersions: ['v1beta1'], replicaCounts: false });
  const seen = await follow(client, 'old', object => object.status?.controlPlaneReady === true, {
    body: oldClusterBody('old'),
    version: 'v1beta1',
  });
  expect(seen.at(-1)?.status).not.toHaveProperty('v1beta2');
});

test('the same cluster in both versions', async () => {
  const { lab, client } = await startLab();
  await client.apply(`${clustersPath('v1beta1')}/both`, oldClusterBody('both'));
  await reached(lab, 'both', 'ready');
  const fresh = await client.get(`${path}/both`);
  expect(fresh.json.apiVersion).toBe('cluster.x-k8s.io/v1beta2');
  expect(fresh.json.spec).toMatchObject(clusterBody('both').spec);
  expect(fresh.headers.warning).toBeUndefined();
  const old = await client.get(`${clustersPath('v1beta1')}/both`);
  expect(old.json.spec).toMatchObject(oldClusterBody('both').spec);
  expect(old.headers.warning).toBe(
    '299 - "cluster.x-k8s.io/v1beta1 Cluster is deprecated; use cluster.x-k8s.io/v1beta2 Cluster"',
  );
  // Played by hand in the old version, read in the new one.
  const status = {
    infrastructureReady: false,
    controlPlaneReady: true,
    failureReason: 'CreateError',
    failureMessage: 'no room',
  };
  await client.call('PATCH', `${clustersPath('v1beta1')}/both/status`, { type: mergeType, body: { status } });
  expect((await client.get(`${path}/both`)).json.status).toMatchObject({
    initialization: { infrastructureProvisioned: false, controlPlaneInitialized: true },
    deprecated: { v1beta1: { failureReason: 'CreateError', failureMessage: 'no room' } },
  });
});

test('the Secret comes before the control plane answers; then its API server and nodes are there', async () => {
  const { lab, client } = await startLab({ speed: 100 });
  await client.apply(`${path}/one`, clusterBody('one'));
  await eventually(async () => (await client.get(`${secretsPath}/one-kubeconfig`)).status === 200);
  const secret = (await client.get(`${secretsPath}/one-kubeconfig`)).json;
  expect(secret).toMatchObject({
    type: 'cluster.x-k8s.io/secret',
    metadata: { labels: { 'cluster.x-k8s.io/cluster-name': 'one' } },
  });
  expect(lab.clusters()).toMatchObject([{ state: 'building', apiUrl: undefined }]);
  await expect(ask(secret, '/readyz')).rejects.toThrow();
  await reached(lab, 'one', 'ready');
  const ready = await ask(secret, '/readyz');
  expect(ready).toEqual({ server: lab.clusters()[0]?.apiUrl, text: 'ok' });
  const nodes = JSON.parse((await ask(secret, '/api/v1/nodes')).text) as { items: unknown[] };
  expect(nodes.items).toHaveLength(3);
  expect(JSON.parse((await ask(secret, '/version')).text)).toMatchObject({ gitVersion: 'v1.31.2' });
});

test('delete: Deleting while its finalizer is there, then gone with all it owned, its address free again', async () => {
  const { lab, client } = await startLab({ addressPool: '127.99.3.0/30', speed: 1000 });
  await client.apply(`${path}/one`, clusterBody('one'));
  await reached(lab, 'one', 'ready');
  const apiUrl = lab.clusters()[0]?.apiUrl ?? '';
  const before = (await client.get(path)).json.metadata.resourceVersion;
  const watch = await client.watch(path, `resourceVersion=${before}`);
  const reply = await client.call('DELETE', `${path}/one`);
  expect(reply.json).toMatchObject({ kind: 'Cluster' });
  expect(reply.json.metadata.deletionTimestamp).toBeTruthy();
  const events = await watch.until(all => all.some(({ type }) => type === 'DELETED'));
  expect(events.map(({ object }) => object.status.phase)).toContain('Deleting');
  expect(condition(events.at(-1)?.object as Json, 'Deleting')?.status).toBe('True');
  expect((await client.get(`${path}/one`)).status).toBe(404);
  expect(lab.clusters()).toEqual([]);
  await expect(request(`${apiUrl}/readyz`)).rejects.toThrow();
  for (const left of [
    secretsPath,
    `/apis/controlplane.cluster.x-k8s.io/v1beta2/namespaces/${namespace}/kubeadmcontrolplanes`,
  ])
    await eventually(async () => (await client.get(left)).json.items.length === 0);
  // The block has a single address to give.
  await client.apply(`${path}/two`, clusterBody('two'));
  await reached(lab, 'two', 'ready');
});

test('deleted while it is being built, it goes too', async () => {
  const { lab, client } = await startLab({ speed: 200 });
  await client.apply(`${path}/one`, clusterBody('one'));
  await eventually(async () => (await client.get(`${path}/one`)).json.status?.phase === 'Provisioned');
  await client.call('DELETE', `${path}/one`);
  await eventually(async () => (await client.get(`${path}/one`)).status === 404);
  expect(lab.clusters()).toEqual([]);
});

test('no address left: failed, in words', async () => {
  const { lab, client } = await startLab({ addressPool: '127.99.4.0/30' });
  await client.apply(`${path}/one`, clusterBody('one'));
  await reached(lab, 'one', 'ready');
  await client.apply(`${path}/two`, clusterBody('two'));
  await reached(lab, 'two', 'failed');
  expect((await client.get(`${path}/two`)).json.status).toMatchObject({ phase: 'Failed' });
});

test('an object whose owner is gone, or never was, is collected', async () => {
  const { client } = await startLab();
  const owner = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: 'one' };
  const put = (name: string, ...uids: string[]) => {
    const ownerReferences = uids.map(uid => ({ ...owner, uid }));
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name, ownerReferences } };
    return client.call('POST', secretsPath, { body });
  };
  const { metadata } = (await client.apply(`${path}/one`, clusterBody('one'))).json;
  expect((await put('kept', metadata.uid)).status).toBe(201);
  expect((await put('half', 'nobody', metadata.uid)).status).toBe(201);
  expect((await put('orphan', 'nobody')).status).toBe(201);
  await eventually(async () => (await client.get(`${secretsPath}/orphan`)).status === 404);
  for (const name of ['kept', 'half'])
    expect((await client.get(`${secretsPath}/${name}`)).status, name).toBe(200);
  await client.call('DELETE', `${path}/one`);
  await eventually(async () => (await client.get(`${secretsPath}/kept`)).status === 404);
});

test('a larger cluster takes longer, at the speed that was asked for', async () => {
  expect(buildMs(1, 2)).toBe(160_000);
  expect(buildMs(3, 2)).toBeGreaterThan(buildMs(1, 2));
  const time = virtualTime();
  const { lab, client } = await startLab({ speed: 200 });
  await client.apply(`${path}/one`, clusterBody('one'));
  const tookMs = await time.until(() => lab.clusters()[0]?.state === 'ready');
  expect(tookMs).toBeGreaterThanOrEqual(buildMs(1, 2) / 200 / 2);
});
