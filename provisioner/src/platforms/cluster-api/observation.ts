/**
 * What a Cluster object means for a press. `status.phase` is not looked at: Provisioned does not mean that the control
 * plane answers. Pure.
 */

import { oneLine } from '../../common/line.ts';
import type { ClusterIdentity, Listed, Observation, Origin } from '../../common/platform.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { type Count, type Facts, factsOf, isMet, isObject, objectAt } from './facts.ts';
import { type Machines, phaseOf, topologyTrouble } from './phase.ts';
import { acceptedAnnotation, clusterLabel, pressAnnotation, profileAnnotation } from './render.ts';
import { type ClusterApiTemplate, isTopology } from './template.ts';

/** As {@link ClusterIdentity.description} of a cluster without our mark: not empty, which would leave open whose it is. */
export const foreignDescription = 'a cluster that no dash button made';

/** The infrastructure and the first machine of the control plane: what comes before machines can be counted. */
const firstSteps = 2;

/** Words for a log, in characters. */
const maxTroubleLength = 400;

/** The pods' ranges of any cluster, ours or not. */
export function rangesOf({ spec }: KubeObject): string[] {
  const blocks = objectAt(objectAt(spec, 'clusterNetwork'), 'pods').cidrBlocks;
  return Array.isArray(blocks) ? blocks.filter(block => typeof block === 'string') : [];
}

/** Whose it is, for {@link ClusterIdentity.description}. */
export function descriptionOf({ metadata }: KubeObject): string {
  const described = metadata.annotations?.[pressAnnotation] ?? '';
  const ours = described !== '' && metadata.labels?.[clusterLabel] === metadata.name;
  return ours ? described : foreignDescription;
}

/** As one of all clusters. */
export function listedOf(cluster: KubeObject): Listed {
  const { name, uid = '', deletionTimestamp } = cluster.metadata;
  const { initialized, failure } = factsOf(cluster);
  const isBuilding = deletionTimestamp === undefined && !initialized && failure === '';
  const description = descriptionOf(cluster);
  return { id: uid, name, description, ranges: rangesOf(cluster), isBuilding, ...originOf(cluster) };
}

function originOf({ metadata: { annotations = {} } }: KubeObject): { origin?: Partial<Origin> } {
  const { [profileAnnotation]: profile, [acceptedAnnotation]: accepted = '' } = annotations;
  if (profile === undefined) return {};
  const acceptedAt = Date.parse(accepted);
  return { origin: { profile, ...(Number.isNaN(acceptedAt) ? {} : { acceptedAt }) } };
}

/** @param template what was ordered, where the Cluster itself does not say it: it has no topology. */
export function observationOf(cluster: KubeObject, template: ClusterApiTemplate): Observation {
  const sight: ClusterIdentity = { id: cluster.metadata.uid ?? '', description: descriptionOf(cluster) };
  if (cluster.metadata.deletionTimestamp !== undefined) return { ...sight, kind: 'deleting' };
  const facts = factsOf(cluster);
  if (facts.failure !== '') return { ...sight, kind: 'failed', message: facts.failure };
  const wanted = waitsForNodes(template) ? orderOf(cluster, template) : undefined;
  if (isReady(facts, wanted)) return { ...sight, kind: 'ready' };
  const machines = machinesAt(facts, wanted);
  const first = Number(facts.infrastructure) + Number(facts.initialized);
  const trouble = topologyTrouble(facts.conditions) ?? '';
  return {
    ...sight,
    kind: 'building',
    phase: phaseOf(facts, isPaused(cluster, facts), machines),
    ...(trouble === '' ? {} : { trouble: oneLine(`topology: ${trouble}`, maxTroubleLength) }),
    done: first + machines.ready,
    total: firstSteps + machines.desired,
  };
}

/** How many steps {@link observationOf} will count. */
export function stepsOf(template: ClusterApiTemplate): number {
  if (!waitsForNodes(template)) return firstSteps;
  const { controlPlane, workers } = orderIn(template);
  return firstSteps + controlPlane + workers;
}

function waitsForNodes({ readyWhen = 'nodes' }: ClusterApiTemplate): boolean {
  return readyWhen === 'nodes';
}

/** What nobody has numbered counts as none: an autoscaler or the class decides. */
interface Order {
  controlPlane: number;
  workers: number;
}

function orderIn(template: ClusterApiTemplate): Order {
  if (isTopology(template)) {
    return { controlPlane: template.controlPlane?.replicas ?? 0, workers: sumOf(template.workers) };
  }
  return { controlPlane: template.controlPlaneReplicas ?? 0, workers: template.workerReplicas ?? 0 };
}

/** The topology as it stands there: the profile may have changed since the press, and people change a Cluster too. */
function orderOf({ spec }: KubeObject, template: ClusterApiTemplate): Order {
  if (!isObject(spec?.topology)) return orderIn(template);
  const { replicas } = objectAt(spec.topology, 'controlPlane');
  const { machineDeployments, machinePools } = objectAt(spec.topology, 'workers');
  const workers = sumOf(machineDeployments) + sumOf(machinePools);
  return { controlPlane: typeof replicas === 'number' ? replicas : 0, workers };
}

function sumOf(groups: unknown): number {
  if (!Array.isArray(groups)) return 0;
  return groups.reduce((sum, one) => sum + (typeof one?.replicas === 'number' ? one.replicas : 0), 0);
}

/** Unknown is not done: whatever nobody has said yet is waited for. @param wanted undefined: machines are not. */
function isReady(facts: Facts, wanted: Order | undefined): boolean {
  if (!facts.infrastructure || !facts.initialized || !facts.endpoint) return false;
  if (topologyTrouble(facts.conditions) !== undefined) return false;
  if (wanted === undefined) return true;
  if (!facts.isAvailable) return false;
  const { counts } = facts;
  if (counts === undefined) return true;
  return isUp(counts.controlPlane, wanted.controlPlane) && isUp(counts.workers, wanted.workers);
}

/** As many as were ordered, and as many as the platform itself wants by now, which may be more. */
function isUp({ desired = 0, ready }: Count, wanted: number): boolean {
  return ready >= Math.max(desired, wanted);
}

function machinesAt({ counts }: Facts, wanted: Order | undefined): Machines {
  if (wanted === undefined) return { ready: 0, desired: 0 };
  return (['controlPlane', 'workers'] as const)
    .map(kind => {
      const { desired = 0, ready = 0 } = counts?.[kind] ?? {};
      const most = Math.max(desired, wanted[kind]);
      return { desired: most, ready: Math.min(ready, most) };
    })
    .reduce((a, b) => ({ ready: a.ready + b.ready, desired: a.desired + b.desired }));
}

function isPaused({ spec }: KubeObject, { conditions }: Facts): boolean {
  return spec?.paused === true || isMet(conditions, 'Paused');
}
