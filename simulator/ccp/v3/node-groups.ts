/** `/v3/clusters/{id}/node-groups` (CAS), and `node-pools` (GO3), which is taken for another name of the same. */
import { z } from 'zod';
import type { Cluster, WorkerGroup } from '../cluster.ts';
import { badRequest, recordNotFound } from '../errors.ts';
import type { PlatformState } from '../platform-state.ts';
import type { Answer, Call } from '../router.ts';
import { checkBody, count, page } from './check.ts';
import { groupView } from './cluster-view.ts';
import { byId } from './find.ts';
import { groupSchema, workerGroup } from './vsphere-body.ts';

/** Sizes of groups by name. The others keep theirs. Throws Refusal (400) for an unknown one. */
export function resizeGroups(
  lab: PlatformState,
  cluster: Cluster,
  sizes: readonly { name: string; size: number }[],
  loadBalancers: number,
): void {
  const unknown = sizes.find(({ name }) => !cluster.groups.some(group => group.name === name));
  if (unknown !== undefined) throw badRequest(`no group ${unknown.name}`, 'node_groups');
  const groups = cluster.groups.map(group => ({
    ...group,
    size: sizes.find(({ name }) => name === group.name)?.size ?? group.size,
  }));
  lab.resize(cluster, groups, loadBalancers);
}

export function list(lab: PlatformState, call: Call): Answer {
  const cluster = withGroups(lab, call);
  return { status: 200, json: page(cluster.groups.map(group => groupView(cluster, group, lab.options.v3))) };
}

/** 201 and the new group (CAS); its nodes follow. */
export function add(lab: PlatformState, call: Call): Answer {
  const cluster = withGroups(lab, call);
  const group = workerGroup(checkBody(call.body, groupSchema));
  if (cluster.groups.some(({ name }) => name === group.name)) {
    throw badRequest('the cluster has a group of this name', 'name');
  }
  resize(lab, cluster, [...cluster.groups, group]);
  return { status: 201, json: groupView(cluster, group, lab.options.v3) };
}

const sizeSchema = z.object({ name: z.string().optional(), size: count });

/** Answers at once with the group, the nodes follow (GO3). The name in the body has to be that of the path. */
export function scale(lab: PlatformState, call: Call): Answer {
  const cluster = withGroups(lab, call);
  const { name } = groupOf(cluster, call);
  const wanted = checkBody(call.body, sizeSchema);
  if (wanted.name !== undefined && wanted.name !== name) throw badRequest('cannot be changed', 'name');
  resizeGroups(lab, cluster, [{ name, size: wanted.size }], cluster.addresses.loadBalancers.length);
  return { status: 200, json: groupView(cluster, groupOf(cluster, call), lab.options.v3) };
}

/** Its nodes are gone at once. The code is assumed. */
export function remove(lab: PlatformState, call: Call): Answer {
  const cluster = withGroups(lab, call);
  const group = groupOf(cluster, call);
  resize(
    lab,
    cluster,
    cluster.groups.filter(other => other !== group),
  );
  return { status: 204 };
}

function resize(lab: PlatformState, cluster: Cluster, groups: readonly WorkerGroup[]): void {
  lab.resize(cluster, groups, cluster.addresses.loadBalancers.length);
}

/** EKS has a worker count instead of groups (EKSPY); that there is nothing here for it is assumed. */
function withGroups(lab: PlatformState, call: Call): Cluster {
  const cluster = byId(lab, call);
  if (cluster.kind === 'eks') throw recordNotFound();
  return cluster;
}

function groupOf(cluster: Cluster, call: Call): WorkerGroup {
  const group = cluster.groups.find(({ name }) => name === call.params.name);
  if (group === undefined) throw recordNotFound();
  return group;
}
