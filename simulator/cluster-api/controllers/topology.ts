/** A cluster of a class: the objects that Cluster API makes of the class, and the references to them. */
import { isObject } from '../../ccp/api-fields.ts';
import { metadataOf } from '../store.ts';
import { dig, type PlayedCluster } from './cluster.ts';
import type { ControllerContext } from './controller-context.ts';

/** Why the class cannot be used, or undefined. */
export function classProblem(
  cluster: PlayedCluster,
  lab: ControllerContext,
): { reason: string; message: string } | undefined {
  const kind = lab.kindOf('cluster.x-k8s.io', 'ClusterClass');
  const name = String(dig(cluster.spec, 'topology', 'classRef', 'name') ?? '');
  const namespace = String(dig(cluster.spec, 'topology', 'classRef', 'namespace') ?? cluster.place.namespace);
  const found = kind && lab.store.get({ kind, namespace, name });
  if (found !== undefined) return undefined;
  return {
    reason: 'ClusterClassNotReconciled',
    message: `failed to find ClusterClass ${namespace}/${name}: not found`,
  };
}

/** Makes what the class describes, as far as anybody looks at it: one infrastructure object, one control plane. */
export function generate(cluster: PlayedCluster, lab: ControllerContext): void {
  const parts = [
    ['infrastructureRef', 'infrastructure.cluster.x-k8s.io', 'DockerCluster'],
    ['controlPlaneRef', 'controlplane.cluster.x-k8s.io', 'KubeadmControlPlane'],
  ] as const;
  for (const [ref, apiGroup, kindName] of parts) {
    const kind = lab.kindOf(apiGroup, kindName);
    if (kind === undefined || isObject(cluster.spec[ref])) continue;
    const name = `${cluster.name}-${cluster.uid.slice(0, 5)}`;
    const place = { kind, namespace: cluster.place.namespace, name };
    lab.write(place, before => ({
      ...before,
      metadata: { ...metadataOf(before), ...belongsTo(cluster) },
      spec: {},
    }));
    cluster.changeSpec(spec => ({ ...spec, [ref]: { apiGroup, kind: kindName, name } }));
  }
}

/** Owner and label of what a cluster's controllers make. */
export function belongsTo(cluster: PlayedCluster) {
  return {
    labels: { 'cluster.x-k8s.io/cluster-name': cluster.name },
    ownerReferences: [
      { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: cluster.name, uid: cluster.uid },
    ],
  };
}
