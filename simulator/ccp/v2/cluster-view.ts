/** A cluster as v2 writes it: all fields of the request again, and what the platform knows besides. */
import type { Cluster, Node } from '../cluster.ts';
import type { StateWords } from '../options.ts';
import type { CreateBody } from './create-body.ts';

/**
 * The platform's own key pair has fields in the schema (SWG). This is no key; it stands there so that a client that
 * logs whole answers is found out.
 */
const privateKeyMark = '-----BEGIN SIMULATED PRIVATE KEY----- never to be logged';

/** The whole cluster: the answer to a create, a read by name and a change. */
export function fullView(cluster: Cluster, words: StateWords): Record<string, unknown> {
  const request = cluster.order.request as CreateBody;
  return {
    ...summary(cluster, words),
    template: request.template,
    deployer: request.deployer,
    labels: request.labels,
    infra: {
      datacenter: request.datacenter,
      datastore: request.datastore,
      cluster: request.cluster,
      networks: request.networks,
      resource_pool: request.resource_pool,
    },
    nodes: cluster.nodes.map(node => nodeView(cluster, node)),
  };
}

/** One item of the list: no nodes, labels, infra, template and provider type (LAB screenshots). */
export function listView(cluster: Cluster, words: StateWords): Record<string, unknown> {
  return summary(cluster, words);
}

function summary(cluster: Cluster, words: StateWords): Record<string, unknown> {
  const request = cluster.order.request as CreateBody;
  const { uuid } = cluster;
  const ready = cluster.state === 'ready';
  // The first fields in the order seen on the wire (LAB).
  return {
    uuid,
    provider_client_config_uuid: request.provider_client_config_uuid,
    aci_profile_uuid: request.aci_profile_uuid,
    name: cluster.name,
    description: request.description,
    workers: cluster.workers,
    masters: request.masters,
    type: request.type,
    state: stateWord(cluster, words),
    template: '',
    ssh_user: request.ssh_user,
    ssh_password: request.ssh_password,
    ssh_key: request.ssh_key,
    ...settings(request),
    labels: null,
    nodes: null,
    infra: null,
    deployer: { ...request.deployer, provider_type: '' },
    load_balancer_ip_num: cluster.addresses.loadBalancers.length || request.load_balancer_ip_num,
    network_plugin: { ...request.network_plugin, status: ready ? 'ready' : '' },
    master_vip: masterVip(cluster),
    master_vip_addr_id: cluster.vipReservation,
    ingress_vips: cluster.addresses.loadBalancers,
    ingress_vip_addr_id: cluster.ingressReservation,
    master_mac_addresses: cluster.nodes.filter(node => node.isMaster).map(node => node.macAddress),
    keepalived_vrid: cluster.vrid,
    cluster_env_url: ready ? `/2/clusters/${uuid}/env` : '',
    cluster_dashboard_url: ready ? dashboardUrl(cluster) : '',
    ccp_private_ssh_key: privateKeyMark,
    ccp_public_ssh_key: '',
    is_control_cluster: false,
    is_adopt: false,
    helm_charts: null,
    auth_list: null,
  };
}

/** Whoever still reads a cluster that was deleted while it was built reads of a failure (assumed). */
function stateWord({ state }: Cluster, words: StateWords): string {
  return state === 'building' || state === 'ready' ? words[state] : words.failed;
}

/** The rest of the request's fields, as they came. */
function settings(request: CreateBody): Record<string, unknown> {
  return {
    datacenter: request.datacenter,
    cluster: request.cluster,
    datastore: request.datastore,
    resource_pool: request.resource_pool,
    networks: request.networks,
    storage_class: request.storage_class,
    deployer_type: request.deployer_type,
    kubernetes_version: request.kubernetes_version,
    vcpus: request.vcpus,
    memory: request.memory,
    master_node_pool: request.master_node_pool,
    worker_node_pool: request.worker_node_pool,
    ingress_vip_pool_id: request.ingress_vip_pool_id,
    node_ip_pool_uuid: request.node_ip_pool_uuid,
    node_ip_pool_id: request.node_ip_pool_id,
    is_harbor_enabled: request.is_harbor_enabled,
    is_istio_enabled: request.is_istio_enabled,
    harbor_admin_server_password: request.harbor_admin_server_password,
    harbor_registry_size: request.harbor_registry_size,
    aws_iam_enabled: request.aws_iam_enabled,
    aws_iam_role_arn: request.aws_iam_role_arn,
    registries_root_ca: request.registries_root_ca,
    registries_insecure: request.registries_insecure,
    registries_self_signed: request.registries_self_signed,
    ntp_pools: request.ntp_pools,
    ntp_servers: request.ntp_servers,
  };
}

/** With ACI the address is only in the master's node (DASH reads it there); whether the field is filled is open. */
function masterVip(cluster: Cluster): string {
  if (cluster.order.network.plugin !== 'calico') return '';
  const master = cluster.nodes.find(node => node.isMaster);
  return master !== undefined && hasAddress(master) ? cluster.vip : '';
}

/** `https://<ingress vip>/dashboard/` (LAB); with ACI, assumed, on the master's public address. */
export function dashboardUrl(cluster: Cluster): string {
  return `https://${cluster.addresses.loadBalancers[0] ?? cluster.vip}/dashboard/`;
}

/** A master's public address is the API's, a worker has one address for both (LAB); none before it is made. */
function nodeView(cluster: Cluster, node: Node): Record<string, unknown> {
  const request = cluster.order.request as CreateBody;
  const pool = node.isMaster ? request.master_node_pool : request.worker_node_pool;
  const privateIp = hasAddress(node) ? node.address : '';
  return {
    uuid: node.uuid,
    name: node.name,
    public_ip: node.isMaster && hasAddress(node) ? cluster.vip : privateIp,
    private_ip: privateIp,
    is_master: node.isMaster,
    state: node.state,
    cloud_init_data: '',
    kubernetes_version: request.kubernetes_version,
    error_log: node.errorLog,
    template: pool.template,
    mac_addresses: [node.macAddress],
  };
}

function hasAddress(node: Node): boolean {
  return node.state === 'PROVISIONED' || node.state === 'READY';
}
