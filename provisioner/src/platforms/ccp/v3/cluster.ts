/** A v3 cluster as the platform returns it (`ccp-api`, section 4.2), and what it means. Pure. */
import { z } from 'zod';
import type { ClusterRequest, Listed, Observation, Template } from '../../../common/platform.ts';
import { isObject, isUnderWay, nodesIn, textAt, troubleOf } from '../answer-text.ts';
import { descriptionOf, detailsOf, originInDescription, rangeInDescription } from '../order.ts';
import type { EksTemplate, VsphereTemplate } from './template.ts';
import { vpcSizing } from './vpc.ts';

/** Only `id` and `name` decide; everything else is read with care. */
export const clusterSchema = z.looseObject({ id: z.string().min(1), name: z.string().min(1) });
export type V3Cluster = z.infer<typeof clusterSchema>;

/** Longest phase word of the platform's that goes to a display, in characters. */
const maxWordLength = 24;

/**
 * How far EKS is, in quarters. `CREATING_MASTER` was seen, with the bar of the platform's page at half; the words
 * around it are inferred. A word that is not here has no steps.
 */
const eksQuarters: Record<string, number> = {
  CREATING: 0,
  CREATING_VPC: 1,
  CREATING_MASTER: 2,
  CREATING_WORKERS: 3,
};
const eksSteps = 4;

/** Nodes on vSphere, quarters on EKS, where the cloud builds the control plane. */
export function stepsOf(template: Template): number {
  return isEks(template) ? eksSteps : nodesOf(template as VsphereTemplate);
}

export function nodesOf({ master_group, node_groups }: VsphereTemplate): number {
  return node_groups.reduce<number>((sum, { size }) => sum + size, master_group.size);
}

function isEks(template: Template): template is EksTemplate {
  return template.type === 'eks';
}

/** The profile's template with what this press brings: name, description, range. */
export function payloadFor(request: ClusterRequest): object {
  const { name, range, template } = request;
  const named = { ...template, name, description: descriptionOf(request) };
  if (isEks(template)) return { ...named, vpc_sizing: vpcSizing(range) };
  const { network_plugin_profile: plugin } = template as VsphereTemplate;
  const details = plugin.details ?? {};
  return plugin.name === 'contiv-aci'
    ? { ...named, routable_cidr: range, network_plugin_profile: { ...plugin, details } }
    : { ...named, network_plugin_profile: { ...plugin, details: { ...details, pod_cidr: range } } };
}

/**
 * READY means done; a word with "error" or "fail" means failed, one with "delet" on its way out; anything else
 * means in progress, because few words were ever captured (`ccp-api`, section 4.2).
 */
export function observationOf(cluster: V3Cluster, template: Template): Observation {
  const status = textAt(cluster, 'status');
  const sight = { id: cluster.id, description: textAt(cluster, 'description') };
  if (/error|fail/i.test(status)) return { ...sight, kind: 'failed', message: troubleOf(cluster) };
  if (/^ready$/i.test(status)) return { ...sight, kind: 'ready' };
  if (/delet/i.test(status)) return { ...sight, kind: 'deleting' };
  const steps = isEks(template) ? eksStepsAt(status) : nodeSteps(cluster, template as VsphereTemplate);
  return { ...sight, kind: 'building', ...steps };
}

interface Steps {
  phase: string;
  done: number;
  total: number;
}

function eksStepsAt(status: string): Steps {
  const done = eksQuarters[status.toUpperCase()];
  return { phase: phaseOf(status), done: done ?? 0, total: done === undefined ? 0 : eksSteps };
}

function nodeSteps(cluster: V3Cluster, template: VsphereTemplate): Steps {
  const nodes = nodesIn(cluster);
  const up = nodes.filter(isUp).length;
  const total = Math.max(nodes.length, nodesOf(template));
  const status = textAt(cluster, 'status');
  const phase = /^(creating)?$/i.test(status) ? 'creating nodes' : phaseOf(status);
  return { phase: `${phase} ${up}/${total}`, done: up, total };
}

/** `Running` is a phase that was seen (`ccp-api`, section 4.2). */
function isUp(node: object): boolean {
  return (
    /^(running|ready)$/i.test(textAt(node, 'phase')) || /^(running|ready)$/i.test(textAt(node, 'status'))
  );
}

function phaseOf(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ').slice(0, maxWordLength).trim() || 'creating';
}

/** The ids of all clusters of this name in a list: names are the platform's promise, not ours to believe. */
export function idsOf(list: readonly unknown[], name: string): string[] {
  const same = list.map(item => clusterSchema.safeParse(item)).filter(({ data }) => data?.name === name);
  return [...new Set(same.flatMap(({ data }) => data?.id ?? []))];
}

/** The clusters in a list; what is no object says nothing. */
export function listedIn(list: readonly unknown[]): Listed[] {
  return list.filter(isObject).map(cluster => ({
    id: textAt(cluster, 'id'),
    name: textAt(cluster, 'name'),
    description: textAt(cluster, 'description'),
    ranges: rangesOf([cluster]),
    isBuilding: isUnderWay(textAt(cluster, 'status')),
    ...originInDescription(cluster),
  }));
}

/** The ranges in a list of clusters, each by its own network; the nested `spec` repeats most fields. */
export function rangesOf(list: readonly unknown[]): string[] {
  return list.filter(isObject).flatMap(cluster => {
    const own = rangesIn(cluster);
    const found = own.length > 0 || !isObject(cluster.spec) ? own : rangesIn(cluster.spec);
    return found.length > 0 ? found : (rangeInDescription(cluster) ?? []);
  });
}

/** `details.pod_cidr` with Calico, `routable_cidr` with ACI, `vpc_sizing.subnet` with EKS. */
function rangesIn(record: Record<string, unknown>): string[] {
  const plugin = isObject(record.network_plugin_profile) ? record.network_plugin_profile : {};
  const pods = plugin.name === 'contiv-aci' ? '' : textAt(detailsOf(plugin.details), 'pod_cidr');
  const vpc = isObject(record.vpc_sizing) ? textAt(record.vpc_sizing, 'subnet') : '';
  return [pods, textAt(record, 'routable_cidr'), vpc].filter(range => range !== '');
}
