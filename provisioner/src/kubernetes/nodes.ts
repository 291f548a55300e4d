/** Counts a cluster's nodes by what the cluster itself says of them. */
import type { V1Node } from '@kubernetes/client-node';
import { PlatformError } from '../platforms/platform.ts';
import type { KubernetesClient } from './client.ts';
import { explain } from './explain.ts';

/** Nodes per page. */
const pageSize = 100;

/** Kubernetes itself is made for at most 5,000 nodes a cluster ("Considerations for large clusters"). */
const maxPages = 50;

/**
 * How many nodes have joined, and how many of them say that they are Ready.
 * @throws PlatformError, transient when the cluster may answer later.
 */
export async function nodesReady(
  client: KubernetesClient,
  signal: AbortSignal,
): Promise<{ ready: number; total: number }> {
  const api = client.api(signal);
  const all = undefined;
  let next: string | undefined;
  let [ready, total] = [0, 0];
  try {
    for (let page = 0; page < maxPages; page++) {
      const list = await api.list<V1Node>('v1', 'Node', all, all, all, all, all, all, pageSize, next);
      total += list.items.length;
      ready += list.items.filter(isReady).length;
      next = list.metadata?._continue;
      if (next === undefined || next === '') return { ready, total };
    }
  } catch (error) {
    throw explain(error, 'nodes');
  }
  throw new PlatformError(`nodes: more than ${maxPages * pageSize}`, { transient: false });
}

function isReady(node: V1Node): boolean {
  return (node.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}
