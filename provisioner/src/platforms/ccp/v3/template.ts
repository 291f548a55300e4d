/** The v3 create payloads as templates: vSphere (`ccp-api`, section 4.1) and EKS (4.3). */
import { z } from 'zod';
import { count, description, type FieldProblem, fromThePress, isAbsent, rules, text } from '../fields.ts';

/** A list that may be left out or empty, but not null. */
const list = z
  .array(z.unknown(), { error: 'expected a list: the platform refuses null, leave it out' })
  .exactOptional();

const group = z.looseObject({
  name: text,
  template: text,
  vcpus: count,
  memory_mb: z.int().min(1),
  gpus: list,
  ssh_user: text,
  ssh_key: text,
  nodes: z.never({ error: 'comes from the platform: leave it out' }).optional(),
});

export const vsphereTemplateSchema = z
  .looseObject({
    type: z.literal('vsphere'),
    name: fromThePress,
    description,
    provider: text,
    kubernetes_version: text,
    ip_allocation_method: text,
    load_balancer_num: z.int('expected a number; 1 with ACI').min(1).max(100),
    vsphere_infra: z.looseObject({
      datacenter: text,
      datastore: text,
      cluster: text,
      networks: z.array(text, { error: 'expected a list; [] with ACI' }),
    }),
    master_group: group.extend({ size: z.literal([1, 3], 'expected 1 or 3') }),
    node_groups: z
      .array(group.extend({ size: count.max(100) }))
      .min(1)
      .max(20),
    network_plugin_profile: z.looseObject({
      name: z.enum(['calico', 'contiv-aci']),
      details: z.looseObject({ pod_cidr: fromThePress }).exactOptional(),
    }),
    routable_cidr: fromThePress,
    ntp_pools: list,
    ntp_servers: list,
    root_ca_registries: list,
    insecure_registries: list,
    docker_no_proxy: list,
  })
  .superRefine(rules(networkProblems), { when: () => true });

export type VsphereTemplate = z.infer<typeof vsphereTemplateSchema>;

export const eksTemplateSchema = z.looseObject({
  type: z.literal('eks'),
  name: fromThePress,
  description,
  provider: text,
  region: text,
  ami: text,
  instance_type: text,
  worker_count: count.max(100),
  access_role_arn: text,
  ssh_keys: z.array(text),
  vpc_sizing: fromThePress,
});

export type EksTemplate = z.infer<typeof eksTemplateSchema>;

/** Calico takes addresses from a subnet of the platform, ACI from its profile. */
function networkProblems(template: Record<string, unknown>): FieldProblem[] {
  const plugin = (template.network_plugin_profile as { name?: unknown } | null | undefined)?.name;
  const [needed, what, other] =
    plugin === 'contiv-aci'
      ? (['aci_profile', 'the id of an ACI profile', 'subnet_id'] as const)
      : (['subnet_id', 'the uuid of a subnet', 'aci_profile'] as const);
  if (plugin !== 'contiv-aci' && plugin !== 'calico') return [];
  const problems: FieldProblem[] = [];
  if (isAbsent(template[needed])) {
    problems.push({ path: [needed], message: `expected ${what}: ${plugin} needs it` });
  }
  if (template[other] !== undefined) {
    problems.push({ path: [other], message: `does not go with ${plugin}: leave it out` });
  }
  return problems;
}
