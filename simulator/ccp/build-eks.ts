/** How a cluster in the public cloud comes to be. */
import type { Until } from './build.ts';
import type { Cluster, Stage } from './cluster.ts';
import { defaultNodeError } from './failures.ts';

/**
 * When each stage begins (nominal ms). Assumed: nobody wrote down a real one; a script meant to look again every
 * 300 s (EKSPY), and a quarter of an hour is what such a cluster is known to take in its cloud.
 */
const stages: readonly (readonly [Exclude<Stage, 'begun'>, number])[] = [
  ['vpc', 20_000],
  ['master', 180_000],
  ['workers', 660_000],
];

/** How long a cluster on EKS takes, whatever its size (nominal ms). Assumed. */
export const eksBuildMs = 900_000;

/** True when everything is there but the API server. */
export async function buildEks(cluster: Cluster, until: Until): Promise<boolean> {
  for (const [stage, atMs] of stages) {
    if (!(await until(atMs))) return false;
    cluster.stage = stage;
  }
  const workers = cluster.groups.flatMap(({ name, size }) =>
    Array.from({ length: size }, () => cluster.addNode(name)),
  );
  if (!(await until(eksBuildMs))) return false;
  const [node] = workers;
  if (cluster.fault === undefined || node === undefined) return true;
  node.state = 'ERROR';
  node.errorLog = cluster.fault.message ?? defaultNodeError;
  cluster.finish('failed', node.errorLog);
  return false;
}
