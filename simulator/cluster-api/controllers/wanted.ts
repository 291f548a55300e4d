/** What a cluster is to become: from its topology, or from the objects that it refers to. */
import { isObject, type JsonObject } from '../../ccp/api-fields.ts';
import type { Entry } from '../store.ts';
import { dig, type PlayedCluster } from './cluster.ts';
import type { ControllerContext } from './controller-context.ts';

const capi = 'cluster.x-k8s.io';

/** When nothing else says it. */
const defaultVersion = 'v1.31.2';

export interface Wanted {
  controlPlane: number;
  workers: number;
  /** With the `v`. */
  kubernetesVersion: string;
}

export function wantedOf(cluster: PlayedCluster, lab: ControllerContext): Wanted {
  const { spec } = cluster;
  if (isObject(spec.topology)) {
    const groups = dig(spec.topology, 'workers', 'machineDeployments');
    return {
      controlPlane: count(dig(spec.topology, 'controlPlane', 'replicas')),
      workers: sum(Array.isArray(groups) ? groups.map(group => dig(group, 'replicas')) : []),
      kubernetesVersion: String(spec.topology.version ?? defaultVersion),
    };
  }
  const plane = referred(spec.controlPlaneRef, cluster, lab)?.object.spec;
  const groups = ['MachineDeployment', 'MachinePool'].flatMap(kind => ownedBy(cluster, kind, lab));
  // A managed control plane (EKS) has no machines of its own to count.
  const managed = isObject(plane) && plane.replicas === undefined && plane.machineTemplate === undefined;
  return {
    controlPlane:
      managed && cluster.facts.controlPlaneKind.includes('Managed') ? 0 : count(dig(plane, 'replicas')),
    workers: sum(groups.map(({ object }) => dig(object, 'spec', 'replicas'))),
    kubernetesVersion: String(dig(plane, 'version') ?? defaultVersion),
  };
}

/** Machines of a kind that name this cluster. */
function ownedBy({ name, place }: PlayedCluster, kindName: string, lab: ControllerContext): Entry[] {
  const kind = lab.kindOf(capi, kindName);
  if (kind === undefined) return [];
  return lab.store
    .list(kind, place.namespace)
    .filter(({ object }) => dig(object, 'spec', 'clusterName') === name);
}

/** The object at a reference of the stored form `{apiGroup, kind, name}`. */
export function referred(
  ref: JsonObject[string] | undefined,
  cluster: PlayedCluster,
  lab: ControllerContext,
): Entry | undefined {
  if (!isObject(ref)) return undefined;
  const kind = lab.kindOf(String(ref.apiGroup), String(ref.kind));
  if (kind === undefined) return undefined;
  return lab.store.get({ kind, namespace: cluster.place.namespace, name: String(ref.name) });
}

/** One machine when nothing is said. */
function count(value: unknown): number {
  return typeof value === 'number' ? value : 1;
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, value) => total + count(value), 0);
}
