/** What a Cluster object says of itself, in one shape for both versions and for releases that do not count. Pure. */

import { oneLine } from '../../common/line.ts';
import type { ApiVersion, KubeObject } from '../../kubernetes/objects.ts';

export type Loose = Record<string, unknown>;

/** Machines of one sort; `desired` is undefined where nobody has counted. */
export interface Count {
  desired: number | undefined;
  ready: number;
}

export interface Facts {
  infrastructure: boolean;
  initialized: boolean;
  endpoint: boolean;
  /** undefined: this release counts no machines at all. */
  counts: { controlPlane: Count; workers: Count } | undefined;
  /** The platform's own last word on the whole: `Available`; where there is none, Ready with ControlPlaneReady. */
  isAvailable: boolean;
  /** In the version of the object. */
  conditions: readonly Condition[];
  /** Why it will never be anything, in the words of the platform; empty while it may. */
  failure: string;
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

/** Words of a failure, in characters; cut further for a display. */
const maxFailureLength = 200;

/** Host and port of the new API server, as soon as they are known. */
export function endpointOf({ spec }: KubeObject): { host: string; port: number } | undefined {
  const { host, port } = objectAt(spec, 'controlPlaneEndpoint');
  if (typeof host !== 'string' || host === '') return undefined;
  return { host, port: typeof port === 'number' && port > 0 ? port : 443 };
}

/** The version in which the server has written the object. */
export function versionOf({ apiVersion }: KubeObject): ApiVersion {
  return apiVersion.endsWith('/v1beta1') ? 'v1beta1' : 'v1beta2';
}

export function factsOf(cluster: KubeObject): Facts {
  const status: Loose = cluster.status ?? {};
  const conditions = conditionsIn(status);
  const endpoint = endpointOf(cluster) !== undefined;
  if (versionOf(cluster) === 'v1beta2') {
    const initialization = objectAt(status, 'initialization');
    return {
      infrastructure: initialization.infrastructureProvisioned === true,
      initialized: initialization.controlPlaneInitialized === true,
      endpoint,
      counts: countsIn(status),
      isAvailable: isMet(conditions, 'Available'),
      conditions,
      failure: failureOf(objectAt(objectAt(status, 'deprecated'), 'v1beta1')),
    };
  }
  return {
    infrastructure: status.infrastructureReady === true,
    initialized: status.controlPlaneReady === true || isMet(conditions, 'ControlPlaneInitialized'),
    endpoint,
    ...oldCounts(status, conditions),
    conditions,
    failure: failureOf(status),
  };
}

/** Counts came to v1beta1 with release 1.9, in the shape of the next version, and its summary with them. */
function oldCounts(status: Loose, conditions: readonly Condition[]): Pick<Facts, 'counts' | 'isAvailable'> {
  const isReady = ['Ready', 'ControlPlaneReady'].every(type => isMet(conditions, type));
  if (!isObject(status.v1beta2)) return { counts: undefined, isAvailable: isReady };
  const newer = conditionsIn(status.v1beta2);
  const summary = newer.some(({ type }) => type === 'Available');
  return { counts: countsIn(status.v1beta2), isAvailable: !summary || isMet(newer, 'Available') };
}

export function isMet(conditions: readonly Condition[], wanted: string): boolean {
  return conditions.some(({ type, status }) => type === wanted && status === 'True');
}

function countsIn(status: Loose): Facts['counts'] {
  return { controlPlane: countAt(status, 'controlPlane'), workers: countAt(status, 'workers') };
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
  return oneLine(words.join(': '), maxFailureLength);
}

function conditionsIn({ conditions }: Loose): Condition[] {
  if (!Array.isArray(conditions)) return [];
  return conditions.filter(isObject).map(one => ({
    type: textAt(one, 'type'),
    status: textAt(one, 'status'),
    reason: textAt(one, 'reason'),
    message: textAt(one, 'message'),
  }));
}

function textAt(record: Loose, key: string): string {
  const value = record[key];
  return typeof value === 'string' ? value.trim() : '';
}

export function objectAt(record: Loose | undefined, key: string): Loose {
  const value = record?.[key];
  return isObject(value) ? value : {};
}

export function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
