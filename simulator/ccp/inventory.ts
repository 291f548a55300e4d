/**
 * What the laboratory is made of besides clusters. The same in every simulator, so that a settings file can name
 * it; all names are invented, those of the templates and of `default-network-subnet` follow the product's.
 */
export const inventory = {
  provider: {
    uuid: '0b5cf1d6-4c0e-4d3a-9f8e-5f2f7d1c9a01',
    name: 'vsphere',
    /** The only type of connection there is in v2. */
    type: 1,
    config: { ip: 'vcenter.lab.example', port: 443, username: 'ccp@lab.example' },
  },
  vsphere: {
    datacenter: 'lab',
    clusters: ['lab-cluster'],
    pools: ['lab-cluster/Resources'],
    networks: ['lab-network', 'k8-priv-iscsivm-network'],
    datastores: ['lab-datastore'],
    templates: [
      'ccp-tenant-image-1.12.6-ubuntu18-3.2.0',
      'ccp-tenant-image-1.11.5-ubuntu18-2.2.2',
      'ccp-tenant-image-1.16.3-ubuntu18-6.1.0',
    ],
    gpus: ['GRID V100-8Q'],
  },
  /** The same vCenter as v3 knows it. That the two generations number it differently is assumed. */
  providerV3: {
    id: '4e1f0c7b-2d65-4a0e-8b1c-6f3a9d7e5b04',
    type: 'vsphere',
    name: 'vsphere',
    description: '',
    address: 'vcenter.lab.example',
    port: 443,
    username: 'ccp@lab.example',
    insecure_skip_verify: true,
  },
  /** An account of a public cloud. The number is the one of the vendor's own examples. */
  providerEks: {
    id: '9a3d7e21-5c84-4f6b-a0d2-1e8b4c6f7a05',
    type: 'eks',
    name: 'cloud-account',
    description: '',
    address: '',
    port: 443,
    username: '',
    insecure_skip_verify: false,
  },
  eks: {
    regions: ['us-west-2', 'eu-central-1'],
    ami: 'ami-0123456789abcdef0',
    instanceTypes: ['t2.small', 't2.medium', 'm5.large'],
    accessRoleArn: 'arn:aws:iam::123456789012:role/lab-access',
  },
  subnet: {
    uuid: '7d9a4f52-6a0b-4a57-8c43-0a1de2b3c402',
    name: 'default-network-subnet',
    network: 'default-network',
    pool: 'default-pool',
    nameservers: ['192.0.2.53'],
  },
  aciProfile: {
    uuid: 'c2e8b7a4-1f36-4b7e-b6a2-93d0c4e5f603',
    name: 'lab-aci',
    apic_hosts: '192.0.2.10',
    apic_username: 'ccp',
    aci_vmm_domain_name: 'lab-vmm',
    aci_infra_vlan_id: '4093',
    vrf_name: 'lab-vrf',
    l3_outside_policy_name: 'lab-l3out',
    l3_outside_network_name: 'lab-l3out-network',
    aaep_name: 'lab-aaep',
    nameservers: ['192.0.2.53'],
    control_plane_contract_name: 'lab-control-plane',
    aci_allocator: {
      node_vlan_start: 3200,
      node_vlan_end: 3299,
      multicast_range: '225.65.0.0/16',
      service_subnet_start: '10.105.0.1/16',
      pod_subnet_start: '10.101.0.1/16',
    },
  },
  /** The same profile as v3 writes it; see {@link inventory.aciProfile}. */
  aciProfileV3: {
    id: 'd7f1a9b3-8e42-4c5d-b3f6-2a0c9e8d7f06',
    name: 'lab-aci',
    apic_hosts: '192.0.2.10',
    apic_username: 'ccp',
    aci_vmm_domain_name: 'lab-vmm',
    aci_infra_vlan_id: 4093,
    vrf_name: 'lab-vrf',
    l3_outside_policy_name: 'lab-l3out',
    l3_outside_network_name: 'lab-l3out-network',
    aaep_name: 'lab-aaep',
    nameservers: ['192.0.2.53'],
    control_plane_contract_name: 'lab-control-plane',
    node_vlan_start: 3200,
    node_vlan_end: 3299,
    multicast_range: '225.65.0.0/16',
    service_subnet_start: '10.105.0.1/16',
    pod_subnet_start: '10.101.0.1/16',
    aci_tenant: 'lab-tenant',
  },
} as const;

export type Inventory = typeof inventory;
