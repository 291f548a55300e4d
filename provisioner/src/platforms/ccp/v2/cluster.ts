/** A v2 cluster as the platform returns it (`ccp-api`, sections 3.2 to 3.4), and what it means. Pure. */
import { z } from 'zod';
import type { ClusterRequest, Listed, Observation } from '../../../common/platform.ts';
import { isObject, isUnderWay, textAt, troubleOf } from '../answer-text.ts';
import { descriptionOf, detailsOf, originInDescription, rangeInDescription } from '../order.ts';
import type { V2Template } from './template.ts';

/** Which key of `network_plugin.details` holds the range, by plugin (`ccp-api`, section 3.4). */
const rangeKeys = {
  calico: 'pod_cidr',
  'contiv-vpp': 'pod_cidr',
  'contiv-aci': 'node_vlan_cidr',
} as const;

const nodeSchema = z.looseObject({
  state: z.string().nullish(),
  is_master: z.boolean().nullish(),
  public_ip: z.string().nullish(),
});

/** Absent values come as "", null or not at all; only `uuid` and `name` decide. */
export const clusterSchema = z.looseObject({
  uuid: z.string().min(1),
  name: z.string().min(1),
  description: z.string().nullish(),
  state: z.string().nullish(),
  master_vip: z.string().nullish(),
  nodes: z.array(nodeSchema).nullish().catch(null),
});
export type V2Cluster = z.infer<typeof clusterSchema>;

/** Counted in half nodes: PROVISIONED is a machine with an address that is not yet part of the cluster. */
export const stepsPerNode = 2;

/** Masters and workers. */
export function nodesOf({ masters, workers }: V2Template): number {
  return masters + workers;
}

/** The profile's template with what this press brings: name, description, range. */
export function payloadFor(request: ClusterRequest): object {
  const { name, range } = request;
  const template = request.template as V2Template;
  const plugin = template.network_plugin;
  const details = JSON.stringify({ [rangeKeys[plugin.name]]: range });
  const description = descriptionOf(request);
  return { ...template, name, description, network_plugin: { ...plugin, status: '', details } };
}

/**
 * READY means done; a word with "error" or "fail" means failed, one with "delet" on its way out; anything else
 * means in progress, because the exact words in between were never captured (`ccp-api`, section 3.3).
 * @param expectedNodes masters and workers asked for: the platform lists nodes only once it makes them.
 */
export function observationOf(cluster: V2Cluster, expectedNodes: number): Observation {
  const state = cluster.state ?? '';
  const sight = { id: cluster.uuid, description: cluster.description ?? '' };
  if (/error|fail/i.test(state)) return { ...sight, kind: 'failed', message: troubleOf(cluster) };
  if (state === 'READY') return { ...sight, kind: 'ready' };
  if (/delet/i.test(state)) return { ...sight, kind: 'deleting' };
  const nodes = cluster.nodes ?? [];
  const total = Math.max(nodes.length, expectedNodes);
  const up = nodes.filter(node => node.state === 'READY').length;
  const half = nodes.filter(node => node.state === 'PROVISIONED').length;
  return {
    ...sight,
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
export function masterAddress(cluster: V2Cluster): string | undefined {
  if (cluster.master_vip) return cluster.master_vip;
  return cluster.nodes?.find(node => node.is_master === true)?.public_ip || undefined;
}

/** The clusters in a list; what is no object says nothing. */
export function listedIn(list: readonly unknown[]): Listed[] {
  return list.filter(isObject).map(cluster => ({
    id: textAt(cluster, 'uuid'),
    name: textAt(cluster, 'name'),
    description: textAt(cluster, 'description'),
    ranges: rangesOf([cluster]),
    isBuilding: isUnderWay(textAt(cluster, 'state')),
    ...originInDescription(cluster),
  }));
}

/** The ranges in a list of clusters. Each cluster has its own plugin, and so its own key. */
export function rangesOf(list: readonly unknown[]): string[] {
  return list.flatMap(cluster => {
    if (!isObject(cluster)) return [];
    const plugin = isObject(cluster.network_plugin) ? cluster.network_plugin : {};
    const key = rangeKeys[plugin.name as keyof typeof rangeKeys] ?? '';
    const range = detailsOf(plugin.details)[key];
    if (typeof range === 'string' && range !== '') return [range];
    return rangeInDescription(cluster) ?? [];
  });
}
