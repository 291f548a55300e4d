/** A v2 cluster as the platform returns it (`ccp-api`, sections 3.2 to 3.4), and what it means. Pure. */
import { z } from 'zod';
import type { Observation } from '../platform.ts';
import { rangeKeys } from './settings.ts';

const nodeSchema = z.looseObject({
  state: z.string().nullish(),
  is_master: z.boolean().nullish(),
  public_ip: z.string().nullish(),
  error_log: z.string().nullish(),
});

/** Absent values come as "", null or not at all; only `uuid` and `name` decide. */
export const clusterSchema = z.looseObject({
  uuid: z.string().min(1),
  name: z.string().min(1),
  state: z.string().nullish(),
  master_vip: z.string().nullish(),
  nodes: z.array(nodeSchema).nullish(),
});
export type CcpCluster = z.infer<typeof clusterSchema>;

const listedSchema = z.looseObject({
  network_plugin: z.looseObject({ name: z.string(), details: z.unknown() }).nullish(),
});

/** Counted in half nodes: PROVISIONED is a machine with an address that is not yet part of the cluster. */
export const stepsPerNode = 2;

/**
 * READY means done; a word with "error" or "fail" means failed; anything else means in progress, because the
 * exact words in between were never captured (`ccp-api`, section 3.3).
 * @param expectedNodes masters and workers asked for: the platform lists nodes only once it makes them.
 */
export function observationOf(cluster: CcpCluster, expectedNodes: number): Observation {
  const state = cluster.state ?? '';
  const nodes = cluster.nodes ?? [];
  if (/error|fail/i.test(state)) {
    const log = nodes.map(node => node.error_log ?? '').find(text => text !== '');
    return { kind: 'failed', message: log === undefined ? `cluster is in state ${state}` : log };
  }
  if (state === 'READY') return { kind: 'ready' };
  const total = Math.max(nodes.length, expectedNodes);
  const up = nodes.filter(node => node.state === 'READY').length;
  const half = nodes.filter(node => node.state === 'PROVISIONED').length;
  return {
    kind: 'building',
    phase: `${phaseOf(state)} ${up}/${total}`,
    done: up * stepsPerNode + half,
    total: total * stepsPerNode,
  };
}

function phaseOf(state: string): string {
  return state === '' || /provision/i.test(state) ? 'provisioning nodes' : state.toLowerCase().slice(0, 24);
}

/** Where the API server is: `master_vip` (Calico), else the master's public address (ACI). */
export function masterAddress(cluster: CcpCluster): string | undefined {
  if (cluster.master_vip) return cluster.master_vip;
  return cluster.nodes?.find(node => node.is_master === true)?.public_ip || undefined;
}

/** The ranges in a list of clusters. Each cluster has its own plugin, and so its own key. */
export function rangesOf(list: readonly unknown[]): string[] {
  return list.flatMap(item => {
    const listed = listedSchema.safeParse(item);
    const plugin = listed.success ? listed.data.network_plugin : undefined;
    if (!plugin) return [];
    const details = asObject(plugin.details);
    const range = details[rangeKeys[plugin.name as keyof typeof rangeKeys] ?? ''];
    return typeof range === 'string' && range !== '' ? [range] : [];
  });
}

/** `details` is JSON inside a string in v2 and an object in v3. */
function asObject(details: unknown): Record<string, unknown> {
  let value = details;
  if (typeof details === 'string') {
    try {
      value = JSON.parse(details);
    } catch {
      return {};
    }
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
