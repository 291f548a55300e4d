/** What Cluster objects mean: tables in the shapes of both versions, as their controllers write them step by step. */
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { oneLine } from '../../../../provisioner/src/common/line.ts';
import { PlatformError } from '../../../../provisioner/src/common/platform.ts';
import type { KubeObject } from '../../../../provisioner/src/kubernetes/objects.ts';
import { accessFrom } from '../../../../provisioner/src/platforms/cluster-api/access.ts';
import {
  foreignDescription,
  observationOf,
  rangesOf,
  stepsOf,
} from '../../../../provisioner/src/platforms/cluster-api/observation.ts';
import type { ClusterApiTemplate } from '../../../../provisioner/src/platforms/cluster-api/template.ts';

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

/** What is seen, in short, as a display has it. */
function seen(version: string, status: Loose, spec: Loose = {}, of: ClusterApiTemplate = template): string {
  const found = observationOf(cluster(version, status, spec), of);
  if (found.kind === 'building') return `${oneLine(found.phase, 40)}; ${found.done}/${found.total}`;
  return found.kind === 'failed' ? `failed: ${found.message}` : found.kind;
}

/** Name, status, spec, what is seen. */
type Row = [string, Loose, Loose, string];

const initialised8 = { infrastructureReady: true, controlPlaneReady: true };
const ready8 = [condition('Ready', 'True'), condition('InfrastructureReady', 'True')];
const v1beta1: Row[] = [
  ['nothing yet', {}, {}, 'infrastructure; 0/7'],
  ['a phase that promises too much', { phase: 'Provisioned' }, endpoint, 'infrastructure; 0/7'],
  [
    'a class that does not fit',
    { conditions: [condition('TopologyReconciled', 'False', 'TopologyReconcileFailed', 'x')] },
    {},
    'topology: x; 0/7',
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
    'initialised, by its condition; nobody counts, and nobody says ready',
    { infrastructureReady: true, conditions: [condition('ControlPlaneInitialized', 'True')] },
    endpoint,
    'machines 0/5; 2/7',
  ],
  [
    'initialised, by its field',
    { infrastructureReady: true, controlPlaneReady: true },
    endpoint,
    'machines 0/5; 2/7',
  ],
  [
    'a release of 1.8, which counts nothing: its words decide',
    { ...initialised8, conditions: [...ready8, condition('ControlPlaneReady', 'True')] },
    endpoint,
    'ready',
  ],
  [
    'a release of 1.8, the control plane on its way',
    { ...initialised8, conditions: [...ready8, condition('ControlPlaneReady', 'False', 'ScalingUp')] },
    endpoint,
    'machines 0/5: ScalingUp; 2/7',
  ],
  [
    'a release of 1.8, as a whole not ready',
    {
      ...initialised8,
      conditions: [condition('ControlPlaneReady', 'True'), condition('Ready', 'False', 'Waiting')],
    },
    endpoint,
    'machines 0/5: Waiting; 2/7',
  ],
  [
    'counted, but the later release’s own summary says no',
    {
      ...initialised8,
      v1beta2: {
        controlPlane: count(3, 3),
        workers: count(2, 2),
        conditions: [condition('Available', 'False', 'NotAvailable')],
      },
    },
    endpoint,
    'machines 5/5; 7/7',
  ],
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
const available = condition('Available', 'True', 'Available');
const allThere = { initialization, controlPlane: count(3, 3), workers: count(2, 2) };
const notAvailable = (message: string) => ({
  conditions: [condition('Available', 'False', 'NotAvailable', message)],
});
const topologyFalse = (reason: string, message: string) => ({
  conditions: [available, condition('TopologyReconciled', 'False', reason, message)],
});
const quota =
  'failed to create MachineDeployment lab/a-7-md-0-x2m4k: machinedeployments.cluster.x-k8s.io "a-7-md-0-x2m4k" is ' +
  'forbidden: exceeded quota: none, requested: count/machinedeployments.cluster.x-k8s.io=1';
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
    'control plane: first machine is starting; 1/7',
  ],
  [
    'the other version is not read',
    { infrastructureReady: true, controlPlaneReady: true },
    endpoint,
    'infrastructure; 0/7',
  ],
  ['nobody counts', { initialization, conditions: [available] }, endpoint, 'machines 0/5; 2/7'],
  [
    'workers not made, whatever else is there',
    { initialization, controlPlane: count(3, 3), workers: {}, conditions: [available] },
    endpoint,
    'machines 3/5; 5/7',
  ],
  ['all counted, and nobody says available', allThere, endpoint, 'machines 5/5; 7/7'],
  [
    'all counted, not available: the first leaf that says why',
    {
      ...allThere,
      ...notAvailable(
        '* WorkersAvailable:\n  * MachineDeployment a-7-md-0-x2m4k: 1 available replicas, at least 2 required (spec.x is 0)\n' +
          '* RemoteConnectionProbe: Remote connection probe failed',
      ),
    },
    endpoint,
    'machines 5/5: RemoteConnectionProbe: R..; 7/7',
  ],
  [
    'counted as ordered, but the topology was refused',
    { ...allThere, ...topologyFalse('ReconcileFailed', quota) },
    endpoint,
    'topology: exceeded quota: none, reques..; 7/7',
  ],
  [
    'a class that is not there: the reason, not the way to it',
    topologyFalse(
      'ReconcileFailed',
      'error reading the ClusterClass: failed to get ClusterClass lab/nope: ClusterClass.cluster.x-k8s.io "nope" not found',
    ),
    {},
    'topology: ClusterClass "nope" not found; 0/7',
  ],
  [
    'held back: the last bullet',
    topologyFalse(
      'ClusterUpgrading',
      'Cluster is upgrading to v1.35.0\n  * MachineDeployment md-0 creation deferred',
    ),
    {},
    'topology: MachineDeployment md-0 creat..; 0/7',
  ],
  [
    'the first machine answers, its control plane does not yet',
    {
      initialization: { infrastructureProvisioned: true },
      conditions: [
        condition('ControlPlaneInitialized', 'False', 'NotInitialized', 'Control plane not yet initialized'),
        condition(
          'ControlPlaneAvailable',
          'False',
          'NotAvailable',
          'Waiting for etcd to report the list of members',
        ),
      ],
    },
    endpoint,
    'control plane: Waiting for etcd to rep..; 1/7',
  ],
  [
    'as the topology on the Cluster orders: fewer than the profile by now',
    { initialization, controlPlane: count(1, 1), workers: count(2, 2), conditions: [available] },
    {
      ...endpoint,
      topology: { controlPlane: { replicas: 1 }, workers: { machineDeployments: [{ replicas: 2 }, {}] } },
    },
    'ready',
  ],
  [
    'a group that an autoscaler begins at none has no count',
    { initialization, controlPlane: count(1, 1), workers: {}, conditions: [available] },
    { ...endpoint, topology: { controlPlane: { replicas: 1 }, workers: { machineDeployments: [{}] } } },
    'ready',
  ],
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
    'fewer than ordered, whoever wishes that',
    { initialization, controlPlane: count(3, 3), workers: count(1, 1), conditions: [available] },
    endpoint,
    'machines 4/5; 6/7',
  ],
  [
    'more by somebody else’s wish',
    { initialization, controlPlane: count(3, 3), workers: count(4, 3) },
    endpoint,
    'machines 6/7; 8/9',
  ],
  ['all there', { ...allThere, conditions: [available] }, endpoint, 'ready'],
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
  test.each(rows)('what is shown of a cluster: %s', (_, status, spec, expected) => {
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

  test('what was ordered is refused: not ready without nodes either', () => {
    const soon: ClusterApiTemplate = { ...template, readyWhen: 'controlPlane' };
    const conditions = [condition('TopologyReconciled', 'False', 'ReconcileFailed', quota)];
    expect(seen(version, { ...done, conditions }, endpoint, soon)).toBe(
      'topology: exceeded quota: none, reques..; 2/2',
    );
    const found = observationOf(cluster(version, { ...done, conditions }, endpoint), soon);
    expect(found).toMatchObject({ trouble: `topology: ${quota}` });
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
  expect(stepsOf({ class: 'c', version: 'v1.31.2', workers: [open] })).toBe(2);
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
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
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
  ])('a Secret that is believed: %s', (_, metadata) => {
    expect(accessFrom(whole, secret(metadata))).toMatchObject({
      address: '10.0.0.5',
      server: 'https://10.0.0.5:6443',
      kubeconfig: text,
    });
  });

  const wrong: [string, KubeObject, KubeObject | undefined, RegExp, boolean][] = [
    ['not there', whole, undefined, /Secret house-01-7-kubeconfig: not there yet/, true],
    ['empty', whole, { ...secret({ labels: label }), data: {} }, /no value in it yet/, true],
    ['half', whole, secret({ labels: label }, 'clusters: []'), /has no current-context/, true],
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
      /leads to 10\.0\.0\.5, port 6443, but the cluster's controlPlaneEndpoint is 10\.0\.0\.6, port 6443/,
      false,
    ],
  ];
  test.each(wrong)('a Secret that is not believed: %s', (_, of, its, expected, transient) => {
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

  const at = (host: string, port: number, server: string) =>
    accessFrom(
      cluster('v1beta1', {}, { controlPlaneEndpoint: { host, port } }, { namespace: 'lab' }),
      secret({ labels: label }, kubeconfigFor(server)),
    ).address;
  test.each([
    ['case', 'API.Example.net', 443, 'https://api.example.net', 'api.example.net'],
    ['the dot at the end', 'api.example.net.', 6443, 'https://api.example.net:6443', 'api.example.net'],
    ['a port that is left out', 'api.example.net', 443, 'https://api.example.net:443/', 'api.example.net'],
    ['brackets', 'fd00::5', 6443, 'https://[fd00::5]:6443', '[fd00::5]'],
    ['zeros of IPv6', 'FD00:0:0:0:0:0:0:5', 6443, 'https://[fd00::5]:6443', '[fd00::5]'],
    ['IPv4 in IPv6', '::ffff:10.0.0.5', 6443, 'https://10.0.0.5:6443', '10.0.0.5'],
    ['a path', 'rancher.example.net', 443, 'https://rancher.example.net/k8s/a', 'rancher.example.net'],
    [
      'a domain of Services',
      'cp.lab.svc',
      6443,
      'https://cp.lab.svc.cluster.local:6443',
      'cp.lab.svc.cluster.local',
    ],
    ['its own Service', '10.0.0.5', 31_000, 'https://cp.lab.svc:6443', '10.0.0.5:31000'],
    ['its own Service, IPv6', 'fd00::5', 6443, 'https://cp.lab.svc.cluster.local', '[fd00::5]'],
  ])('two spellings of one place: %s', (_, host, port, server, address) => {
    expect(at(host, port, server)).toBe(address);
  });

  test.each([
    ['another port, as where many clusters share an address', '10.0.0.5', 31_000, 'https://10.0.0.5:31001'],
    ['a Service of another namespace', '10.0.0.5', 6443, 'https://cp.other.svc:6443'],
    ['a name that only looks like a Service', '10.0.0.5', 6443, 'https://cp.lab.svc.example.net:6443'],
  ])('two places: %s', (_, host, port, server) => {
    expect(() => at(host, port, server)).toThrow(/leads to .*, but the cluster's controlPlaneEndpoint is/);
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
