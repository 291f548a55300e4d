/**
 * Custom resource definitions of our own writing, for a real API server without Cluster API: just enough of a
 * schema that it keeps, merges and refuses fields as the real ones do where it matters here.
 */
import type { ApiVersion } from '../../provisioner/src/platforms/cluster-api/objects.ts';
import type { Thing } from './kube-caller.ts';

type Schema = Record<string, unknown>;

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const number = { type: 'integer' };
const loose: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });
/** Merged by its key, as server-side apply does it: several managers may each have their own. */
const listBy = (key: string, item: Schema): Schema => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
  items: item,
});

const group = 'cluster.x-k8s.io';

/** A Cluster: what differs between the versions is the way in which the class is named, and that one wants a spec. */
function clusterSchema(version: ApiVersion): Schema {
  const blocks = object({ cidrBlocks: texts });
  const named = {
    v1beta1: { class: text, classNamespace: text },
    v1beta2: { classRef: { ...object({ name: text, namespace: text }), required: ['name'] } },
  }[version];
  const deployment = object({ class: text, name: text, replicas: number });
  const value = { 'x-kubernetes-preserve-unknown-fields': true };
  const topology = object({
    ...named,
    version: text,
    controlPlane: object({ replicas: number }),
    workers: object({ machineDeployments: listBy('name', { ...deployment, required: ['name'] }) }),
    variables: listBy('name', { ...object({ name: text, value }), required: ['name'] }),
  });
  const spec = object({
    paused: { type: 'boolean' },
    clusterNetwork: object({ pods: blocks, services: blocks, serviceDomain: text }),
    controlPlaneEndpoint: object({ host: text, port: number }),
    // Loose: written in one version and read in the other they stay as they are, because nothing converts here.
    controlPlaneRef: loose,
    infrastructureRef: loose,
    topology,
  });
  const whole = object({ spec: version === 'v1beta2' ? { ...spec, minProperties: 1 } : spec, status: loose });
  return version === 'v1beta2' ? { ...whole, required: ['spec'] } : whole;
}

/** Kinds beside the Cluster, with their plurals, by group. Those of the examples, and the class. */
export const partKinds: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [group]: { MachineDeployment: 'machinedeployments' },
  [`infrastructure.${group}`]: {
    DockerCluster: 'dockerclusters',
    DockerMachineTemplate: 'dockermachinetemplates',
  },
  [`controlplane.${group}`]: { KubeadmControlPlane: 'kubeadmcontrolplanes' },
  [`bootstrap.${group}`]: { KubeadmConfigTemplate: 'kubeadmconfigtemplates' },
};

/** @param served the API versions of Cluster API; the last is the one kept. */
export function definitions(served: readonly ApiVersion[]): Thing[] {
  const any = () => object({ spec: loose, status: loose });
  const parts = Object.entries(partKinds).flatMap(([itsGroup, kinds]) =>
    Object.entries(kinds).map(([kind, plural]) => definition(itsGroup, kind, plural, served, any)),
  );
  return [
    definition(group, 'Cluster', 'clusters', served, clusterSchema),
    definition(group, 'ClusterClass', 'clusterclasses', served, any),
    ...parts,
  ];
}

function definition(
  itsGroup: string,
  kind: string,
  plural: string,
  served: readonly ApiVersion[],
  schema: (version: ApiVersion) => Schema,
): Thing {
  const versions = served.map(name => ({
    name,
    served: true,
    storage: name === served.at(-1),
    schema: { openAPIV3Schema: schema(name) },
    subresources: { status: {} },
  }));
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${itsGroup}` },
    spec: {
      group: itsGroup,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions,
    },
  };
}

/** A class with one group of workers and one variable that has to be given. */
export function sampleClass(version: ApiVersion, name: string, namespace: string): Thing {
  const template = { metadata: {}, spec: {} };
  return {
    apiVersion: `${group}/${version}`,
    kind: 'ClusterClass',
    metadata: { name, namespace },
    spec: {
      infrastructure: {},
      controlPlane: {},
      workers: { machineDeployments: [{ class: 'default-worker', template }] },
      variables: [{ name: 'region', required: true, schema: { openAPIV3Schema: { type: 'string' } } }],
    },
  };
}

/** As a person would write it who has never heard of the button. */
export function sampleCluster(version: ApiVersion, name: string, namespace: string, range: string): Thing {
  const named = { v1beta1: { class: 'quick-start' }, v1beta2: { classRef: { name: 'quick-start' } } }[
    version
  ];
  return {
    apiVersion: `${group}/${version}`,
    kind: 'Cluster',
    metadata: { name, namespace },
    spec: {
      clusterNetwork: { pods: { cidrBlocks: [range] } },
      topology: {
        ...named,
        version: 'v1.31.2',
        controlPlane: { replicas: 1 },
        workers: { machineDeployments: [{ class: 'default-worker', name: 'md-0', replicas: 2 }] },
        variables: [{ name: 'region', value: 'eu-central-1' }],
      },
    },
  };
}
