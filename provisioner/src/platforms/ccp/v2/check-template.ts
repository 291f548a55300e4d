/** What a v2 template names and the platform does not have: the look-ups of `ccp-api`, section 3. */
import type { Missing, Template } from '../../../common/platform.ts';
import { isObject, textAt } from '../answer-text.ts';
import { type Api, part } from '../api.ts';
import { Findings, lookUp } from '../lookups.ts';

/** Fields that hold a subnet's uuid, whatever they are called. */
const subnetKeys = ['ingress_vip_pool_id', 'node_ip_pool_uuid', 'node_ip_pool_id'];

/** Each thing once. @throws PlatformError when the platform does not answer. */
export async function missingOf(template: Template, api: Api, signal: AbortSignal): Promise<Missing[]> {
  const findings = new Findings();
  const uuid = textAt(template, 'provider_client_config_uuid');
  const deployer = providerIn(template);
  const providers = await lookUp(api, '/2/providerclientconfigs/', '', signal);
  findings.check(
    'deployer.provider.vsphere_client_config_uuid',
    deployer.vsphere_client_config_uuid,
    providers,
  );
  if (findings.check('provider_client_config_uuid', uuid, providers) && uuid !== '') {
    await vsphere(
      template,
      `/2/providerclientconfigs/${part(uuid)}/vsphere/datacenter`,
      api,
      findings,
      signal,
    );
  }
  const subnets = await lookUp(api, '/2/network_service/subnets/', '', signal);
  for (const key of subnetKeys) findings.check(key, template[key], subnets);
  if (textAt(template, 'aci_profile_uuid') !== '') {
    const profiles = await lookUp(api, '/2/aci_profiles', '', signal);
    findings.check('aci_profile_uuid', template.aci_profile_uuid, profiles);
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
  const datacenter = textAt(template, 'datacenter');
  const deployer = providerIn(template);
  const datacenters = await lookUp(api, path, 'Datacenters', signal);
  findings.check('deployer.provider.vsphere_datacenter', deployer.vsphere_datacenter, datacenters);
  if (!findings.check('datacenter', datacenter, datacenters) || datacenter === '') return;
  const inside = `${path}/${part(datacenter)}`;
  const [clusters, images, networks, datastores] = await Promise.all([
    lookUp(api, `${inside}/cluster`, 'Clusters', signal),
    lookUp(api, `${inside}/vm`, 'VMs', signal),
    lookUp(api, `${inside}/network`, 'Networks', signal),
    lookUp(api, `${inside}/datastore`, 'Datastores', signal),
  ]);
  findings.check('datastore', template.datastore, datastores);
  findings.check('deployer.provider.vsphere_datastore', deployer.vsphere_datastore, datastores);
  for (const network of listAt(template.networks)) findings.check('networks', network, networks);
  findings.check('template', template.template, images);
  for (const key of ['master_node_pool', 'worker_node_pool']) {
    const pool = template[key];
    if (isObject(pool)) findings.check(`${key}.template`, pool.template, images);
  }
  const cluster = textAt(template, 'cluster');
  if (!findings.check('cluster', cluster, clusters) || cluster === '') return;
  const pools = await lookUp(api, `${inside}/cluster/${part(cluster)}/pool`, 'Pools', signal);
  findings.check('resource_pool', template.resource_pool, pools);
}

function providerIn({ deployer }: Template): Record<string, unknown> {
  return isObject(deployer) && isObject(deployer.provider) ? deployer.provider : {};
}

function listAt(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
