/** A cluster's own API server, its address and the Secret that tells how to reach it. */
import { startApiServer } from '../../ccp/api-server.ts';
import { kubeconfig } from '../../ccp/kubeconfig.ts';
import { metadataOf } from '../store.ts';
import { dig, type PlayedCluster } from './cluster.ts';
import type { ControllerContext } from './controller-context.ts';
import { belongsTo } from './topology.ts';
import { referred, wantedOf } from './wanted.ts';

/**
 * Gives the cluster an address, or takes the one that its manifest names, and puts it into the spec. Like a load
 * balancer without anybody behind it, it cuts every connection until the control plane is initialised.
 * @returns false when there is no address left
 */
export async function openEndpoint(cluster: PlayedCluster, lab: ControllerContext): Promise<boolean> {
  const named = dig(cluster.spec, 'controlPlaneEndpoint', 'host');
  const address = typeof named === 'string' && named !== '' ? named : lab.pool.take(1)?.[0];
  if (address === undefined) return false;
  cluster.address = address;
  const server = await startApiServer({
    address,
    bindAddress: lab.bindPoolAddresses,
    identity: cluster.identity,
    kubernetesVersion: wantedOf(cluster, lab).kubernetesVersion.replace(/^v/, ''),
    objects: cluster.objects,
    nodes: () => cluster.nodes(),
    accepts: () => cluster.facts.initialized,
  });
  if (cluster.over) {
    await server.close();
    return true;
  }
  cluster.apiServer = server;
  cluster.facts.endpoint = { host: server.address, port: server.port };
  cluster.changeSpec(spec => ({
    ...spec,
    controlPlaneEndpoint: { host: server.address, port: server.port },
  }));
  return true;
}

/** The Secret `<cluster>-kubeconfig`; its owner is the control plane, whose owner is the cluster. */
export async function writeSecret(cluster: PlayedCluster, lab: ControllerContext): Promise<void> {
  const kind = lab.kindOf('', 'Secret');
  const server = cluster.apiServer;
  if (kind === undefined || server === undefined) return;
  const text = await kubeconfig(server.url, cluster.identity);
  if (cluster.over) return;
  const { labels, ownerReferences } = belongsTo(cluster);
  const plane = referred(cluster.spec.controlPlaneRef, cluster, lab);
  const owner = plane && {
    apiVersion: String(plane.object.apiVersion),
    kind: plane.place.kind.kind,
    name: plane.place.name,
    uid: String(metadataOf(plane.object).uid),
    controller: true,
    blockOwnerDeletion: true,
  };
  const place = { kind, namespace: cluster.place.namespace, name: `${cluster.name}-kubeconfig` };
  lab.write(place, before => ({
    ...before,
    metadata: {
      ...metadataOf(before),
      labels,
      ownerReferences: owner === undefined ? ownerReferences : [owner],
    },
    type: 'cluster.x-k8s.io/secret',
    data: { value: Buffer.from(text).toString('base64') },
  }));
}
