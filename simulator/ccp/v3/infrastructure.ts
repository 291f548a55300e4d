/** What clusters are made on: providers, what a vSphere provider has, ACI profiles. */
import { z } from 'zod';
import { badRequest, recordNotFound } from '../errors.ts';
import { inventory } from '../inventory.ts';
import type { PlatformState } from '../platform-state.ts';
import type { Answer, Call } from '../router.ts';
import { optionalText, text } from './check.ts';
import { Records } from './records.ts';

const { vsphere } = inventory;

/** Section 4.4 of the reference. */
const providerSchema = z.object({
  type: z.enum(['vsphere', 'eks'], 'must be vsphere or eks'),
  name: text,
  description: optionalText,
  address: z.string(),
  port: z.int().min(1).max(65535),
  username: z.string(),
  password: z.string(),
  insecure_skip_verify: z.boolean(),
});

/** Section 3.6 of the reference, the column of v3. */
const aciProfileSchema = z.object({
  name: text,
  apic_hosts: text,
  apic_username: text,
  apic_password: z.string(),
  aci_vmm_domain_name: text,
  aci_infra_vlan_id: z.int(),
  vrf_name: text,
  l3_outside_policy_name: text,
  l3_outside_network_name: text,
  aaep_name: text,
  nameservers: z.array(z.string()),
  control_plane_contract_name: text,
  node_vlan_start: z.int(),
  node_vlan_end: z.int(),
  multicast_range: text,
  service_subnet_start: text,
  pod_subnet_start: text,
  aci_tenant: text,
});

export interface Infrastructure {
  providers: Records<z.output<typeof providerSchema>>;
  aciProfiles: Records<z.output<typeof aciProfileSchema>>;
}

/** Two providers and one ACI profile to begin with. Passwords can be written and not read (inferred). */
export function makeInfrastructure(lab: PlatformState): Infrastructure {
  const isIn = (field: string) => (id: string) =>
    lab.clusters('v3').some(({ order }) => order.request[field] === id);
  const { providerV3, providerEks, aciProfileV3 } = inventory;
  const providers = [providerV3, providerEks].map(one => ({ ...one, password: '' }));
  const profile = { ...aciProfileV3, nameservers: [...aciProfileV3.nameservers], apic_password: '' };
  return {
    providers: new Records(providers, providerSchema, { password: '' }, isIn('provider')),
    aciProfiles: new Records([profile], aciProfileSchema, { apic_password: '' }, isIn('aci_profile')),
  };
}

/** Arrays of strings (MLA, ANS), the same for every vSphere provider. The datacenter is in the query. */
export function lookUps(infra: Infrastructure) {
  const within = (names: readonly string[]) => (call: Call) => {
    checkDatacenter(infra, call);
    return { status: 200, json: names };
  };
  return {
    datacenters: (call: Call): Answer => {
      checkProvider(infra, call);
      return { status: 200, json: [vsphere.datacenter] };
    },
    clusters: within(vsphere.clusters),
    networks: within(vsphere.networks),
    datastores: within(vsphere.datastores),
    vms: within(vsphere.templates),
    resourcePools: within(vsphere.pools),
    gpus: (call: Call): Answer => {
      checkDatacenter(infra, call);
      if (!vsphere.clusters.some(name => name === queried(call, 'cluster'))) throw recordNotFound();
      return { status: 200, json: { gpus: vsphere.gpus.map(gpu_type => ({ gpu_type })) } };
    },
  };
}

/** The cloud has none of this; that it is a 404 is assumed, as all codes here. */
function checkProvider(infra: Infrastructure, call: Call): void {
  if (infra.providers.find(call.params.id ?? '')?.type !== 'vsphere') throw recordNotFound();
}

function checkDatacenter(infra: Infrastructure, call: Call): void {
  checkProvider(infra, call);
  if (queried(call, 'datacenter') !== vsphere.datacenter) throw recordNotFound();
}

function queried(call: Call, name: string): string {
  const value = call.query.get(name);
  if (value === null) throw badRequest('required in the query', name);
  return value;
}
