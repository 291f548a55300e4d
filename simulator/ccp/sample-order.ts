/** A v2 create body that this laboratory takes, for the demo's profiles and for tests; its own names only. */
import { inventory } from './inventory.ts';

/**
 * The body of `POST /2/clusters` without what each order brings: its name, its network plugin and, with Calico, the
 * subnet of its addresses. One control-plane node and two workers.
 */
export function sampleOrder() {
  const { vsphere, provider } = inventory;
  const pool = { vcpus: 2, memory: 16384, template: vsphere.templates[0] };
  return {
    type: 1,
    deployer_type: 'kubeadm',
    kubernetes_version: '1.12.6',
    provider_client_config_uuid: provider.uuid,
    datacenter: vsphere.datacenter,
    cluster: vsphere.clusters[0],
    datastore: vsphere.datastores[0],
    resource_pool: vsphere.pools[0],
    networks: [vsphere.networks[0]] as string[],
    masters: 1,
    workers: 2,
    master_node_pool: pool,
    worker_node_pool: pool,
    ssh_user: 'ccpuser',
    ssh_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemoDemoDemoDemoDemoDemoDemoDemoDemoDem demo',
    deployer: {
      provider_type: 'vsphere',
      provider: {
        vsphere_datacenter: vsphere.datacenter,
        vsphere_datastore: vsphere.datastores[0],
        vsphere_client_config_uuid: provider.uuid,
        vsphere_working_dir: `/${vsphere.datacenter}/vm`,
      },
    },
  };
}
