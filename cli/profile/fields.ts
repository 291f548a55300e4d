/** What is known of each field of an order and of the platform's record of a cluster (`ccp-api`, sections 3 and 4). */
import type { Kind } from './kind.ts';

const words = (text: string): Set<string> => new Set(text.split(/\s+/));

/** Each press brings these: the name, and the cluster's own range. */
export const fromThePress: Record<Kind, Set<string>> = {
  v2: words('name network_plugin.details'),
  v3: words('name network_plugin_profile.details.pod_cidr routable_cidr'),
  eks: words('name vpc_sizing'),
};

const v3Answers =
  'id uuid status kubernetes_config_secret master_vip spec created_at updated_at vsphere_infra.folder master_group.nodes node_groups[].nodes network_plugin_profile.details.typhaReplicas network_plugin_profile.details.ssh_user';

/** What the platform adds when it tells of a cluster; nobody orders it. */
export const answers: Record<Kind, Set<string>> = {
  v2: words(
    'uuid id state status master_vip master_vip_addr_id ingress_vips ingress_vip_addr_id master_mac_addresses keepalived_vrid cluster_env_url cluster_dashboard_url ccp_public_ssh_key is_control_cluster is_adopt helm_charts auth_list Infra infra nodes created_at updated_at',
  ),
  v3: words(v3Answers),
  eks: words('id uuid status master_vip spec nodes vpc_id created_at updated_at'),
};

/** Clients leave these out without harm (MLA, GO2): an SSH command line, and a copy of what the provider's uuid names. */
export const unneeded = words('deployer.proxy_cmd deployer.provider.client_config');

/** Add-ons are ordered after the cluster is there, never with it. */
export const addOns = words('addons addOns add_ons');

/** Top-level fields that may be in an order. Others are kept too, but a person should look at them. */
export const orders: Record<Kind, Set<string>> = {
  v2: words(
    'name description type deployer_type kubernetes_version provider_client_config_uuid datacenter cluster datastore resource_pool networks storage_class masters workers master_node_pool worker_node_pool vcpus memory template ssh_user ssh_key ingress_vip_pool_id load_balancer_ip_num node_ip_pool_uuid node_ip_pool_id network_plugin aci_profile_uuid is_harbor_enabled is_istio_enabled harbor_registry_size aws_iam_enabled aws_iam_role_arn registries_root_ca registries_insecure registries_self_signed ntp_pools ntp_servers labels deployer',
  ),
  v3: words(
    'name description type provider kubernetes_version ip_allocation_method subnet_id load_balancer_num vsphere_infra master_group node_groups network_plugin_profile aci_profile ntp_pools ntp_servers root_ca_registries insecure_registries docker_no_proxy self_signed_registries docker_http_proxy docker_https_proxy docker_bip image_prefix nginx_ingress_class ingress_as_lb etcd_encrypted skip_management aws_iam_enabled',
  ),
  eks: words('name description type provider region ami instance_type worker_count access_role_arn ssh_keys'),
};
