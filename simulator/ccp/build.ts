/** How a cluster on vSphere comes to be: the order of steps and when each happens. */
import { messageOf } from '../../config/src/setup-error.ts';
import { startApiServer } from './api-server.ts';
import { buildEks } from './build-eks.ts';
import type { Clock } from './clock.ts';
import type { Cluster, Node } from './cluster.ts';
import { defaultNodeError, type Failures } from './failures.ts';
import { joinedNodes } from './joined-nodes.ts';

/**
 * The calendar, in nominal ms. Calibrated on one figure, the 160 s that the 2019 button expects for one master and
 * two workers (DASH); that the master has its address at about a third of it is seen (LAB), the rest of the split is
 * assumed, and that a further master takes as long as a worker.
 */
const calendar = { masterMs: 54_000, joinMs: 46_000, perNodeMs: 20_000, finishMs: 20_000 };

/** How long a cluster of this size takes on vSphere (nominal ms): 160,000 for one master and two workers. */
export function buildMs({ masters = 1, workers }: { masters?: number; workers: number }): number {
  const { masterMs, joinMs, perNodeMs, finishMs } = calendar;
  return masterMs + joinMs + perNodeMs * (masters - 1 + workers) + finishMs;
}

/**
 * Builds until the cluster is ready, broken or deleted, or the clock is closed. Never rejects. Nothing here depends
 * on the connection of the client who ordered it: if that breaks, the building goes on.
 * @param bindAddress false: the API server does not try to listen on the pool's address
 * @param failures what may keep nodes from being Ready
 */
export async function build(
  cluster: Cluster,
  clock: Clock,
  bindAddress: boolean,
  failures: Failures,
): Promise<void> {
  const until = async (afterMs: number) =>
    (await clock.reach(cluster.createdMs + afterMs)) && cluster.state === 'building';
  const done = cluster.kind === 'eks' ? await buildEks(cluster, until) : await buildVsphere(cluster, until);
  if (!done) return;
  await startServing(cluster, bindAddress, failures);
  if (cluster.state !== 'building') return;
  for (const node of cluster.nodes) node.state = 'READY';
  cluster.finish('ready');
}

/**
 * Waits for a time after the create (nominal ms). False when there is nothing left to build: the laboratory has
 * closed, or the cluster was deleted.
 */
export type Until = (afterMs: number) => Promise<boolean>;

/** True when everything is there but the API server. */
async function buildVsphere(cluster: Cluster, until: Until): Promise<boolean> {
  const { masterMs, joinMs, perNodeMs } = calendar;
  const { masters } = cluster.order;
  const first = cluster.addNode();
  if (!(await until(masterMs))) return false;
  if (cluster.fault?.node === 'master') return breakNode(cluster, first);
  first.state = 'PROVISIONED';

  // Everybody else after the first master (seen of workers: LAB): they need it to join.
  const others = Array.from({ length: masters - 1 }, () => cluster.addNode());
  const workers = cluster.groups.flatMap(({ name, size }) =>
    Array.from({ length: size }, () => cluster.addNode(name)),
  );
  if (!(await until(masterMs + joinMs))) return false;
  first.state = 'READY';
  for (const [i, node] of [...others, ...workers].entries()) {
    if (!(await until(masterMs + joinMs + perNodeMs * (i + 1)))) return false;
    if (cluster.fault !== undefined && !node.isMaster) return breakNode(cluster, node);
    node.state = 'PROVISIONED';
  }
  return until(buildMs({ masters, workers: workers.length }));
}

/** Adds so many workers to groups of a ready cluster, one after another. Never rejects. */
export async function grow(cluster: Cluster, more: ReadonlyMap<string, number>, clock: Clock): Promise<void> {
  const startMs = clock.nowMs();
  const added = [...more].flatMap(([group, count]) =>
    Array.from({ length: count }, () => cluster.addNode(group)),
  );
  for (const [i, node] of added.entries()) {
    const joinMs = startMs + calendar.perNodeMs * (i + 1);
    if (!(await clock.reach(joinMs - calendar.perNodeMs / 2))) return;
    node.state = 'PROVISIONED';
    if (!(await clock.reach(joinMs))) return;
    node.state = 'READY';
  }
}

function breakNode(cluster: Cluster, node: Node): false {
  node.state = 'ERROR';
  node.errorLog = cluster.fault?.message ?? defaultNodeError;
  cluster.finish('failed', node.errorLog);
  return false;
}

/** The API server is up before the platform says READY, never after. */
async function startServing(cluster: Cluster, bindAddress: boolean, failures: Failures): Promise<void> {
  try {
    const server = await startApiServer({
      address: cluster.addresses.vip,
      bindAddress,
      identity: cluster.identity,
      kubernetesVersion: cluster.order.kubernetesVersion,
      objects: cluster.objects,
      nodes: () => joinedNodes(cluster, failures),
    });
    if (cluster.state === 'building') cluster.apiServer = server;
    else await server.close();
  } catch (error) {
    cluster.finish('failed', messageOf(error));
  }
}
