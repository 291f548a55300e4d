/** The body of a create: what has to be there, what may be, and how it becomes an order. */
import { z } from 'zod';
import { parseCidr } from '../addresses.ts';
import { nameHint, nameRule, parseJson } from '../body.ts';
import type { ClusterOrder, Network, WorkerGroup } from '../cluster.ts';
import { badRequest } from '../errors.ts';
import { inventory } from '../inventory.ts';

/** Problems named in one answer; a person mends them one by one anyway. */
const maxProblems = 5;

// In a request as in an answer, "" and null stand for what is absent (LAB).
const optionalText = z.string().nullish().transform(orEmpty);
const optionalTexts = z.array(z.string()).nullish().transform(orNull);
const optionalFlag = z
  .boolean()
  .nullish()
  .transform(value => value ?? false);
const text = z.string().min(1, 'must not be empty');
const count = z.int().min(1);

function orEmpty(value: string | null | undefined): string {
  return value ?? '';
}

function orNull<T>(value: T | null | undefined): T | null {
  return value ?? null;
}

/** One size for all nodes of a kind; memory in MiB. */
const nodePool = z.object({ vcpus: count, memory: count, template: text });

/** The fields marked R (required) and O (optional) in section 3.1 of the reference. Others are dropped. */
const createSchema = z.object({
  name: z.string().regex(nameRule, nameHint),
  description: optionalText,
  type: z.literal(1, 'must be 1'),
  deployer_type: text,
  kubernetes_version: z.string().regex(/^\d+\.\d+\.\d+$/, 'must look like 1.12.6'),
  provider_client_config_uuid: z.literal(inventory.provider.uuid, 'no such provider client config'),
  datacenter: text,
  cluster: text,
  datastore: text,
  resource_pool: text,
  // Must be there, but may be empty with ACI.
  networks: z.array(z.string()),
  storage_class: optionalText,
  masters: z.literal(1, 'must be 1'),
  workers: count,
  master_node_pool: nodePool,
  worker_node_pool: nodePool,
  vcpus: count.nullish().transform(orNull),
  memory: count.nullish().transform(orNull),
  template: optionalText,
  ssh_user: text,
  ssh_key: text,
  ssh_password: optionalText,
  ingress_vip_pool_id: optionalText,
  load_balancer_ip_num: z.int().min(0).nullish().transform(orNull),
  node_ip_pool_uuid: optionalText,
  node_ip_pool_id: optionalText,
  network_plugin: z.object({ name: z.string(), status: optionalText, details: z.string() }),
  aci_profile_uuid: optionalText,
  is_harbor_enabled: optionalFlag,
  is_istio_enabled: optionalFlag,
  harbor_admin_server_password: optionalText,
  harbor_registry_size: optionalText,
  aws_iam_enabled: optionalFlag,
  aws_iam_role_arn: optionalText,
  registries_root_ca: optionalTexts,
  registries_insecure: optionalTexts,
  registries_self_signed: optionalTexts,
  ntp_pools: optionalTexts,
  ntp_servers: optionalTexts,
  labels: z
    .array(z.object({ key: z.string(), value: z.string() }))
    .nullish()
    .transform(orNull),
  deployer: z.object({
    provider_type: text,
    proxy_cmd: optionalText,
    provider: z.object({
      vsphere_datacenter: text,
      vsphere_datastore: text,
      vsphere_client_config_uuid: z.literal(inventory.provider.uuid, 'no such provider client config'),
      vsphere_working_dir: text,
      vsphere_scsi_controller_type: optionalText,
    }),
  }),
});

export type CreateBody = z.output<typeof createSchema>;

/** Checks a body by a schema. Throws Refusal (400) that names fields and never repeats their values. */
export function checkBody<T>(body: string, schema: z.ZodType<T>): T {
  const checked = schema.safeParse(parseJson(body));
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map(issue => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw badRequest(problems.slice(0, maxProblems).join('; '));
}

/** The order that a create's body describes. Throws Refusal (400) for the problems of its fields. */
export function parseCreate(body: string): ClusterOrder {
  const request = checkBody(body, createSchema);
  const network = networkOf(request);
  if (network.plugin === 'calico') checkCalico(request);
  else checkAci(request);
  return {
    api: 'v2',
    name: request.name,
    kubernetesVersion: request.kubernetes_version,
    masters: request.masters,
    groups: workersOf(request.workers),
    loadBalancers: network.plugin === 'calico' ? (request.load_balancer_ip_num ?? 0) : 0,
    network,
    request,
  };
}

/** The one group of v2, by the name that the platform's pages give it (LAB, HCA). */
export function workersOf(size: number): WorkerGroup[] {
  return [{ name: 'default-pool', size }];
}

/** In v2 the details are JSON inside a string, with a key that depends on the plugin (DASH). */
function networkOf(request: CreateBody): Network {
  const { name, details } = request.network_plugin;
  if (name === 'calico') return { plugin: name, podCidr: cidrIn(details, 'pod_cidr') };
  if (name === 'contiv-aci') return { plugin: name, nodeCidr: cidrIn(details, 'node_vlan_cidr') };
  throw badRequest('network_plugin.name: must be calico or contiv-aci');
}

function cidrIn(details: string, key: string): string {
  const problem = badRequest(`network_plugin.details: must be JSON with a CIDR as ${key}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(details);
  } catch {
    throw problem;
  }
  const value = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, key) : undefined;
  const cidr = typeof value === 'string' ? parseCidr(value) : undefined;
  if (cidr === undefined) throw problem;
  return cidr.text;
}

/** The fields called "pool id" hold the uuid of a subnet (DASH, BOB). */
function checkCalico(request: CreateBody): void {
  if (request.ingress_vip_pool_id === '') throw badRequest('ingress_vip_pool_id: required with calico');
  if ((request.load_balancer_ip_num ?? 0) < 1) throw badRequest('load_balancer_ip_num: must be 1 or more');
  for (const field of ['ingress_vip_pool_id', 'node_ip_pool_uuid', 'node_ip_pool_id'] as const) {
    if (request[field] !== '' && request[field] !== inventory.subnet.uuid) {
      throw badRequest(`${field}: no such subnet`);
    }
  }
}

function checkAci(request: CreateBody): void {
  if (request.aci_profile_uuid === '') throw badRequest('aci_profile_uuid: required with contiv-aci');
  if (request.aci_profile_uuid !== inventory.aciProfile.uuid) {
    throw badRequest('aci_profile_uuid: no such ACI profile');
  }
}
