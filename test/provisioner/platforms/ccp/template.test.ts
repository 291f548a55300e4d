/** Which templates the settings may hold, and what is said of the others. */
import { expect, test } from 'vitest';
import { ccpTemplateSchema } from '../../../../provisioner/src/platforms/ccp/settings.ts';
import { addOnProblem, rangeProblem } from '../../../../provisioner/src/platforms/ccp/template.ts';
import { inventory } from '../../../../simulator/ccp/inventory.ts';
import type { CcpSimulator } from '../../../../simulator/ccp/simulator.ts';
import { templates } from '../fixtures/ccp-platform.ts';

const kinds = templates({ inventory } as CcpSimulator);

/** The problems of a template with some settings changed, by path; undefined takes one away. */
function problems(kind: string, changes: Record<string, unknown>): string[] {
  const template = structuredClone(kinds[kind]) as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let at = template;
    for (const key of keys) at = at[key] as Record<string, unknown>;
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  const issues = ccpTemplateSchema.safeParse(template).error?.issues ?? [];
  return issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
}

test.each(Object.keys(kinds))('the sample %s is fine, with a long tail too', kind => {
  expect(problems(kind, { description: 'x', something_new: { deep: [1] } })).toEqual([]);
});

const groupOf = kinds['v3 calico']?.master_group as object;

test.each([
  ['v2 calico', { type: 2 }, 'type: expected 1 (vSphere through API v2), vsphere or eks (API v3)'],
  ['v2 calico', { type: undefined }, 'type: expected 1'],
  ['v2 calico', { name: 'x' }, 'name: comes from the press: leave it out'],
  ['v2 calico', { masters: 3 }, 'masters: expected 1: v2'],
  ['v2 calico', { 'network_plugin.details': '{}' }, 'network_plugin.details: comes from the press'],
  ['v2 calico', { ingress_vip_pool_id: undefined }, 'ingress_vip_pool_id: expected the uuid of a subnet'],
  ['v2 calico', { load_balancer_ip_num: '' }, 'load_balancer_ip_num: expected 1 or more'],
  ['v2 calico', { aci_profile_uuid: 'x' }, 'aci_profile_uuid: goes with contiv-aci only'],
  ['v2 aci', { aci_profile_uuid: null }, 'aci_profile_uuid: expected the uuid of an ACI profile'],
  ['v2 aci', { ingress_vip_pool_id: 'x' }, 'ingress_vip_pool_id: does not go with contiv-aci'],
  ['v2 aci', { load_balancer_ip_num: 1 }, 'load_balancer_ip_num: does not go with contiv-aci'],
  ['v3 calico', { name: 'x' }, 'name: comes from the press'],
  [
    'v3 calico',
    { 'network_plugin_profile.details': { pod_cidr: 'x' } },
    'network_plugin_profile.details.pod_cidr: comes',
  ],
  ['v3 calico', { routable_cidr: 'x' }, 'routable_cidr: comes from the press'],
  ['v3 calico', { provider: undefined }, 'provider: expected a text'],
  ['v3 calico', { subnet_id: undefined }, 'subnet_id: expected the uuid of a subnet: calico needs it'],
  ['v3 calico', { aci_profile: 'x' }, 'aci_profile: does not go with calico'],
  ['v3 calico', { ntp_servers: null }, 'ntp_servers: expected a list: the platform refuses null'],
  ['v3 calico', { 'vsphere_infra.networks': undefined }, 'vsphere_infra.networks: expected a list'],
  ['v3 calico', { 'master_group.size': 2 }, 'master_group.size: expected 1 or 3'],
  ['v3 calico', { 'master_group.nodes': null }, 'master_group.nodes: comes from the platform: leave it out'],
  ['v3 calico', { node_groups: [] }, 'node_groups: '],
  ['v3 calico', { node_groups: [{ ...groupOf, gpus: null }] }, 'node_groups.0.gpus: expected a list'],
  ['v3 calico', { load_balancer_num: undefined }, 'load_balancer_num: expected a number'],
  ['v3 calico', { 'network_plugin_profile.name': 'flannel' }, 'network_plugin_profile.name: '],
  [
    'v3 aci',
    { aci_profile: undefined },
    'aci_profile: expected the id of an ACI profile: contiv-aci needs it',
  ],
  ['v3 aci', { subnet_id: 'x' }, 'subnet_id: does not go with contiv-aci'],
  ['eks', { vpc_sizing: {} }, 'vpc_sizing: comes from the press'],
  ['eks', { worker_count: 0 }, 'worker_count: '],
  ['eks', { region: '' }, 'region: expected a text'],
])('what is wrong in a template is named: %s with %j', (kind, changes, expected) => {
  const found = problems(kind, changes);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(expected);
});

test('all problems at once', () => {
  expect(problems('v3 calico', { subnet_id: '', name: 'x', provider: 7 })).toHaveLength(3);
});

test.each([
  ['v2 calico', 8, undefined],
  ['v3 aci', 29, undefined],
  ['eks', 15, 'expected 16 to 25'],
  ['eks', 16, undefined],
  ['eks', 25, undefined],
  ['eks', 26, 'expected 16 to 25'],
])('ranges of %s /%i', (kind, prefix, expected) => {
  const problem = rangeProblem(kinds[kind] ?? {}, prefix);
  if (expected === undefined) expect(problem).toBeUndefined();
  else expect(problem).toContain(expected);
});

test.each([
  ['v2 calico', [], undefined],
  ['v2 calico', ['monitoring'], 'only clusters of type vsphere (API v3) have add-ons'],
  ['eks', ['monitoring'], 'only clusters of type vsphere (API v3) have add-ons'],
  ['v3 aci', ['monitoring', 'ccp-efk', '_ccp-kubernetes-dashboard', 'hxcsi'], undefined],
  [
    'v3 calico',
    ['monitoring', 'graphs'],
    'there is no add-on graphs; there is monitoring, logging, dashboard',
  ],
  ['v3 calico', ['istio', 'harbor'], 'istio and harbor exclude each other'],
  ['v3 calico', ['kubeflow', 'ccp-istio-operator'], 'istio and kubeflow exclude each other'],
  ['v3 calico', ['kubeflow', 'harbor'], undefined],
])('add-ons of %s: %j', (kind, names, expected) => {
  const problem = addOnProblem(kinds[kind] ?? {}, names);
  if (expected === undefined) expect(problem).toBeUndefined();
  else expect(problem).toContain(expected);
});
