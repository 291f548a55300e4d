/** Shapes of JSON answers as the reference documents them, and how an answer differs from one. */

/**
 * `string`, `integer`, `boolean`, `null`, `object`, several of them joined with `|`; an array with the shape of its
 * items (which must not be empty); an object of shapes, where a key with `?` at its end may be missing.
 */
export type Shape = string | readonly [Shape] | { readonly [key: string]: Shape };

/** What is different, one sentence each; nothing when the answer has exactly this shape. */
export function differences(value: unknown, shape: Shape, at = 'answer'): string[] {
  if (typeof shape === 'string') {
    return shape.split('|').includes(typeOf(value)) ? [] : [`${at} is ${typeOf(value)}, not ${shape}`];
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) return [`${at} is ${typeOf(value)}, not an array`];
    if (value.length === 0) return [`${at} is empty: there is nothing to compare`];
    return value.flatMap((item, i) => differences(item, shape[0], `${at}[${i}]`));
  }
  if (typeOf(value) !== 'object') return [`${at} is ${typeOf(value)}, not an object`];
  return objectDifferences(value as Record<string, unknown>, shape, at);
}

function objectDifferences(value: Record<string, unknown>, shape: { [key: string]: Shape }, at: string) {
  const known = new Set(Object.keys(shape).map(key => key.replace(/\?$/, '')));
  const strangers = Object.keys(value).filter(key => !known.has(key));
  return [
    ...strangers.map(key => `${at}.${key} is not documented`),
    ...Object.entries(shape).flatMap(([key, wanted]) => {
      const name = key.replace(/\?$/, '');
      if (name in value) return differences(value[name], wanted, `${at}.${name}`);
      return name === key ? [`${at}.${name} is missing`] : [];
    }),
  ];
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

// Of v2 (sections 3.1, 3.2, 3.5, 3.6).

const texts: Shape = 'array|none|null';

const v2Node: Shape = {
  uuid: 'string',
  name: 'string',
  public_ip: 'string',
  private_ip: 'string',
  is_master: 'boolean',
  state: 'string',
  cloud_init_data: 'string',
  kubernetes_version: 'string',
  error_log: 'string',
  template: 'string',
  mac_addresses: ['string'],
};

const v2Pool: Shape = { vcpus: 'integer', memory: 'integer', template: 'string' };

/** An item of the list: without nodes, labels and infra. */
export const v2Item = {
  uuid: 'string',
  provider_client_config_uuid: 'string',
  aci_profile_uuid: 'string',
  name: 'string',
  description: 'string',
  workers: 'integer',
  masters: 'integer',
  type: 'integer',
  state: 'string',
  template: 'string',
  ssh_user: 'string',
  ssh_password: 'string',
  ssh_key: 'string',
  datacenter: 'string',
  cluster: 'string',
  datastore: 'string',
  resource_pool: 'string',
  networks: ['string'],
  storage_class: 'string',
  deployer_type: 'string',
  kubernetes_version: 'string',
  vcpus: 'integer|null',
  memory: 'integer|null',
  master_node_pool: v2Pool,
  worker_node_pool: v2Pool,
  ingress_vip_pool_id: 'string',
  load_balancer_ip_num: 'integer',
  node_ip_pool_uuid: 'string',
  node_ip_pool_id: 'string',
  network_plugin: { name: 'string', status: 'string', details: 'string' },
  is_harbor_enabled: 'boolean',
  is_istio_enabled: 'boolean',
  harbor_admin_server_password: 'string',
  harbor_registry_size: 'string',
  aws_iam_enabled: 'boolean',
  aws_iam_role_arn: 'string',
  registries_root_ca: texts,
  registries_insecure: texts,
  registries_self_signed: texts,
  ntp_pools: texts,
  ntp_servers: texts,
  labels: 'null',
  deployer: {
    provider_type: 'string',
    proxy_cmd: 'string',
    provider: {
      vsphere_datacenter: 'string',
      vsphere_datastore: 'string',
      vsphere_client_config_uuid: 'string',
      vsphere_working_dir: 'string',
      vsphere_scsi_controller_type: 'string',
      'client_config?': 'object',
    },
  },
  master_vip: 'string',
  master_vip_addr_id: 'string',
  ingress_vips: ['string'],
  ingress_vip_addr_id: 'string',
  master_mac_addresses: ['string'],
  keepalived_vrid: 'integer',
  cluster_env_url: 'string',
  cluster_dashboard_url: 'string',
  ccp_private_ssh_key: 'string',
  ccp_public_ssh_key: 'string',
  is_control_cluster: 'boolean',
  is_adopt: 'boolean',
  helm_charts: 'null|array',
  auth_list: 'null|array',
  infra: 'null',
  nodes: 'null',
} satisfies Shape;

export const v2Cluster: Shape = {
  ...v2Item,
  labels: [{ key: 'string', value: 'string' }],
  infra: {
    datacenter: 'string',
    datastore: 'string',
    cluster: 'string',
    networks: ['string'],
    resource_pool: 'string',
  },
  nodes: [v2Node],
};

export const loginRecord: Shape = {
  status: 'string',
  login_id: 'string',
  total_fail: 'integer',
  last_success: 'string',
  last_fail: 'string|null',
  to_host: 'string',
  from_host: 'string',
  proto: 'string',
};

export const v2Provider: Shape = {
  uuid: 'string',
  name: 'string',
  type: 'integer',
  config: { ip: 'string', port: 'integer', username: 'string' },
};

export const subnet: Shape = {
  uuid: 'string',
  name: 'string',
  cidr: 'string',
  gateway_ip: 'string',
  ip_version: 'integer',
  nameservers: ['string'],
  network: 'string',
  pools: ['string'],
  total_ips: 'integer',
  free_ips: 'integer',
};

const aciBoth = {
  name: 'string',
  apic_hosts: 'string',
  apic_username: 'string',
  apic_password: 'string',
  aci_vmm_domain_name: 'string',
  vrf_name: 'string',
  l3_outside_policy_name: 'string',
  l3_outside_network_name: 'string',
  aaep_name: 'string',
  control_plane_contract_name: 'string',
  nameservers: ['string'],
} satisfies Shape;

const aciAllocator = {
  node_vlan_start: 'integer',
  node_vlan_end: 'integer',
  multicast_range: 'string',
  service_subnet_start: 'string',
  pod_subnet_start: 'string',
} satisfies Shape;

export const v2AciProfile: Shape = {
  ...aciBoth,
  uuid: 'string',
  aci_infra_vlan_id: 'string',
  aci_allocator: aciAllocator,
};

export const platformHealth: Shape = {
  TotalSystemHealth: 'string',
  CurrentNodes: 'integer',
  ExpectedNodes: 'integer',
  NodesStatus: [
    { NodeName: 'string', NodeCondition: 'string', NodeStatus: 'string', LastTransitionTime: 'string' },
  ],
  PodStatusList: [
    { PodName: 'string', PodCondition: 'string', PodStatus: 'string', LastTransitionTime: 'string' },
  ],
};

// Of v3 (sections 3.6, 4.1 to 4.5).

export const v3AciProfile: Shape = {
  ...aciBoth,
  ...aciAllocator,
  id: 'string',
  aci_infra_vlan_id: 'integer',
  aci_tenant: 'string',
};

export const v3Provider: Shape = {
  id: 'string',
  type: 'string',
  name: 'string',
  description: 'string',
  address: 'string',
  port: 'integer',
  username: 'string',
  password: 'string',
  insecure_skip_verify: 'boolean',
};

export const v3Group: Shape = {
  name: 'string',
  size: 'integer',
  template: 'string',
  vcpus: 'integer',
  memory_mb: 'integer',
  gpus: 'none|array',
  ssh_user: 'string',
  ssh_key: 'string',
  kubernetes_version: 'string',
  labels: 'object',
  taints: 'none|array',
  nodes: [
    {
      name: 'string',
      status: 'string',
      phase: 'string',
      public_ip: 'string',
      private_ip: 'string',
      'status_detail?': 'string',
      'status_reason?': 'string',
    },
  ],
};

const v3Infra = {
  datacenter: 'string',
  datastore: 'string',
  cluster: 'string',
  networks: ['string'],
  resource_pool: 'string',
  folder: 'string',
} satisfies Shape;

const v3Fields = {
  type: 'string',
  name: 'string',
  provider: 'string',
  kubernetes_version: 'string',
  ip_allocation_method: 'string',
  subnet_id: 'string',
  load_balancer_num: 'integer',
  vsphere_infra: v3Infra,
  master_group: v3Group,
  node_groups: [v3Group],
  network_plugin_profile: {
    name: 'string',
    details: { pod_cidr: 'string', typhaReplicas: 'integer', ssh_user: 'string' },
  },
  aci_profile: 'string',
  routable_cidr: 'string',
  description: 'string',
  ntp_pools: 'none|array',
  ntp_servers: 'none|array',
  root_ca_registries: 'none|array',
  insecure_registries: 'none|array',
  docker_no_proxy: 'none|array',
  self_signed_registries: 'object',
  docker_http_proxy: 'string',
  docker_https_proxy: 'string',
  docker_bip: 'string',
  image_prefix: 'string',
  nginx_ingress_class: 'string',
  ingress_as_lb: 'boolean',
  etcd_encrypted: 'boolean',
  skip_management: 'boolean',
  aws_iam_enabled: 'boolean',
} satisfies Shape;

export const v3Cluster: Shape = {
  ...v3Fields,
  id: 'string',
  status: 'string',
  kubeconfig: 'string',
  kubernetes_config_secret: 'string',
  master_vip: 'string',
  spec: { ...v3Fields, vsphere_infra: { ...v3Infra, guestOS: 'string', hostSystem: 'string' } },
};

export const v3EksCluster: Shape = {
  id: 'string',
  type: 'string',
  name: 'string',
  provider: 'string',
  region: 'string',
  ami: 'string',
  instance_type: 'string',
  worker_count: 'integer',
  access_role_arn: 'string',
  ssh_keys: ['string'],
  vpc_sizing: { subnet: 'string', public_subnets: ['string'], private_subnets: ['string'] },
  status: 'string',
  kubeconfig: 'string',
  description: 'string',
  // The platform's page shows one (HCA); its name in the record is assumed.
  vpc_id: 'string',
};

/** A page of Django REST Framework. */
export const pageOf = (item: Shape): Shape => ({
  count: 'integer',
  next: 'string|null',
  previous: 'string|null',
  results: [item],
});

const offer = {
  name: 'string',
  displayName: 'string',
  description: 'string',
  url: 'string',
  'overrides?': 'string',
  'overrideFiles?': ['string'],
  'conflicts?': ['string'],
  'dependencies?': 'object',
} satisfies Shape;

export const v3Catalog: Shape = {
  '_ccp-monitor': { ...offer, namespace: 'string' },
  '_ccp-efk': { ...offer, namespace: 'string' },
  '_ccp-kubernetes-dashboard': { ...offer, namespace: 'string' },
  '_ccp-istio-operator': { ...offer, namespace: 'string' },
  '_ccp-harbor-operator': { ...offer, namespace: 'string' },
  '_ccp-kubeflow': { ...offer, namespace: 'string' },
  '_ccp-hxcsi': offer,
};

export const v3AddOn: Shape = {
  name: 'string',
  namespace: 'string',
  displayName: 'string',
  description: 'string',
  url: 'string',
  overrides: 'string',
  overrideFiles: 'none|array',
  conflicts: 'none|array',
  dependencies: 'object',
  status: {
    name: 'string',
    status: 'string',
    statusDetail: 'string',
    helmStatus: 'string',
    overrideHash: 'string',
    urlInstalled: 'string',
    versionInstalled: 'string',
    serviceUrl: 'string',
  },
};

export const gpus: Shape = { gpus: [{ gpu_type: 'string' }] };
