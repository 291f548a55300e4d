/** `/2/clusters`: list, create, read, change, delete, and what a finished cluster hands out. */
import { z } from 'zod';
import { buildMs } from '../build.ts';
import type { Cluster } from '../cluster.ts';
import {
  badRequest,
  buildFailed,
  clusterNotFound,
  deletedWhileBuilding,
  noClusterFound,
  recordNotFound,
} from '../errors.ts';
import { kubeconfig } from '../kubeconfig.ts';
import type { PlatformState } from '../platform-state.ts';
import { type Answer, type Call, hangUp } from '../router.ts';
import { dashboardUrl, fullView, listView } from './cluster-view.ts';
import { checkBody, parseCreate, workersOf } from './create-body.ts';
import { checkProvider } from './infrastructure.ts';

/** Where in the build a connection breaks when the failure does not say. */
const dropAtFraction = 0.5;

/** A bare array without pages (SWG, LAB, BOB). */
export function list(lab: PlatformState): Answer {
  const all = lab.clusters('v2');
  if (all.length === 0 && lab.options.emptyListStatus === 404) throw noClusterFound();
  return { status: 200, json: all.map(cluster => listView(cluster, lab.options.stateWords)) };
}

/** There is one provider, so its clusters are all (GO2). */
export function listOn(lab: PlatformState, call: Call): Answer {
  checkProvider(call);
  return { status: 200, json: lab.clusters('v2').map(cluster => listView(cluster, lab.options.stateWords)) };
}

/**
 * Holds the connection until the cluster is provisioned, then answers with the finished cluster (LAB). A client
 * that hangs up meanwhile changes nothing (inferred: the platform's page polls beside it).
 */
export async function create(lab: PlatformState, call: Call): Promise<Answer | typeof hangUp> {
  const cluster = lab.create(parseCreate(call.body));
  const drop = lab.failures.take('drop');
  if (drop !== undefined) {
    const afterMs = buildMs({ workers: cluster.workers }) * (drop.atFraction ?? dropAtFraction);
    await lab.clock.reach(cluster.createdMs + afterMs);
    return hangUp;
  }
  await cluster.finished;
  if (cluster.state === 'deleted') throw deletedWhileBuilding();
  const view = fullView(cluster, lab.options.stateWords);
  if (cluster.state === 'failed') {
    // MLA guards against a record without uuid; everybody else against a status that is no success.
    if (cluster.fault?.answer !== 'withoutUuid') throw buildFailed(cluster.reason);
    view.uuid = '';
  }
  return { status: lab.options.createStatus, json: view };
}

/** By name only (SWG). Right after a create the name may not be known yet (inferred from DASH and GO2 pictures). */
export function readByName(lab: PlatformState, call: Call): Answer {
  const cluster = lab.byName(call.params.name ?? '', 'v2');
  if (cluster === undefined) throw clusterNotFound();
  if (lab.clock.nowMs() - cluster.createdMs < lab.options.visibleAfterMs) throw clusterNotFound();
  return answerWith(lab, cluster);
}

const sizes = { workers: z.int().min(1), load_balancer_ip_num: z.int().min(1) };
const changeSchema = z.object(sizes).partial();

/** `workers` and `load_balancer_ip_num` can be changed (GO2); other fields are ignored. Answers at once (assumed). */
export function change(lab: PlatformState, call: Call): Answer {
  const cluster = byUuid(lab, call);
  const wanted = checkBody(call.body, changeSchema);
  lab.resize(
    cluster,
    workersOf(wanted.workers ?? cluster.workers),
    loadBalancersFor(cluster, wanted.load_balancer_ip_num),
  );
  return answerWith(lab, cluster);
}

/** A whole cluster again, of the same name; of it the two changeable fields count (assumed). */
export function replace(lab: PlatformState, call: Call): Answer {
  const cluster = byUuid(lab, call);
  const order = parseCreate(call.body);
  if (order.name !== cluster.name) throw badRequest('name: cannot be changed');
  lab.resize(cluster, order.groups, loadBalancersFor(cluster, order.loadBalancers));
  return answerWith(lab, cluster);
}

/** With uuid, not with name; while it is being built too (LAB). */
export async function remove(lab: PlatformState, call: Call): Promise<Answer> {
  await lab.delete(byUuid(lab, call));
  return { status: 204 };
}

/** Gone from the swagger by release 3.1, so a client must not need it. The words are assumed. */
export function health(lab: PlatformState, call: Call): Answer {
  const words = {
    building: 'unknown',
    ready: 'healthy',
    failed: 'error',
    deleting: 'unknown',
    deleted: 'unknown',
  };
  return { status: 200, json: { cluster_health_status: words[byUuid(lab, call).state] } };
}

/** The kubeconfig as text, when the cluster is ready (LAB). */
export async function env(lab: PlatformState, call: Call): Promise<Answer> {
  const cluster = readyByUuid(lab, call);
  return { status: 200, text: await kubeconfig(cluster.apiServer?.url ?? '', cluster.identity) };
}

export function dashboard(lab: PlatformState, call: Call): Answer {
  return { status: 200, text: dashboardUrl(readyByUuid(lab, call)) };
}

function answerWith(lab: PlatformState, cluster: Cluster): Answer {
  return { status: 200, json: fullView(cluster, lab.options.stateWords) };
}

/** With ACI there are none to change: the fabric brings its own. */
function loadBalancersFor(cluster: Cluster, wanted: number | undefined): number {
  const own = cluster.addresses.loadBalancers.length;
  return cluster.order.network.plugin === 'calico' ? (wanted ?? own) : own;
}

function byUuid(lab: PlatformState, call: Call): Cluster {
  const cluster = lab.byUuid(call.params.uuid ?? '', 'v2');
  if (cluster === undefined) throw clusterNotFound();
  return cluster;
}

/** Neither kubeconfig nor dashboard can be had before the cluster is ready (LAB: their buttons are disabled). */
function readyByUuid(lab: PlatformState, call: Call): Cluster {
  const cluster = lab.byUuid(call.params.uuid ?? '', 'v2');
  if (cluster?.state !== 'ready') throw recordNotFound();
  return cluster;
}
