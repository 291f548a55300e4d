/** What clusters are made on: vCenter connections, subnets, ACI profiles. Shapes from GO2 and GO3. */
import { recordNotFound } from '../errors.ts';
import { inventory } from '../inventory.ts';
import type { PlatformState } from '../platform-state.ts';
import type { Answer, Call } from '../router.ts';

const { vsphere } = inventory;

export function providers(): Answer {
  return { status: 200, json: [inventory.provider] };
}

export function provider(call: Call): Answer {
  checkProvider(call);
  return { status: 200, json: inventory.provider };
}

export function datacenters(call: Call): Answer {
  checkProvider(call);
  return { status: 200, json: { Datacenters: [vsphere.datacenter] } };
}

export const vsphereClusters = (call: Call) => inDatacenter(call, { Clusters: vsphere.clusters });
export const templates = (call: Call) => inDatacenter(call, { VMs: vsphere.templates });
export const networks = (call: Call) => inDatacenter(call, { Networks: vsphere.networks });
export const datastores = (call: Call) => inDatacenter(call, { Datastores: vsphere.datastores });

export function pools(call: Call): Answer {
  if (!vsphere.clusters.some(name => name === call.params.cl)) throw recordNotFound();
  return inDatacenter(call, { Pools: vsphere.pools });
}

/** `free_ips` is counted at the moment of asking. */
export function subnets(lab: PlatformState): Answer {
  const { uuid, name, network, pool, nameservers } = inventory.subnet;
  const { cidr, gateway, total, free } = lab.pool;
  const subnet = {
    uuid,
    name,
    cidr: cidr.text,
    gateway_ip: gateway,
    ip_version: 4,
    nameservers,
    network,
    pools: [pool],
    total_ips: total,
    free_ips: free,
  };
  return { status: 200, json: [subnet] };
}

/** The password has its field, but nobody gets to read it. */
export function aciProfiles(): Answer {
  return { status: 200, json: [{ ...inventory.aciProfile, apic_password: '' }] };
}

export function checkProvider(call: Call): void {
  if (call.params.uuid !== inventory.provider.uuid) throw recordNotFound();
}

function inDatacenter(call: Call, json: unknown): Answer {
  checkProvider(call);
  if (call.params.dc !== vsphere.datacenter) throw recordNotFound();
  return { status: 200, json };
}
