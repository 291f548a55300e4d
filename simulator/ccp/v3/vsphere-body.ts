/** The body of a create on vSphere: the fields of section 4.1 of the reference. Others are dropped. */
import { z } from 'zod';
import { parseCidr } from '../addresses.ts';
import { nameHint, nameRule } from '../body.ts';
import type { ClusterOrder, Network, WorkerGroup } from '../cluster.ts';
import { badRequest } from '../errors.ts';
import { inventory } from '../inventory.ts';
import { cidr, count, flag, list, optionalText, text, uuid } from './check.ts';

export const groupSchema = z.object({
  name: text,
  size: count,
  template: text,
  vcpus: count,
  memory_mb: count,
  gpus: z.array(z.object({ type: text, count })).default([]),
  ssh_user: text,
  ssh_key: text,
  kubernetes_version: optionalText,
  labels: z.record(z.string(), z.string()).default({}),
  taints: z.array(z.unknown()).default([]),
  // Belongs to answers; a null is known to be refused (GO3 comment), anything else is ignored (assumed).
  nodes: z.array(z.unknown()).optional(),
});

export const vsphereSchema = z.object({
  type: z.literal('vsphere'),
  name: z.string().regex(nameRule, nameHint),
  description: optionalText,
  provider: uuid,
  kubernetes_version: z.string().regex(/^\d+\.\d+\.\d+$/, 'must look like 1.16.3'),
  ip_allocation_method: z.literal('ccpnet', 'must be ccpnet'),
  subnet_id: optionalText,
  load_balancer_num: count,
  vsphere_infra: z.object({
    datacenter: text,
    datastore: text,
    cluster: text,
    // Must be there, but may be empty with ACI (GO3, MLA).
    networks: z.array(z.string()),
    resource_pool: optionalText,
  }),
  master_group: groupSchema.extend({
    size: z.union([z.literal(1), z.literal(3)], 'must be 1 or 3'),
  }),
  node_groups: z.array(groupSchema).min(1),
  network_plugin_profile: z.object({
    name: z.enum(['calico', 'contiv-aci'], 'must be calico or contiv-aci'),
    // A real object, unlike v2's (MLA, TF).
    details: z.object({ pod_cidr: cidr.optional() }),
  }),
  aci_profile: optionalText,
  routable_cidr: optionalText,
  ntp_pools: list,
  ntp_servers: list,
  root_ca_registries: list,
  insecure_registries: list,
  docker_no_proxy: list,
  self_signed_registries: z.record(z.string(), z.unknown()).default({}),
  docker_http_proxy: optionalText,
  docker_https_proxy: optionalText,
  docker_bip: optionalText,
  image_prefix: optionalText,
  nginx_ingress_class: optionalText,
  ingress_as_lb: flag,
  etcd_encrypted: flag,
  skip_management: flag,
  aws_iam_enabled: flag,
});

export type VsphereBody = z.output<typeof vsphereSchema>;
export type GroupBody = z.output<typeof groupSchema>;

/** The order that a checked body describes. Throws Refusal (400). */
export function vsphereOrder(request: VsphereBody): ClusterOrder {
  const groups = request.node_groups.map(workerGroup);
  if (new Set(groups.map(group => group.name)).size < groups.length) {
    throw badRequest('two groups have one name', 'node_groups');
  }
  const network = networkOf(request);
  return {
    api: 'v3',
    name: request.name,
    kubernetesVersion: request.kubernetes_version,
    masters: request.master_group.size,
    groups,
    loadBalancers: network.plugin === 'calico' ? request.load_balancer_num : 0,
    network,
    request,
  };
}

export function workerGroup(group: GroupBody): WorkerGroup {
  const { name, size, nodes: _, ...settings } = group;
  return { name, size, settings };
}

function networkOf(request: VsphereBody): Network {
  if (request.network_plugin_profile.name === 'calico') {
    const pods = parseCidr(request.network_plugin_profile.details.pod_cidr ?? '');
    if (pods === undefined)
      throw badRequest('details.pod_cidr: required with calico', 'network_plugin_profile');
    if (request.subnet_id !== inventory.subnet.uuid) throw badRequest('no such subnet', 'subnet_id');
    return { plugin: 'calico', podCidr: pods.text };
  }
  const nodes = parseCidr(request.routable_cidr);
  if (nodes === undefined) throw badRequest('a CIDR is required with contiv-aci', 'routable_cidr');
  return { plugin: 'contiv-aci', nodeCidr: nodes.text };
}
