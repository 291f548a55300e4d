/** A press as Kubernetes objects: the Cluster first, then what belongs to it. Pure. */

import type { ClusterRequest, Origin } from '../../common/platform.ts';
import { type ApiVersion, clusterGroup, type KubeObject } from '../../kubernetes/objects.ts';
import { fillInValue, placeholdersIn } from '../../kubernetes/placeholders.ts';
import {
  type ClusterApiTemplate,
  isTopology,
  type ManifestsTemplate,
  type TopologyTemplate,
} from './template.ts';

/** Prefix of all labels and annotations of ours: a DNS name, as Kubernetes wants it. */
const prefix = 'dashbutton.dev';

/** Holds the request's description, word for word: our mark. */
export const pressAnnotation = `${prefix}/press`;
/** On the Cluster alone: what the order came from, see {@link Origin}. No part of our mark. */
export const profileAnnotation = `${prefix}/profile`;
export const acceptedAnnotation = `${prefix}/accepted`;
/** On every object, with the cluster's name: for selectors, and the second half of our mark. */
export const clusterLabel = `${prefix}/cluster`;
const managedBy = 'app.kubernetes.io/managed-by';
export const manager = 'dashbutton';

/** What may stand in `${…}` in manifests. */
export const placeholders = [
  'CLUSTER_NAME',
  'NAMESPACE',
  'POD_RANGE',
  'SERVICE_RANGE',
  'KUBERNETES_VERSION',
  'CONTROL_PLANE_REPLICAS',
  'WORKER_REPLICAS',
] as const;

/** Numbers: where one is the whole text it becomes a number, because the API takes no text for one … */
const numbers: readonly string[] = ['CONTROL_PLANE_REPLICAS', 'WORKER_REPLICAS'];
/** … but not below these, where it takes nothing but texts. */
const textsOnly = ['labels', 'annotations', 'matchLabels', 'nodeSelector'];

export type Order = Pick<ClusterRequest, 'name' | 'range' | 'description' | 'origin'>;

/**
 * All objects of one press, in the order in which they are to be applied: the Cluster is the first, once, and carries
 * the pods' range. Others get their owner when it has its uid: see {@link ownedBy}.
 * @param version in which a topology is written; manifests have their own.
 * @throws Error when a placeholder has no value: check.ts has seen that at the start.
 */
export function render(
  template: ClusterApiTemplate,
  order: Order,
  namespace: string,
  version: ApiVersion,
): [KubeObject, ...KubeObject[]] {
  const objects = isTopology(template)
    ? [topology(template, order, namespace, version)]
    : fromManifests(template, order, namespace);
  const marked = objects.map(object => mark(object, order, namespace));
  const cluster = marked.find(isCluster);
  if (cluster === undefined) throw new Error('the manifests have no Cluster');
  return [cluster, ...marked.filter(object => object !== cluster)];
}

export function isCluster({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean {
  return kind === 'Cluster' && apiVersion.startsWith(`${clusterGroup}/`);
}

/** The object, deleted by the server when this Cluster is gone. */
export function ownedBy(object: KubeObject, cluster: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = cluster;
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
}

function topology(
  template: TopologyTemplate,
  { name, range }: Order,
  namespace: string,
  version: ApiVersion,
): KubeObject {
  const { class: className, classNamespace, services, serviceDomain, workers, variables } = template;
  const elsewhere = classNamespace !== undefined && classNamespace !== namespace;
  const chosen =
    version === 'v1beta1'
      ? { class: className, ...(elsewhere ? { classNamespace } : {}) }
      : { classRef: { name: className, ...(elsewhere ? { namespace: classNamespace } : {}) } };
  return {
    apiVersion: `${clusterGroup}/${version}`,
    kind: 'Cluster',
    metadata: { name },
    spec: {
      clusterNetwork: {
        pods: { cidrBlocks: [range] },
        ...(services === undefined ? {} : { services: { cidrBlocks: [services] } }),
        ...(serviceDomain === undefined ? {} : { serviceDomain }),
      },
      topology: {
        ...chosen,
        version: template.version,
        ...(template.controlPlane === undefined ? {} : { controlPlane: template.controlPlane }),
        ...(workers === undefined || workers.length === 0
          ? {}
          : { workers: { machineDeployments: workers } }),
        ...(variables === undefined ? {} : { variables: listed(variables) }),
      },
    },
  };
}

function listed(variables: Readonly<Record<string, unknown>>): { name: string; value: unknown }[] {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

function fromManifests(template: ManifestsTemplate, order: Order, namespace: string): KubeObject[] {
  const values = valuesOf(template, order, namespace);
  const filled = fillNumbers(template.manifests, values);
  const objects = fillInValue(filled, values) as KubeObject[];
  const [open] = placeholdersIn(filled).filter(name => !Object.hasOwn(values, name));
  if (open !== undefined) throw new Error(`nothing is known of \${${open}}`);
  return objects;
}

/** Only what the template knows: {@link settingFor} says where the rest comes from. */
export function valuesOf(
  template: ManifestsTemplate,
  { name, range }: Order,
  namespace: string,
): Record<string, string> {
  const { services, version, controlPlaneReplicas, workerReplicas } = template;
  const all: Record<(typeof placeholders)[number], string | number | undefined> = {
    CLUSTER_NAME: name,
    NAMESPACE: namespace,
    POD_RANGE: range,
    SERVICE_RANGE: services,
    KUBERNETES_VERSION: version,
    CONTROL_PLANE_REPLICAS: controlPlaneReplicas,
    WORKER_REPLICAS: workerReplicas,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  );
}

/** The setting of the template that gives a placeholder its value; undefined when it comes from elsewhere. */
export const settingFor: Readonly<Record<string, string>> = {
  SERVICE_RANGE: 'services',
  CONTROL_PLANE_REPLICAS: 'controlPlaneReplicas',
  WORKER_REPLICAS: 'workerReplicas',
};

function fillNumbers(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    const [, name = ''] = /^\$\{(\w+)\}$/.exec(value) ?? [];
    return numbers.includes(name) && Object.hasOwn(values, name) ? Number(values[name]) : value;
  }
  if (Array.isArray(value)) return value.map(item => fillNumbers(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      textsOnly.includes(key) ? item : fillNumbers(item, values),
    ]),
  );
}

function mark(object: KubeObject, { name, description, origin }: Order, namespace: string): KubeObject {
  const { labels, annotations, ...metadata } = object.metadata;
  const from = origin !== undefined && isCluster(object) ? originAnnotations(origin) : {};
  return {
    ...object,
    metadata: {
      ...metadata,
      namespace,
      labels: { ...labels, ...labelsOf(name) },
      annotations: { ...annotations, ...from, [pressAnnotation]: description },
    },
  };
}

function originAnnotations({ profile, acceptedAt }: Origin): Record<string, string> {
  return { [profileAnnotation]: profile, [acceptedAnnotation]: new Date(acceptedAt).toISOString() };
}

/** Button and press as the name has them: `<button>-<press>`. A button's name may have hyphens itself. */
function labelsOf(name: string): Record<string, string> {
  const [, button, press] = /^(.+)-(\d+)$/.exec(name) ?? [];
  const ours = { [managedBy]: manager, [clusterLabel]: name };
  if (button === undefined || press === undefined) return ours;
  return { ...ours, [`${prefix}/button`]: button, [pressAnnotation]: press };
}
