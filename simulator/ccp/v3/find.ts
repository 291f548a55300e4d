/** The cluster that a path names. */
import type { Cluster } from '../cluster.ts';
import { clusterNotFound, notReady } from '../errors.ts';
import type { PlatformState } from '../platform-state.ts';
import type { Call } from '../router.ts';

/** Throws Refusal (404) for an unknown id. */
export function byId(lab: PlatformState, call: Call): Cluster {
  const cluster = lab.byUuid(call.params.id ?? '', 'v3');
  if (cluster === undefined) throw clusterNotFound();
  return cluster;
}

/** The same, but Refusal (400) for a cluster that is not ready: assumed of everything inside a cluster. */
export function readyById(lab: PlatformState, call: Call): Cluster {
  const cluster = byId(lab, call);
  if (cluster.state !== 'ready') throw notReady();
  return cluster;
}
