/**
 * A CustomResourceDefinition of our own for `Cluster`, with the fields that the tests use: for a real API server, on
 * which no Cluster API is installed.
 */

const text = { type: 'string' };
const count = { type: 'integer', format: 'int32' };
const filled = { type: 'string', minLength: 1 };
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const blocks = object(
  { cidrBlocks: { type: 'array', items: text, minItems: 1 } },
  { required: ['cidrBlocks'] },
);
const machines = {
  type: 'array',
  items: object({ class: filled, name: filled, replicas: count }, { required: ['class', 'name'] }),
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
};
const free = { 'x-kubernetes-preserve-unknown-fields': true };
const variables = {
  type: 'array',
  items: object({ name: filled, value: free }, { required: ['name', 'value'] }),
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
};
const ref = object({ name: filled, namespace: text }, { required: ['name'] });

const spec = object(
  {
    paused: { type: 'boolean' },
    clusterNetwork: object({ pods: blocks, services: blocks, serviceDomain: text }, { minProperties: 1 }),
    controlPlaneEndpoint: object({ host: filled, port: count }, { minProperties: 1 }),
    topology: object(
      {
        classRef: ref,
        version: filled,
        controlPlane: object({ replicas: count }, { minProperties: 1 }),
        workers: object({ machineDeployments: machines }, { minProperties: 1 }),
        variables,
      },
      { required: ['classRef', 'version'] },
    ),
  },
  { minProperties: 1 },
);

const status = { type: 'object', ...free };

/** Both versions are served and look alike: nobody is there to convert. */
export const clusterCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'clusters.cluster.x-k8s.io',
    // The group is protected: without a word of approval the server would not serve it.
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
  },
  spec: {
    group: 'cluster.x-k8s.io',
    names: { kind: 'Cluster', listKind: 'ClusterList', plural: 'clusters', singular: 'cluster' },
    scope: 'Namespaced',
    versions: ['v1beta2', 'v1beta1'].map(name => ({
      name,
      served: true,
      storage: name === 'v1beta2',
      subresources: { status: {} },
      schema: {
        openAPIV3Schema: object(
          { apiVersion: text, kind: text, metadata: { type: 'object' }, spec, status },
          { required: ['spec'] },
        ),
      },
    })),
  },
};
