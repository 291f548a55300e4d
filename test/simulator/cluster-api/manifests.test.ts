/** Clusters made of manifests and of classes: what has to be there before anything is built. */
import { expect, test } from 'vitest';
import {
  clusterBody,
  clustersPath,
  eventually,
  mergeType,
  namespace,
  oldClusterBody,
} from './fixtures/client.ts';
import { condition, reached, startLab } from './fixtures/cluster-api.ts';

const path = clustersPath();
const groups = {
  infrastructure: 'infrastructure.cluster.x-k8s.io',
  controlplane: 'controlplane.cluster.x-k8s.io',
  bootstrap: 'bootstrap.cluster.x-k8s.io',
};

/** Where objects of a kind are, and a body for one. */
function object(group: string, kind: string, plural: string, name: string, spec: object, owner?: string) {
  const apiVersion = `${group}/v1beta2`;
  const ownerReferences = [
    { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: 'one', uid: owner ?? '' },
  ];
  return {
    path: `/apis/${apiVersion}/namespaces/${namespace}/${plural}/${name}`,
    body: { apiVersion, kind, metadata: { name, ...(owner === undefined ? {} : { ownerReferences }) }, spec },
  };
}

const ref = (apiGroup: string, kind: string) => ({ apiGroup, kind, name: 'one' });
const manifest = {
  ...clusterBody('one'),
  spec: {
    clusterNetwork: { pods: { cidrBlocks: ['10.200.0.0/18'] } },
    infrastructureRef: ref(groups.infrastructure, 'DockerCluster'),
    controlPlaneRef: ref(groups.controlplane, 'KubeadmControlPlane'),
  },
};

test('manifests: machines that are ordered when all else stands come too, and more of them', async () => {
  const { lab, client } = await startLab();
  const parts = [
    object(groups.infrastructure, 'DockerCluster', 'dockerclusters', 'one', {}),
    object(groups.controlplane, 'KubeadmControlPlane', 'kubeadmcontrolplanes', 'one', { replicas: 1 }),
  ];
  for (const { path: at, body } of parts) expect((await client.apply(at, body)).status, at).toBe(201);
  expect((await client.apply(`${path}/one`, manifest)).status).toBe(201);
  await reached(lab, 'one', 'ready');
  for (const replicas of [2, 3]) {
    const spec = { clusterName: 'one', replicas };
    const late = object('cluster.x-k8s.io', 'MachineDeployment', 'machinedeployments', 'one-md', spec);
    expect((await client.apply(late.path, late.body)).status).toBeLessThan(300);
    await eventually(async () => {
      const { readyReplicas } = (await client.get(`${path}/one`)).json.status.workers as Record<
        string,
        number
      >;
      return readyReplicas === replicas;
    });
  }
});

test('manifests: nothing happens until what the cluster refers to is there; then replicas come from it', async () => {
  const { lab, client } = await startLab();
  const made = await client.apply(`${path}/one`, manifest);
  expect(made.status, made.text).toBe(201);
  const { uid } = made.json.metadata;
  const template = { template: { spec: {} } };
  const objects = [
    object(groups.infrastructure, 'DockerMachineTemplate', 'dockermachinetemplates', 'one-md', template, uid),
    object(groups.bootstrap, 'KubeadmConfigTemplate', 'kubeadmconfigtemplates', 'one-md', template, uid),
    object(
      'cluster.x-k8s.io',
      'MachineDeployment',
      'machinedeployments',
      'one-md',
      { clusterName: 'one', replicas: 2 },
      uid,
    ),
    object('cluster.x-k8s.io', 'MachineDeployment', 'machinedeployments', 'other-md', {
      clusterName: 'other',
      replicas: 9,
    }),
    object(
      groups.controlplane,
      'KubeadmControlPlane',
      'kubeadmcontrolplanes',
      'one',
      { replicas: 3, version: 'v1.30.1' },
      uid,
    ),
  ];
  for (const { path: at, body } of objects) expect((await client.apply(at, body)).status, at).toBe(201);
  await eventually(async () => (await client.get(`${path}/one`)).json.status?.phase === 'Pending');
  expect(condition((await client.get(`${path}/one`)).json, 'InfrastructureReady')).toMatchObject({
    reason: 'DoesNotExist',
  });
  const { path: at, body } = object(groups.infrastructure, 'DockerCluster', 'dockerclusters', 'one', {}, uid);
  expect((await client.apply(at, body)).status).toBe(201);
  await reached(lab, 'one', 'ready');
  expect((await client.get(`${path}/one`)).json.status).toMatchObject({
    controlPlane: { desiredReplicas: 3, readyReplicas: 3 },
    workers: { desiredReplicas: 2, readyReplicas: 2 },
  });
  await client.call('DELETE', `${path}/one`);
  await eventually(async () => {
    const answers = await Promise.all(objects.map(one => client.get(one.path)));
    return answers.filter(({ status }) => status === 200).length === 1; // the other cluster's
  });
});

test('manifests: applied again after the controllers have written, nothing conflicts', async () => {
  const { lab, client } = await startLab();
  await client.apply(`${path}/one`, manifest);
  for (const [group, kind, plural] of [
    [groups.infrastructure, 'DockerCluster', 'dockerclusters'],
    [groups.controlplane, 'KubeadmControlPlane', 'kubeadmcontrolplanes'],
  ] as const) {
    const one = object(group, kind, plural, 'one', { replicas: 1 });
    await client.apply(one.path, one.body);
  }
  await reached(lab, 'one', 'ready');
  const again = await client.apply(`${path}/one`, manifest);
  expect(again.status, again.text).toBe(200);
  expect(again.json.metadata.finalizers).toEqual(['cluster.cluster.x-k8s.io']);
  expect(again.json.spec.controlPlaneEndpoint).toBeDefined();
});

test('missing CRDs: a kind, or all of Cluster API', async () => {
  const { client } = await startLab({ without: ['DockerCluster'] });
  const { path: at, body } = object(groups.infrastructure, 'DockerCluster', 'dockerclusters', 'one', {});
  expect((await client.apply(at, body)).status).toBe(404);
  const { resources } = (await client.get(`/apis/${groups.infrastructure}/v1beta2`)).json;
  expect(resources.map(({ kind }) => kind)).not.toContain('DockerCluster');
  expect(resources.map(({ kind }) => kind)).toContain('DockerMachineTemplate');
  const { client: bare } = await startLab({ apiVersions: [] });
  expect((await bare.get('/apis/cluster.x-k8s.io')).status).toBe(404);
  expect((await bare.get(path)).status).toBe(404);
  expect((await bare.get('/apis')).json.groups).toEqual([]);
});

test('which version is preferred', async () => {
  const preferred = async (options: Parameters<typeof startLab>[0]) => {
    const { client } = await startLab(options);
    return (await client.get('/apis/cluster.x-k8s.io')).json.preferredVersion.version;
  };
  expect(await preferred({})).toBe('v1beta2');
  expect(await preferred({ preferredVersion: 'v1beta1' })).toBe('v1beta1');
  expect(await preferred({ apiVersions: ['v1beta1'] })).toBe('v1beta1');
  const { client } = await startLab({ apiVersions: ['v1beta1'] });
  expect((await client.get(path)).status).toBe(404);
  await expect(startLab({ apiVersions: ['v1beta1'], preferredVersion: 'v1beta2' })).rejects.toThrow(
    /preferred version/,
  );
});

const classes = [
  {
    name: 'small',
    variables: [
      { name: 'region', required: true },
      { name: 'size', schema: { type: 'integer' } },
    ],
  },
  { name: 'elsewhere', namespace: 'classes' },
];
const order = (topology: object) =>
  clusterBody('one', {}, { topology: { ...clusterBody('one').spec.topology, ...topology } });

test('classes: listed with their workers and variables', async () => {
  const { client } = await startLab({ classes, namespaces: ['classes'] });
  const list = (await client.get(path.replace(/clusters$/, 'clusterclasses'))).json.items;
  expect(list.map(({ metadata }) => metadata.name)).toEqual(['small']);
  expect(list[0]?.spec).toMatchObject({
    workers: { machineDeployments: [{ class: 'default-worker' }] },
    variables: [
      { name: 'region', required: true, schema: { openAPIV3Schema: { type: 'string' } } },
      { name: 'size', required: false },
    ],
  });
  expect(
    (await client.get(path.replace(namespace, 'classes').replace(/clusters$/, 'clusterclasses/elsewhere')))
      .status,
  ).toBe(200);
});

test('classes: what the webhook refuses, and what it only warns of', async () => {
  const { lab, client } = await startLab({ classes, namespaces: ['classes'] });
  const refused = async (topology: object) => {
    const reply = await client.apply(`${path}/one`, order({ classRef: { name: 'small' }, ...topology }));
    expect([reply.status, reply.json.reason]).toEqual([422, 'Invalid']);
    return reply.json.message;
  };
  const region = { name: 'region', value: 'x' };
  expect(await refused({})).toMatch(
    /^admission webhook .* denied the request: Cluster.* spec\.topology\.variables: Required value: required variable with name "region"/,
  );
  expect(await refused({ variables: [region, { name: 'color', value: 1 }] })).toMatch(
    /variables\[color\]: .*variable is not defined/,
  );
  const workers = { machineDeployments: [{ class: 'huge', name: 'md-0' }] };
  expect(await refused({ variables: [region], workers })).toMatch(/machineDeployments\[0\]\.class: .*"huge"/);
  expect(await refused({ variables: [region], version: '1.31' })).toMatch(
    /spec\.topology\.version: .*semantic version/,
  );
  const cidr = { clusterNetwork: { pods: { cidrBlocks: ['10.0.0.0/99'] } } };
  const bad = await client.apply(`${path}/one`, { ...clusterBody('one'), spec: cidr });
  expect(bad.json.message).toMatch(/cidrBlocks\[0\]: Invalid value: "10\.0\.0\.0\/99": invalid CIDR address/);
  const warned = await client.apply(`${path}/one`, order({ classRef: { name: 'none' } }));
  expect(warned.status).toBe(201);
  expect(warned.headers.warning).toMatch(
    /^299 - "Cluster refers to ClusterClass dashbutton\/none, but this ClusterClass does not exist/,
  );
  await eventually(
    async () => condition((await client.get(`${path}/one`)).json, 'TopologyReconciled')?.status === 'False',
  );
  // It goes on as soon as the class is there.
  await client.call('PATCH', `${path}/one`, {
    type: mergeType,
    body: { spec: { topology: { classRef: { name: 'elsewhere', namespace: 'classes' } } } },
  });
  await reached(lab, 'one', 'ready');
});

test('classes in v1beta1: `class` and `classNamespace`', async () => {
  const { lab, client } = await startLab({ classes, namespaces: ['classes'] });
  const body = oldClusterBody('one');
  const topology = { ...body.spec.topology, class: 'elsewhere', classNamespace: 'classes' };
  const reply = await client.apply(`${clustersPath('v1beta1')}/one`, {
    ...body,
    spec: { ...body.spec, topology },
  });
  expect(reply.status, reply.text).toBe(201);
  expect(reply.json.spec.topology).toMatchObject({ class: 'elsewhere', classNamespace: 'classes' });
  expect((await client.get(`${path}/one`)).json.spec.topology).toMatchObject({
    classRef: { name: 'elsewhere', namespace: 'classes' },
  });
  await reached(lab, 'one', 'ready');
  const empty = await client.apply(`${clustersPath('v1beta1')}/two`, { ...oldClusterBody('two'), spec: {} });
  expect(empty.status).toBe(201);
  const without = await client.apply(`${clustersPath('v1beta1')}/three`, {
    ...oldClusterBody('three'),
    spec: { topology: { version: 'v1.31.2' } },
  });
  expect([without.status, without.json.message]).toEqual([
    422,
    'Cluster.cluster.x-k8s.io "three" is invalid: spec.topology.class: Required value',
  ]);
});
