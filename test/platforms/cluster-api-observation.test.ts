/** What Cluster objects mean: tables in the shapes of both versions, as their controllers write them step by step. */
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { accessFrom } from '../../provisioner/src/platforms/cluster-api/access.ts';
import type { KubeObject } from '../../provisioner/src/platforms/cluster-api/objects.ts';
import {
  foreignDescription,
  observationOf,
  rangesOf,
  stepsOf,
} from '../../provisioner/src/platforms/cluster-api/observation.ts';
import type { ClusterApiTemplate } from '../../provisioner/src/platforms/cluster-api/template.ts';
import { PlatformError } from '../../provisioner/src/platforms/platform.ts';

type Loose = Record<string, unknown>;

const template: ClusterApiTemplate = {
  class: 'quick-start',
  version: 'v1.31.2',
  controlPlane: { replicas: 3 },
  workers: [{ class: 'default-worker', name: 'md-0', replicas: 2 }],
};
const description = 'dash button house-01 of lab, press 7';
const sight = { id: 'u-1', description };
const endpoint = { controlPlaneEndpoint: { host: '10.0.0.5', port: 6443 } };

function cluster(version: string, status: Loose, spec: Loose = {}, metadata: Loose = {}): KubeObject {
  return {
    apiVersion: `cluster.x-k8s.io/${version}`,
    kind: 'Cluster',
    metadata: {
      name: 'house-01-7',
      uid: 'u-1',
      labels: { 'dashbutton.dev/cluster': 'house-01-7' },
      annotations: { 'dashbutton.dev/press': description },
      ...metadata,
    },
    spec: { clusterNetwork: { pods: { cidrBlocks: ['10.128.0.0/18'] } }, ...spec },
    status,
  };
}

const condition = (type: string, status: string, reason = '', message = '') => ({
  type,
  status,
  reason,
  message,
});
const count = (desiredReplicas: number, readyReplicas: number) => ({
  desiredReplicas,
  replicas: desiredReplicas,
  readyReplicas,
  availableReplicas: readyReplicas,
  upToDateReplicas: desiredReplicas,
});

/** What is seen, in short. */
function seen(version: string, status: Loose, spec: Loose = {}, of: ClusterApiTemplate = template): string {
  const found = observationOf(cluster(version, status, spec), of);
  if (found.kind === 'building') return `${found.phase}; ${found.done}/${found.total}`;
  return found.kind === 'failed' ? `failed: ${found.message}` : found.kind;
}

/** Name, status, spec, what is seen. */
type Row = [string, Loose, Loose, string];

const v1beta1: Row[] = [
  ['nothing yet', {}, {}, 'infrastructure; 0/7'],
  ['a phase that promises too much', { phase: 'Provisioned' }, endpoint, 'infrastructure; 0/7'],
  [
    'a class that does not fit',
    { conditions: [condition('TopologyReconciled', 'False', 'TopologyReconcileFailed', 'x')] },
    {},
    'topology: TopologyReconcileFailed; 0/7',
  ],
  [
    'no room',
    { conditions: [condition('InfrastructureReady', 'False', 'LoadBalancerProvisioningFailed')] },
    {},
    'infrastructure: LoadBalancerProvisioni..; 0/7',
  ],
  [
    'the first machine',
    {
      infrastructureReady: true,
      controlPlaneReady: false,
      conditions: [
        condition('Ready', 'False', 'WaitingForControlPlane'),
        condition('InfrastructureReady', 'True'),
        condition('ControlPlaneInitialized', 'False', 'MissingNodeRef'),
      ],
    },
    endpoint,
    'control plane: MissingNodeRef; 1/7',
  ],
  [
    'initialised, by its condition; nobody counts',
    { infrastructureReady: true, conditions: [condition('ControlPlaneInitialized', 'True')] },
    endpoint,
    'ready',
  ],
  ['initialised, by its field', { infrastructureReady: true, controlPlaneReady: true }, endpoint, 'ready'],
  [
    'no endpoint',
    { infrastructureReady: true, controlPlaneReady: true },
    {},
    'waiting for the endpoint; 2/7',
  ],
  [
    'machines, counted by a later release',
    {
      infrastructureReady: true,
      controlPlaneReady: true,
      v1beta2: { controlPlane: count(3, 1), workers: count(2, 0) },
      conditions: [condition('ControlPlaneReady', 'False', 'ScalingUp')],
    },
    endpoint,
    'machines 1/5: ScalingUp; 3/7',
  ],
  [
    'all there',
    {
      infrastructureReady: true,
      controlPlaneReady: true,
      v1beta2: { controlPlane: count(3, 3), workers: count(2, 2) },
    },
    endpoint,
    'ready',
  ],
  [
    'broken for good',
    { failureReason: 'CreateError', failureMessage: 'no such\nimage', infrastructureReady: true },
    endpoint,
    'failed: CreateError: no such image',
  ],
  ['a phase that says failed', { phase: 'Failed' }, {}, 'infrastructure; 0/7'],
];

const initialization = { infrastructureProvisioned: true, controlPlaneInitialized: true };
const v1beta2: Row[] = [
  ['nothing yet', {}, {}, 'infrastructure; 0/7'],
  ['a phase that promises too much', { phase: 'Provisioned' }, endpoint, 'infrastructure; 0/7'],
  [
    'being made: reasons that say nothing are not shown',
    {
      conditions: [
        condition('Available', 'False', 'NotAvailable'),
        condition('TopologyReconciled', 'False', 'ClusterCreating'),
        condition('InfrastructureReady', 'False', 'NotReady'),
      ],
    },
    {},
    'infrastructure; 0/7',
  ],
  [
    'the infrastructure waits',
    { conditions: [condition('InfrastructureReady', 'Unknown', 'DoesNotExist')] },
    {},
    'infrastructure: DoesNotExist; 0/7',
  ],
  [
    'the first machine',
    {
      initialization: { infrastructureProvisioned: true },
      conditions: [condition('ControlPlaneInitialized', 'False', 'NotInitialized')],
      controlPlane: count(3, 0),
      workers: count(2, 0),
    },
    endpoint,
    'control plane: NotInitialized; 1/7',
  ],
  [
    'the other version is not read',
    { infrastructureReady: true, controlPlaneReady: true },
    endpoint,
    'infrastructure; 0/7',
  ],
  ['nobody counts', { initialization }, endpoint, 'ready'],
  [
    'no endpoint',
    { initialization },
    { controlPlaneEndpoint: { host: '', port: 0 } },
    'waiting for the endpoint; 2/7',
  ],
  [
    'workers on their way',
    {
      initialization,
      controlPlane: count(3, 3),
      workers: count(2, 1),
      conditions: [condition('WorkersAvailable', 'False', 'NotAvailable')],
    },
    endpoint,
    'machines 4/5; 6/7',
  ],
  [
    'workers not come to yet',
    { initialization, controlPlane: count(3, 3), workers: count(0, 0) },
    endpoint,
    'machines 3/5; 5/7',
  ],
  [
    'fewer by somebody else’s wish',
    { initialization, controlPlane: count(3, 3), workers: count(1, 1) },
    endpoint,
    'ready',
  ],
  [
    'more by somebody else’s wish',
    { initialization, controlPlane: count(3, 3), workers: count(4, 3) },
    endpoint,
    'machines 6/7; 8/9',
  ],
  ['all there', { initialization, controlPlane: count(3, 3), workers: count(2, 2) }, endpoint, 'ready'],
  [
    'broken for good',
    { deprecated: { v1beta1: { failureReason: 'CreateError', failureMessage: 'no image' } } },
    {},
    'failed: CreateError: no image',
  ],
  [
    'paused',
    { conditions: [condition('Paused', 'True', 'Paused')] },
    {},
    'paused by somebody on the platform; 0/7',
  ],
  ['paused, not yet seen', {}, { paused: true }, 'paused by somebody on the platform; 0/7'],
  [
    'garbage',
    { conditions: 'x', initialization: [], controlPlane: 3 },
    { controlPlaneEndpoint: 1 },
    'infrastructure; 0/7',
  ],
];

describe.each([
  ['v1beta1', v1beta1],
  ['v1beta2', v1beta2],
] as const)('%s', (version, rows) => {
  test.each(rows)('%s', (_, status, spec, expected) => {
    expect(seen(version, status, spec)).toBe(expected);
  });

  const done =
    version === 'v1beta1'
      ? { infrastructureReady: true, controlPlaneReady: true, v1beta2: { controlPlane: count(1, 0) } }
      : { initialization, controlPlane: count(1, 0) };

  test('ready without nodes, where they wait for what comes after', () => {
    expect(seen(version, done, endpoint)).toMatch(/^machines/);
    const soon: ClusterApiTemplate = { ...template, readyWhen: 'controlPlane' };
    expect(seen(version, done, endpoint, soon)).toBe('ready');
    expect(seen(version, {}, {}, soon)).toBe('infrastructure; 0/2');
    expect(stepsOf(soon)).toBe(2);
  });

  test('on its way out, whatever else is said', () => {
    const metadata = { deletionTimestamp: '2030-01-01T00:00:00Z' };
    const found = observationOf(
      cluster(version, { ...done, failureReason: 'x' }, endpoint, metadata),
      template,
    );
    expect(found).toEqual({ ...sight, kind: 'deleting' });
  });
});

test('steps are known before: infrastructure, first machine, all machines', () => {
  expect(stepsOf(template)).toBe(7);
  expect(stepsOf({ class: 'c', version: 'v1.31.2' })).toBe(2);
  const { replicas: _, ...open } = { class: 'w', name: 'a', replicas: 1 };
  expect(stepsOf({ class: 'c', version: 'v1.31.2', workers: [open] })).toBe(3);
  expect(stepsOf({ manifests: [], version: 'v1.31.2', controlPlaneReplicas: 1, workerReplicas: 4 })).toBe(7);
});

test('one without both halves of our mark is somebody else’s, and says so', () => {
  const of = (metadata: Loose) => observationOf(cluster('v1beta2', {}, {}, metadata), template);
  expect(of({})).toMatchObject(sight);
  for (const metadata of [
    { annotations: {} },
    { annotations: undefined },
    { labels: {} },
    { labels: { 'dashbutton.dev/cluster': 'house-01-8' } },
  ]) {
    expect(of(metadata)).toMatchObject({ description: foreignDescription });
  }
  // An empty one would leave open whose it is.
  expect(foreignDescription).not.toBe('');
});

test('ranges of any cluster', () => {
  expect(rangesOf(cluster('v1beta2', {}))).toEqual(['10.128.0.0/18']);
  expect(rangesOf(cluster('v1beta2', {}, { clusterNetwork: undefined }))).toEqual([]);
  const pods = { cidrBlocks: ['fd00::/48', '10.0.0.0/16', 3] };
  expect(rangesOf(cluster('v1beta1', {}, { clusterNetwork: { pods } }))).toEqual([
    'fd00::/48',
    '10.0.0.0/16',
  ]);
});

function kubeconfigFor(server: string): string {
  return stringify({
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': 'eA==' } }],
    users: [{ name: 'u', user: { token: 's3cret' } }],
  });
}

describe('the kubeconfig', () => {
  const text = kubeconfigFor('https://10.0.0.5:6443');
  const owner = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: 'house-01-7', uid: 'u-1' };
  const label = { 'cluster.x-k8s.io/cluster-name': 'house-01-7' };
  const secret = (metadata: Loose, value: string | undefined = text): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'house-01-7-kubeconfig', ...metadata },
    data: { value: Buffer.from(value).toString('base64') },
  });
  const whole = cluster('v1beta2', { initialization }, endpoint);

  test.each([
    ['with the label', { labels: label }],
    ['with the Cluster as owner', { ownerReferences: [owner] }],
    [
      'with another owner beside the label',
      { labels: label, ownerReferences: [{ ...owner, kind: 'KubeadmControlPlane', uid: 'k' }] },
    ],
  ])('%s', (_, metadata) => {
    expect(accessFrom(whole, secret(metadata))).toMatchObject({
      address: '10.0.0.5',
      server: 'https://10.0.0.5:6443',
      kubeconfig: text,
    });
  });

  const wrong: [string, KubeObject, KubeObject | undefined, RegExp, boolean][] = [
    ['not there', whole, undefined, /Secret house-01-7-kubeconfig: not there yet/, true],
    ['empty', whole, { ...secret({ labels: label }), data: {} }, /no value in it yet/, true],
    ['half', whole, secret({ labels: label }, 'clusters: []'), /names no server/, true],
    ['of nobody', whole, secret({}), /is not of this cluster/, false],
    [
      'of another cluster',
      whole,
      secret({ labels: { 'cluster.x-k8s.io/cluster-name': 'x' } }),
      /is not of this/,
      false,
    ],
    [
      'of an earlier one',
      whole,
      secret({ labels: label, ownerReferences: [{ ...owner, uid: 'u-0' }] }),
      /earlier/,
      true,
    ],
    [
      'of a cluster without endpoint',
      cluster('v1beta2', {}),
      secret({ labels: label }),
      /no endpoint yet/,
      true,
    ],
    [
      'to somewhere else',
      cluster('v1beta2', {}, { controlPlaneEndpoint: { host: '10.0.0.6', port: 6443 } }),
      secret({ labels: label }),
      /leads to 10\.0\.0\.5, but the cluster's controlPlaneEndpoint is 10\.0\.0\.6/,
      false,
    ],
  ];
  test.each(wrong)('%s', (_, of, its, expected, transient) => {
    let error: unknown;
    try {
      accessFrom(of, its);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(PlatformError);
    expect(error).toMatchObject({ message: expect.stringMatching(expected), transient });
    expect(String(error)).not.toContain('s3cret');
  });

  test('names are compared as names, IPv6 with and without brackets', () => {
    const at = (host: string, server: string) =>
      accessFrom(
        cluster('v1beta1', {}, { controlPlaneEndpoint: { host, port: 443 } }),
        secret({ labels: label }, kubeconfigFor(server)),
      ).address;
    expect(at('API.Example.net', 'https://api.example.net')).toBe('api.example.net');
    expect(at('fd00::5', 'https://[fd00::5]:6443')).toBe('[fd00::5]');
  });

  test('the provider of EKS writes a whole URL where the host stands', () => {
    const host = 'https://A1B2C3.gr7.eu-central-1.eks.amazonaws.com';
    const of = cluster('v1beta1', {}, { controlPlaneEndpoint: { host, port: 443 } });
    const its = secret({ labels: label }, kubeconfigFor(host));
    expect(accessFrom(of, its).address).toBe('a1b2c3.gr7.eu-central-1.eks.amazonaws.com');
    const other = secret({ labels: label }, kubeconfigFor('https://other.eks.amazonaws.com'));
    expect(() => accessFrom(of, other)).toThrow(/leads to other\.eks/);
  });
});
