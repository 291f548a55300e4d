/** What a cluster itself says of its nodes. */
import type { ApiNode } from './api-objects.ts';
import type { Cluster } from './cluster.ts';
import type { Failures } from './failures.ts';

/**
 * The nodes that have joined: provisioned ones, Ready when the platform calls them READY, unless the failure
 * `nodesNotReady` hits this look.
 */
export function joinedNodes(cluster: Cluster, failures: Failures): ApiNode[] {
  const joined = cluster.nodes.filter(({ state }) => state === 'PROVISIONED' || state === 'READY');
  const failure = failures.take('nodesNotReady');
  const healthy = joined.length - (failure === undefined ? 0 : (failure.count ?? 1));
  return joined.map(({ name, isMaster, state, address }, i) => ({
    name,
    isMaster,
    address,
    ready: state === 'READY' && i < healthy,
  }));
}
