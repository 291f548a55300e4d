/** Create bodies of v3 that this laboratory takes, siblings of the one in sample-order.ts; its own names only. */
import { inventory } from './inventory.ts';

const { vsphere } = inventory;
const sshKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemoDemoDemoDemoDemoDemoDemoDemoDemoDem demo';
const kubernetesVersion = '1.16.3';

/**
 * The body of `POST /v3/clusters/` for vSphere with Calico, without what each order brings: `name`, and the pods'
 * range as `network_plugin_profile.details.pod_cidr`. One control-plane node and one group of two workers.
 */
export function sampleV3CalicoOrder() {
  return {
    ...vsphereOrder([vsphere.networks[0]]),
    subnet_id: inventory.subnet.uuid as string,
    network_plugin_profile: { name: 'calico' },
  };
}

/** The same with ACI. Each order brings `name` and the nodes' range as `routable_cidr`. */
export function sampleV3AciOrder() {
  return {
    // Must be there, but is empty with ACI (MLA).
    ...vsphereOrder([]),
    aci_profile: inventory.aciProfileV3.id as string,
    network_plugin_profile: { name: 'contiv-aci', details: {} },
  };
}

/**
 * The body of `POST /v3/clusters/` for EKS. Each order brings `name` and
 * `vpc_sizing: {subnet, public_subnets, private_subnets}`, three subnets of each kind inside the first.
 */
export function sampleV3EksOrder() {
  const { eks, providerEks } = inventory;
  return {
    type: 'eks',
    provider: providerEks.id as string,
    region: eks.regions[0] as string,
    ami: eks.ami as string,
    instance_type: eks.instanceTypes[0] as string,
    worker_count: 2,
    access_role_arn: eks.accessRoleArn as string,
    ssh_keys: [sshKey],
  };
}

function vsphereOrder(networks: string[]) {
  const group = {
    template: vsphere.templates[2],
    vcpus: 2,
    memory_mb: 16384,
    gpus: [],
    ssh_user: 'ccpuser',
    ssh_key: sshKey,
    kubernetes_version: kubernetesVersion,
  };
  return {
    type: 'vsphere',
    provider: inventory.providerV3.id as string,
    kubernetes_version: kubernetesVersion,
    ip_allocation_method: 'ccpnet',
    // With ACI too (GO3).
    load_balancer_num: 1,
    vsphere_infra: {
      datacenter: vsphere.datacenter,
      datastore: vsphere.datastores[0],
      cluster: vsphere.clusters[0],
      networks,
      resource_pool: vsphere.pools[0],
    },
    master_group: { ...group, name: 'master-group', size: 1 },
    node_groups: [{ ...group, name: 'node-group', size: 2 }],
  };
}
