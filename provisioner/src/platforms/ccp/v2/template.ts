/** The v2 create payload as a template (`ccp-api`, section 3.1). */
import { z } from 'zod';
import { description, type FieldProblem, fromThePress, isAbsent, rules } from '../fields.ts';

export const v2TemplateSchema = z
  .looseObject({
    type: z.literal(1),
    name: fromThePress,
    description,
    // v2 builds one master only.
    masters: z.literal(1, 'expected 1: v2 of the platform builds one master'),
    workers: z.int().min(1).max(100),
    network_plugin: z.looseObject({
      name: z.enum(['calico', 'contiv-vpp', 'contiv-aci']),
      details: fromThePress,
    }),
  })
  .superRefine(rules(networkProblems), { when: () => true });

export type V2Template = z.infer<typeof v2TemplateSchema>;

const poolKeys = ['ingress_vip_pool_id', 'load_balancer_ip_num'];

/** ACI brings its own addresses by its profile; the other plugins take theirs from a subnet of the platform. */
function networkProblems(template: Record<string, unknown>): FieldProblem[] {
  const plugin = (template.network_plugin as { name?: unknown } | null | undefined)?.name;
  const has = (key: string) => !isAbsent(template[key]);
  const leaveOut = (key: string, why: string) => (has(key) ? [{ path: [key], message: why }] : []);
  const need = (key: string, what: string) => (has(key) ? [] : [{ path: [key], message: what }]);
  if (plugin === 'contiv-aci') {
    return [
      ...need('aci_profile_uuid', 'expected the uuid of an ACI profile: contiv-aci needs it'),
      ...poolKeys.flatMap(key => leaveOut(key, 'does not go with contiv-aci: leave it out')),
    ];
  }
  if (plugin !== 'calico' && plugin !== 'contiv-vpp') return [];
  return [
    ...need('ingress_vip_pool_id', `expected the uuid of a subnet: ${plugin} needs it`),
    ...need('load_balancer_ip_num', `expected 1 or more: ${plugin} needs it`),
    ...leaveOut('aci_profile_uuid', 'goes with contiv-aci only: leave it out'),
  ];
}
