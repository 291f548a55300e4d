/** Counts a cluster's nodes by what the cluster itself says of them. */
import { inShort } from './errors.ts';
import type { Kube } from './kube.ts';
import type { KubeObject } from './objects.ts';

/**
 * How many nodes have joined, and how many of them say that they are Ready.
 * @throws PlatformError, transient when the cluster may answer later.
 */
export async function nodesReady(kube: Kube, signal: AbortSignal): Promise<{ ready: number; total: number }> {
  try {
    const { items } = await kube.list('/api/v1/nodes', signal);
    return { ready: items.filter(isReady).length, total: items.length };
  } catch (error) {
    throw inShort(error, 'nodes');
  }
}

function isReady({ status }: KubeObject): boolean {
  const conditions = status?.conditions;
  return Array.isArray(conditions) && conditions.some(one => one?.type === 'Ready' && one.status === 'True');
}
