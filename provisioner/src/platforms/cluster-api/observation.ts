/**
 * What a Cluster object means for a press. `status.phase` is not looked at: Provisioned does not mean that the control
 * plane answers. Pure.
 */
import { maxPhaseLength } from '../../../../protocol/src/messages.ts';
import { oneLine } from '../../line.ts';
import type { Observation, Sight } from '../platform.ts';
import type { ApiVersion, KubeObject } from './objects.ts';
import { clusterLabel, pressAnnotation } from './render.ts';
import { type ClusterApiTemplate, machinesOf } from './template.ts';

/** As {@link Sight.description} of a cluster without our mark: not empty, which would leave open whose it is. */
export const foreignDescription = 'a cluster that no dash button made';

/** The infrastructure and the first machine of the control plane: what comes before machines can be counted. */
const firstSteps = 2;

/** Words of a failure, in characters; cut further for a display. */
const maxMessageLength = 200;

/** Says only that the rest is not done yet, which the other conditions say better. */
const emptyReasons = ['', 'ClusterCreating', 'NotReady', 'NotAvailable', 'NotUpToDate'];

type Loose = Record<string, unknown>;

/** Machines of one sort; undefined where nobody has counted. */
interface Count {
  desired: number | undefined;
  ready: number;
}

/** What both versions say, in one shape. */
interface Facts {
  infrastructure: boolean;
  initialized: boolean;
  endpoint: boolean;
  controlPlane: Count;
  workers: Count;
  /** Why it will never be anything, in the words of the platform; empty while it may. */
  failure: string;
}

/** Host and port of the new API server, as soon as they are known. */
export function endpointOf({ spec }: KubeObject): { host: string; port: number } | undefined {
  const { host, port } = objectAt(spec, 'controlPlaneEndpoint');
  if (typeof host !== 'string' || host === '') return undefined;
  return { host, port: typeof port === 'number' && port > 0 ? port : 443 };
}

/** The pods' ranges of any cluster, ours or not. */
export function rangesOf({ spec }: KubeObject): string[] {
  const blocks = objectAt(objectAt(spec, 'clusterNetwork'), 'pods').cidrBlocks;
  return Array.isArray(blocks) ? blocks.filter(block => typeof block === 'string') : [];
}

/** The version in which the server has written the object. */
export function versionOf({ apiVersion }: KubeObject): ApiVersion {
  return apiVersion.endsWith('/v1beta1') ? 'v1beta1' : 'v1beta2';
}

/** Whose it is, for {@link Sight.description}. */
export function descriptionOf({ metadata }: KubeObject): string {
  const described = metadata.annotations?.[pressAnnotation] ?? '';
  const ours = described !== '' && metadata.labels?.[clusterLabel] === metadata.name;
  return ours ? described : foreignDescription;
}

/** @param template what was ordered: it says how many machines there will be, before the server counts them. */
export function observationOf(cluster: KubeObject, template: ClusterApiTemplate): Observation {
  const sight: Sight = { id: cluster.metadata.uid ?? '', description: descriptionOf(cluster) };
  if (cluster.metadata.deletionTimestamp !== undefined) return { ...sight, kind: 'deleting' };
  const facts = factsOf(cluster);
  if (facts.failure !== '') return { ...sight, kind: 'failed', message: facts.failure };
  if (isReady(facts, template)) return { ...sight, kind: 'ready' };
  const { done, total } = stepsAt(facts, template);
  const phase = oneLine(phaseOf(cluster, facts, template), maxPhaseLength);
  return { ...sight, kind: 'building', phase, done, total };
}

/** How many steps {@link observationOf} will count. */
export function stepsOf(template: ClusterApiTemplate): number {
  return firstSteps + ordered(template).controlPlane + ordered(template).workers;
}

function ordered(template: ClusterApiTemplate): { controlPlane: number; workers: number } {
  const { controlPlane = 0, workers = 0 } = waitsForNodes(template) ? machinesOf(template) : {};
  return { controlPlane, workers };
}

function waitsForNodes({ readyWhen = 'nodes' }: ClusterApiTemplate): boolean {
  return readyWhen === 'nodes';
}

function isReady(facts: Facts, template: ClusterApiTemplate): boolean {
  if (!facts.infrastructure || !facts.initialized || !facts.endpoint) return false;
  if (!waitsForNodes(template)) return true;
  const want = ordered(template);
  return isUp(facts.controlPlane, want.controlPlane) && isUp(facts.workers, want.workers);
}

/**
 * As many are ready as the platform wants, which may by now be more or fewer than we ordered. None wanted, though
 * ordered: it has not come to them yet.
 */
function isUp({ desired, ready }: Count, wanted: number): boolean {
  if (desired === undefined) return true;
  return ready >= desired && (desired > 0 || wanted === 0);
}

function stepsAt(facts: Facts, template: ClusterApiTemplate): { done: number; total: number } {
  const counts = nodesAt(facts, template);
  const first = Number(facts.infrastructure) + Number(facts.initialized);
  return { done: first + counts.ready, total: firstSteps + counts.desired };
}

function nodesAt(facts: Facts, template: ClusterApiTemplate): { ready: number; desired: number } {
  if (!waitsForNodes(template)) return { ready: 0, desired: 0 };
  const want = ordered(template);
  const counts = [
    { ...facts.controlPlane, wanted: want.controlPlane },
    { ...facts.workers, wanted: want.workers },
  ].map(({ desired = 0, ready, wanted }) => {
    const most = Math.max(desired, wanted);
    return { desired: most, ready: Math.min(ready, most) };
  });
  return counts.reduce((a, b) => ({ ready: a.ready + b.ready, desired: a.desired + b.desired }));
}

/** What is being waited for, and of the condition in the way its reason: people can look that up. */
function phaseOf(cluster: KubeObject, facts: Facts, template: ClusterApiTemplate): string {
  const conditions = conditionsOf(cluster);
  const reasonOf = (...types: string[]) =>
    types.map(type => blocking(conditions, type)).find(it => it !== '');
  const because = (what: string, reason = '') => (reason === '' ? what : `${what}: ${reason}`);
  if (isPaused(cluster, conditions)) return 'paused by somebody on the platform';
  const topology = reasonOf('TopologyReconciled');
  if (topology !== undefined) return because('topology', topology);
  if (!facts.infrastructure) return because('infrastructure', reasonOf('InfrastructureReady'));
  const controlPlane = reasonOf('ControlPlaneInitialized', 'ControlPlaneAvailable', 'ControlPlaneReady');
  if (!facts.initialized) return because('control plane', controlPlane);
  if (!facts.endpoint) return 'waiting for the endpoint';
  const { ready, desired } = nodesAt(facts, template);
  const workers = reasonOf('ControlPlaneAvailable', 'ControlPlaneReady', 'WorkersAvailable');
  return because(`machines ${ready}/${desired}`, workers);
}

function isPaused({ spec }: KubeObject, conditions: readonly Loose[]): boolean {
  return (
    spec?.paused === true || conditions.some(({ type, status }) => type === 'Paused' && status === 'True')
  );
}

/** The reason of a condition that is not met and says why; else empty. */
function blocking(conditions: readonly Loose[], type: string): string {
  const condition = conditions.find(it => it.type === type);
  if (condition === undefined || condition.status === 'True') return '';
  const reason = textAt(condition, 'reason');
  return emptyReasons.includes(reason) ? '' : reason;
}

function factsOf(cluster: KubeObject): Facts {
  const status: Loose = cluster.status ?? {};
  const endpoint = endpointOf(cluster) !== undefined;
  if (versionOf(cluster) === 'v1beta1') {
    // Counts came with the later releases, in the shape of the next version.
    const counts = objectAt(status, 'v1beta2');
    const initialized = conditionsOf(cluster).some(
      ({ type, status: met }) => type === 'ControlPlaneInitialized' && met === 'True',
    );
    return {
      infrastructure: status.infrastructureReady === true,
      initialized: initialized || status.controlPlaneReady === true,
      endpoint,
      controlPlane: countAt(counts, 'controlPlane'),
      workers: countAt(counts, 'workers'),
      failure: failureOf(status),
    };
  }
  const initialization = objectAt(status, 'initialization');
  return {
    infrastructure: initialization.infrastructureProvisioned === true,
    initialized: initialization.controlPlaneInitialized === true,
    endpoint,
    controlPlane: countAt(status, 'controlPlane'),
    workers: countAt(status, 'workers'),
    failure: failureOf(objectAt(objectAt(status, 'deprecated'), 'v1beta1')),
  };
}

function countAt(status: Loose, key: string): Count {
  const { desiredReplicas, readyReplicas } = objectAt(status, key);
  return {
    desired: typeof desiredReplicas === 'number' ? desiredReplicas : undefined,
    ready: typeof readyReplicas === 'number' ? readyReplicas : 0,
  };
}

/** Set only for what nobody will repair (in Cluster API's words: terminal). */
function failureOf(status: Loose): string {
  const words = [textAt(status, 'failureReason'), textAt(status, 'failureMessage')].filter(it => it !== '');
  return oneLine(words.join(': '), maxMessageLength);
}

function conditionsOf({ status }: KubeObject): Loose[] {
  const conditions = status?.conditions;
  return Array.isArray(conditions) ? conditions.filter(isObject) : [];
}

function textAt(record: Loose, key: string): string {
  const value = record[key];
  return typeof value === 'string' ? value.trim() : '';
}

function objectAt(record: Loose | undefined, key: string): Loose {
  const value = record?.[key];
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
