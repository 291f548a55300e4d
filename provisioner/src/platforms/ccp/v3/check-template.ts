/** What a v3 template names and the platform does not have: the look-ups of `ccp-api`, section 4. */
import type { Missing, Template } from '../../../common/platform.ts';
import { isObject, textAt } from '../answer-text.ts';
import { type Api, part } from '../api.ts';
import { Findings, lookUp, type Shown } from '../lookups.ts';

/** Each thing once. EKS names things of its cloud, which the platform has no look-up for. */
export async function missingOf(template: Template, api: Api, signal: AbortSignal): Promise<Missing[]> {
  const findings = new Findings();
  const provider = textAt(template, 'provider');
  const providers = await lookUp(api, '/v3/providers', '', signal);
  const isThere = findings.check('provider', provider, providers);
  if (template.type === 'eks') return findings.missing;
  if (isThere && provider !== '') {
    await vsphere(template, `/v3/providers/${part(provider)}`, api, findings, signal);
  }
  if (textAt(template, 'subnet_id') !== '') {
    // Still v2, with the token of v3 (`ccp-api`, sections 2.2 and 4).
    const subnets = await lookUp(api, '/2/network_service/subnets/', '', signal);
    findings.check('subnet_id', template.subnet_id, subnets);
  }
  if (textAt(template, 'aci_profile') !== '') {
    const profiles = await lookUp(api, '/v3/aci-profiles', '', signal);
    findings.check('aci_profile', template.aci_profile, profiles);
  }
  return findings.missing;
}

/** What lies in the datacenter; not looked for when that is not there itself. */
async function vsphere(
  template: Template,
  path: string,
  api: Api,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const infra = isObject(template.vsphere_infra) ? template.vsphere_infra : {};
  const datacenter = textAt(infra, 'datacenter');
  const datacenters = await lookUp(api, `${path}/datacenters`, '', signal);
  if (!findings.check('vsphere_infra.datacenter', datacenter, datacenters) || datacenter === '') return;
  const query = `datacenter=${part(datacenter)}`;
  const inside = (what: string) => lookUp(api, `${path}/${what}?${query}`, '', signal);
  const [clusters, networks, datastores, images, pools] = await Promise.all([
    inside('clusters'),
    inside('networks'),
    inside('datastores'),
    inside('vms'),
    inside('resource-pools'),
  ]);
  findings.check('vsphere_infra.datastore', infra.datastore, datastores);
  findings.check('vsphere_infra.resource_pool', infra.resource_pool, pools);
  for (const network of listAt(infra.networks)) findings.check('vsphere_infra.networks', network, networks);
  const groups = groupsOf(template);
  for (const [setting, group] of groups) findings.check(`${setting}.template`, group.template, images);
  const cluster = textAt(infra, 'cluster');
  if (!findings.check('vsphere_infra.cluster', cluster, clusters) || cluster === '') return;
  const wanted = groups.flatMap(([setting, { gpus }]) => gpuTypes(gpus).map(type => ({ setting, type })));
  if (wanted.length === 0) return;
  const gpus: Shown = await lookUp(api, `${path}/gpus/?${query}&cluster=${part(cluster)}`, 'gpus', signal);
  for (const { setting, type } of wanted) findings.check(`${setting}.gpus`, type, gpus);
}

function groupsOf({ master_group, node_groups }: Template): (readonly [string, Record<string, unknown>])[] {
  const workers = listAt(node_groups).map(group => ['node_groups', group] as const);
  const all = [['master_group', master_group] as const, ...workers];
  return all.flatMap(([setting, group]) => (isObject(group) ? [[setting, group] as const] : []));
}

function gpuTypes(gpus: unknown): string[] {
  return listAt(gpus).flatMap(gpu => (isObject(gpu) ? textAt(gpu, 'type') || [] : []));
}

function listAt(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
