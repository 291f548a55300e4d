/** How a cluster comes to be: the order of steps and when each happens. */
import { messageOf } from '../../config/src/setup-error.ts';
import { startApiServer } from './api-server.ts';
import type { Clock } from './clock.ts';
import type { Cluster, ClusterOrder, Node } from './cluster.ts';
import { defaultNodeError } from './failures.ts';

/**
 * The calendar, in nominal ms. Calibrated on one figure, the 160 s that the 2019 button expects for one master and
 * two workers (DASH); that the master has its address at about a third of it is seen (LAB), the rest of the split is
 * assumed.
 */
const calendar = { masterMs: 54_000, joinMs: 46_000, perWorkerMs: 20_000, finishMs: 20_000 };

/** How long a cluster of this size takes (nominal ms): 160,000 for one master and two workers. */
export function buildMs(order: Pick<ClusterOrder, 'workers'>): number {
  const { masterMs, joinMs, perWorkerMs, finishMs } = calendar;
  return masterMs + joinMs + perWorkerMs * order.workers + finishMs;
}

/**
 * Builds until the cluster is ready, broken or deleted, or the clock is closed. Never rejects. Nothing here depends
 * on the connection of the client who ordered it: if that breaks, the building goes on.
 * @param bindAddress false: the API server does not try to listen on the pool's address
 */
export async function build(cluster: Cluster, clock: Clock, bindAddress: boolean): Promise<void> {
  const { masterMs, joinMs, perWorkerMs } = calendar;
  const until = (afterMs: number) => reach(cluster, clock, cluster.createdMs + afterMs);

  const master = cluster.addNode(true);
  if (!(await until(masterMs))) return;
  if (cluster.fault?.node === 'master') return breakNode(cluster, master);
  master.state = 'PROVISIONED';

  // Workers after the master (seen: LAB): they need it to join.
  const workers = Array.from({ length: cluster.workers }, () => cluster.addNode(false));
  if (!(await until(masterMs + joinMs))) return;
  master.state = 'READY';
  for (const [i, worker] of workers.entries()) {
    if (!(await until(masterMs + joinMs + perWorkerMs * (i + 1)))) return;
    if (cluster.fault !== undefined) return breakNode(cluster, worker);
    worker.state = 'PROVISIONED';
  }

  if (!(await until(buildMs(cluster.order)))) return;
  await startServing(cluster, bindAddress);
  if (cluster.state !== 'building') return;
  for (const node of cluster.nodes) node.state = 'READY';
  cluster.finish('ready');
}

/** Adds `count` workers to a ready cluster, one after another. Never rejects. */
export async function grow(cluster: Cluster, count: number, clock: Clock): Promise<void> {
  const startMs = clock.nowMs();
  const added = Array.from({ length: count }, () => cluster.addNode(false));
  for (const [i, node] of added.entries()) {
    const joinMs = startMs + calendar.perWorkerMs * (i + 1);
    if (!(await clock.reach(joinMs - calendar.perWorkerMs / 2))) return;
    node.state = 'PROVISIONED';
    if (!(await clock.reach(joinMs))) return;
    node.state = 'READY';
  }
}

/** False when there is nothing left to build: the laboratory has closed, or the cluster was deleted. */
async function reach(cluster: Cluster, clock: Clock, nominalMs: number): Promise<boolean> {
  return (await clock.reach(nominalMs)) && cluster.state === 'building';
}

function breakNode(cluster: Cluster, node: Node): void {
  node.state = 'ERROR';
  node.errorLog = cluster.fault?.message ?? defaultNodeError;
  cluster.finish('failed', node.errorLog);
}

/** The API server is up before the platform says READY, never after. */
async function startServing(cluster: Cluster, bindAddress: boolean): Promise<void> {
  try {
    const server = await startApiServer({
      address: cluster.addresses.vip,
      bindAddress,
      identity: cluster.identity,
      kubernetesVersion: cluster.order.kubernetesVersion,
    });
    if (cluster.state === 'building') cluster.apiServer = server;
    else await server.close();
  } catch (error) {
    cluster.finish('failed', messageOf(error));
  }
}
