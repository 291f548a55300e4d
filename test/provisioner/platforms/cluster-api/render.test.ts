/** A press as objects, in both versions and both ways. */
import { describe, expect, test } from 'vitest';
import { longestName, problemsOf } from '../../../../provisioner/src/platforms/cluster-api/check.ts';
import { ownedBy, render } from '../../../../provisioner/src/platforms/cluster-api/render.ts';
import {
  type ManifestsTemplate,
  type TopologyTemplate,
  templateOf,
} from '../../../../provisioner/src/platforms/cluster-api/template.ts';

const order = {
  name: 'desk-by-door-7',
  range: '10.128.64.0/18',
  description: 'dash button desk-by-door of lab, press 7',
};
const marks = {
  namespace: 'lab',
  labels: {
    'app.kubernetes.io/managed-by': 'dashbutton',
    'dashbutton.dev/cluster': 'desk-by-door-7',
    'dashbutton.dev/button': 'desk-by-door',
    'dashbutton.dev/press': '7',
  },
  annotations: { 'dashbutton.dev/press': order.description },
};

const topology: TopologyTemplate = {
  class: 'quick-start',
  classNamespace: 'classes',
  version: 'v1.31.2',
  controlPlane: { replicas: 3 },
  workers: [{ class: 'default-worker', name: 'md-0', replicas: 2 }],
  variables: { region: 'eu-central-1', sizes: { cpu: 4 } },
  services: '10.96.0.0/12',
  serviceDomain: 'cluster.local',
};

describe('a topology', () => {
  const rest = {
    version: 'v1.31.2',
    controlPlane: { replicas: 3 },
    workers: { machineDeployments: [{ class: 'default-worker', name: 'md-0', replicas: 2 }] },
    variables: [
      { name: 'region', value: 'eu-central-1' },
      { name: 'sizes', value: { cpu: 4 } },
    ],
  };
  const clusterNetwork = {
    pods: { cidrBlocks: ['10.128.64.0/18'] },
    services: { cidrBlocks: ['10.96.0.0/12'] },
    serviceDomain: 'cluster.local',
  };

  test('in v1beta1', () => {
    expect(render(topology, order, 'lab', 'v1beta1')).toEqual([
      {
        apiVersion: 'cluster.x-k8s.io/v1beta1',
        kind: 'Cluster',
        metadata: { name: order.name, ...marks },
        spec: { clusterNetwork, topology: { class: 'quick-start', classNamespace: 'classes', ...rest } },
      },
    ]);
  });

  test('in v1beta2', () => {
    expect(render(topology, order, 'lab', 'v1beta2')).toEqual([
      {
        apiVersion: 'cluster.x-k8s.io/v1beta2',
        kind: 'Cluster',
        metadata: { name: order.name, ...marks },
        spec: {
          clusterNetwork,
          topology: { classRef: { name: 'quick-start', namespace: 'classes' }, ...rest },
        },
      },
    ]);
  });

  test.each([
    'v1beta1',
    'v1beta2',
  ] as const)('of the least in %s: nothing is sent that was not said', version => {
    const [cluster] = render({ class: 'c', version: 'v1.31.2' }, order, 'lab', version);
    expect(cluster.spec).toEqual({
      clusterNetwork: { pods: { cidrBlocks: ['10.128.64.0/18'] } },
      topology: {
        ...(version === 'v1beta1' ? { class: 'c' } : { classRef: { name: 'c' } }),
        version: 'v1.31.2',
      },
    });
  });
});

describe('manifests', () => {
  const cluster = {
    apiVersion: 'cluster.x-k8s.io/v1beta1',
    kind: 'Cluster',
    metadata: {
      name: `\${CLUSTER_NAME}`,
      namespace: `\${NAMESPACE}`,
      labels: { team: 'a', cni: `\${POD_RANGE}` },
    },
    spec: {
      clusterNetwork: {
        pods: { cidrBlocks: [`\${POD_RANGE}`] },
        services: { cidrBlocks: [`\${SERVICE_RANGE}`] },
      },
    },
  };
  const workers = {
    apiVersion: 'cluster.x-k8s.io/v1beta1',
    kind: 'MachineDeployment',
    metadata: {
      name: `\${CLUSTER_NAME}-workers`,
      annotations: { wanted: `\${WORKER_REPLICAS}`, 'dashbutton.dev/press': 'forged' },
    },
    spec: {
      replicas: `\${WORKER_REPLICAS}`,
      words: `\${WORKER_REPLICAS} of $\${WORKER_REPLICAS}, \${KUBERNETES_VERSION}`,
      list: [{ replicas: `\${CONTROL_PLANE_REPLICAS}` }],
    },
  };
  const template: ManifestsTemplate = {
    manifests: [workers, cluster],
    version: 'v1.31.2',
    controlPlaneReplicas: 3,
    workerReplicas: 2,
    services: '10.96.0.0/12',
  };

  test('the Cluster first, filled in, marked, all in the namespace', () => {
    expect(render(template, order, 'lab', 'v1beta2')).toEqual([
      {
        apiVersion: 'cluster.x-k8s.io/v1beta1',
        kind: 'Cluster',
        metadata: {
          name: 'desk-by-door-7',
          ...marks,
          labels: { team: 'a', cni: '10.128.64.0/18', ...marks.labels },
        },
        spec: {
          clusterNetwork: {
            pods: { cidrBlocks: ['10.128.64.0/18'] },
            services: { cidrBlocks: ['10.96.0.0/12'] },
          },
        },
      },
      {
        apiVersion: 'cluster.x-k8s.io/v1beta1',
        kind: 'MachineDeployment',
        metadata: {
          name: 'desk-by-door-7-workers',
          ...marks,
          // A number would be refused here, and our mark is nobody else's to write.
          annotations: { wanted: '2', ...marks.annotations },
        },
        spec: { replicas: 2, words: `2 of \${WORKER_REPLICAS}, v1.31.2`, list: [{ replicas: 3 }] },
      },
    ]);
  });

  test('the others belong to the Cluster', () => {
    const [made, other] = render(template, order, 'lab', 'v1beta2');
    const owner = { ...made, metadata: { ...made.metadata, uid: 'u-1' } };
    expect(other === undefined ? [] : ownedBy(other, owner).metadata.ownerReferences).toEqual([
      { apiVersion: 'cluster.x-k8s.io/v1beta1', kind: 'Cluster', name: 'desk-by-door-7', uid: 'u-1' },
    ]);
  });

  test('a placeholder without a value stops everything', () => {
    const { services: _, ...without } = template;
    expect(() => render(without, order, 'lab', 'v1beta2')).toThrow(`nothing is known of \${SERVICE_RANGE}`);
  });

  test('good ones have no problems with the longest name', () => {
    expect(problemsOf(template, { ...order, name: longestName }, 'lab')).toEqual([]);
    expect(longestName).toHaveLength(31);
  });
});

test('a name that is not of a press has no button', () => {
  const [cluster] = render(templateOf({ ...topology }), { ...order, name: 'x' }, 'lab', 'v1beta2');
  expect(cluster.metadata.labels).toEqual({
    'app.kubernetes.io/managed-by': 'dashbutton',
    'dashbutton.dev/cluster': 'x',
  });
});
