/** `/v3/clusters`: list, create, read, change, delete. */
import { z } from 'zod';
import type { Cluster } from '../cluster.ts';
import { badRequest } from '../errors.ts';
import type { PlatformState } from '../platform-state.ts';
import { type Answer, type Call, hangUp } from '../router.ts';
import { checkBody, count } from './check.ts';
import { clusterView } from './cluster-view.ts';
import { eksOrder, eksSchema } from './eks-body.ts';
import { byId } from './find.ts';
import type { Infrastructure } from './infrastructure.ts';
import { resizeGroups } from './node-groups.ts';
import { vsphereOrder, vsphereSchema } from './vsphere-body.ts';

const createSchema = z.discriminatedUnion('type', [vsphereSchema, eksSchema]);

/** A bare array (GO3, MLA, CAS); whole clusters (WIL), those of v3 only (assumed). */
export async function list(lab: PlatformState): Promise<Answer> {
  const { v3 } = lab.options;
  return { status: 200, json: await Promise.all(lab.clusters('v3').map(one => clusterView(one, v3))) };
}

/** Answers at once, long before the cluster is there. */
export async function create(
  lab: PlatformState,
  infra: Infrastructure,
  call: Call,
): Promise<Answer | typeof hangUp> {
  const request = checkBody(call.body, createSchema);
  if (infra.providers.find(request.provider)?.type !== request.type) {
    throw badRequest(`no such provider of type ${request.type}`, 'provider');
  }
  const order = request.type === 'eks' ? eksOrder(request) : vsphereOrder(request);
  if (request.type === 'vsphere' && order.network.plugin === 'contiv-aci') {
    if (infra.aciProfiles.find(request.aci_profile) === undefined) {
      throw badRequest('no such ACI profile', 'aci_profile');
    }
  }
  const cluster = lab.create(order);
  if (lab.failures.take('drop') !== undefined) return hangUp;
  return accepted(lab, cluster);
}

/** By id. That a name would do too is unproven. */
export async function read(lab: PlatformState, call: Call): Promise<Answer> {
  return { status: 200, json: await clusterView(byId(lab, call), lab.options.v3) };
}

const changeSchema = z.object({
  description: z.string().optional(),
  load_balancer_num: count.optional(),
  node_groups: z.array(z.object({ name: z.string(), size: count })).optional(),
  worker_count: count.optional(),
});

/**
 * Sizes (CAS, GO3, TF) and description; other fields are ignored, groups that are not mentioned stay (both assumed).
 * Answers at once, the nodes follow. Sizes can be changed when the cluster is ready (assumed).
 */
export async function change(lab: PlatformState, call: Call): Promise<Answer> {
  const cluster = byId(lab, call);
  const wanted = checkBody(call.body, changeSchema);
  const own = cluster.addresses.loadBalancers.length;
  // With ACI and EKS there are none to change.
  const loadBalancers = own === 0 ? 0 : (wanted.load_balancer_num ?? own);
  const sizes =
    cluster.kind === 'eks' && wanted.worker_count !== undefined
      ? cluster.groups.map(({ name }) => ({ name, size: wanted.worker_count ?? 0 }))
      : (wanted.node_groups ?? []);
  if (sizes.length > 0 || loadBalancers !== own) resizeGroups(lab, cluster, sizes, loadBalancers);
  cluster.description = wanted.description ?? cluster.description;
  return accepted(lab, cluster);
}

/** The record stays for a while with its own status (assumed). While the cluster is being built too. */
export async function remove(lab: PlatformState, call: Call): Promise<Answer> {
  await lab.delete(byId(lab, call), lab.options.v3.deleteMs);
  return { status: 204 };
}

async function accepted(lab: PlatformState, cluster: Cluster): Promise<Answer> {
  const { v3 } = lab.options;
  return { status: v3.acceptedStatus, json: await clusterView(cluster, v3) };
}
