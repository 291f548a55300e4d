/** A cluster as v3 writes it: all fields of the request again, and what the platform knows besides. */
import type { Cluster, Node, NodeState, Stage, WorkerGroup } from '../cluster.ts';
import { kubeconfig } from '../kubeconfig.ts';
import type { V3Options } from '../options.ts';
import type { EksBody } from './eks-body.ts';
import { type VsphereBody, workerGroup } from './vsphere-body.ts';

/**
 * `CREATING_MASTER` was seen in the platform's page (HCA), the other two are inferred. With vSphere it is `CREATING`
 * throughout (GO3, MLA).
 */
const stageWords: Readonly<Record<Stage, string>> = {
  begun: 'CREATING',
  vpc: 'CREATING_VPC',
  master: 'CREATING_MASTER',
  workers: 'CREATING_WORKERS',
};

/** `creating` (TF), `CreationPending` and `Running` (CAS) were seen; which comes first, and `Failed`, is assumed. */
const phases: Readonly<Record<NodeState, string>> = {
  PROVISIONING: 'creating',
  PROVISIONED: 'CreationPending',
  READY: 'Running',
  ERROR: 'Failed',
};

/** The whole cluster: an item of the list, and the answer to a create, a read and a change. */
export async function clusterView(cluster: Cluster, options: V3Options): Promise<Record<string, unknown>> {
  const text = cluster.state === 'ready' ? await kubeconfigOf(cluster, options.eksExecUser) : '';
  const common = { id: cluster.uuid, status: statusOf(cluster, options), kubeconfig: text };
  return cluster.kind === 'eks' ? eksView(cluster, common) : vsphereView(cluster, common, options);
}

function statusOf(cluster: Cluster, { words }: V3Options): string {
  if (cluster.state === 'building') return stageWords[cluster.stage];
  if (cluster.state === 'ready') return 'READY';
  return cluster.state === 'failed' ? words.failed : words.deleting;
}

const texts = new WeakMap<Cluster, Promise<string>>();

/** Made when first asked for, and once: it comes with every read. */
function kubeconfigOf(cluster: Cluster, exec: boolean): Promise<string> {
  const known = texts.get(cluster);
  if (known !== undefined) return known;
  const eksCluster = exec && cluster.kind === 'eks' ? cluster.name : undefined;
  const made = kubeconfig(cluster.apiServer?.url ?? '', cluster.identity, eksCluster);
  texts.set(cluster, made);
  return made;
}

/** Of what comes back for EKS only `status` and `kubeconfig` were seen (EKSPY); the platform's page knows the VPC. */
function eksView(cluster: Cluster, common: Record<string, unknown>): Record<string, unknown> {
  const request = cluster.order.request as EksBody;
  return {
    ...common,
    ...request,
    description: cluster.description ?? request.description,
    worker_count: cluster.workers,
    vpc_id: cluster.stage === 'begun' ? '' : `vpc-${cluster.uuid.replaceAll('-', '').slice(0, 17)}`,
  };
}

function vsphereView(cluster: Cluster, common: Record<string, unknown>, options: V3Options) {
  const request = cluster.order.request as VsphereBody;
  const { master_group, network_plugin_profile, vsphere_infra } = request;
  const folder = `/${vsphere_infra.datacenter}/vm`;
  const fields = {
    ...request,
    description: cluster.description ?? request.description,
    load_balancer_num: cluster.addresses.loadBalancers.length || request.load_balancer_num,
    vsphere_infra: { ...vsphere_infra, folder },
    master_group: groupView(cluster, workerGroup(master_group), options),
    node_groups: cluster.groups.map(group => groupView(cluster, group, options)),
    network_plugin_profile: {
      name: network_plugin_profile.name,
      details: { ...network_plugin_profile.details, typhaReplicas: 1, ssh_user: master_group.ssh_user },
    },
  };
  return {
    ...common,
    ...fields,
    kubernetes_config_secret: cluster.state === 'ready' ? `${cluster.name}-kubeconfig` : '',
    master_vip: masterVip(cluster),
    // A nested echo of most fields (WIL); it stands for a custom resource (GIST).
    spec: { ...fields, vsphere_infra: { ...vsphere_infra, folder, guestOS: '', hostSystem: '' } },
  };
}

/** A group of workers, or (by its name alone) the masters. */
export function groupView(cluster: Cluster, group: WorkerGroup, options: V3Options) {
  const isMasters = !cluster.groups.includes(group);
  const nodes = cluster.nodesIn(isMasters ? undefined : group.name);
  return {
    name: group.name,
    size: group.size,
    ...group.settings,
    nodes: nodes.map(node => nodeView(cluster, node, options)),
  };
}

/**
 * The first master's public address is the API's, as in v2 (LAB); everybody else has one address for both. The words
 * of `status` are assumed. The last two fields come with a broken node only: they may be missing (GO3).
 */
function nodeView(cluster: Cluster, node: Node, { words }: V3Options) {
  const broken = node.state === 'ERROR';
  const privateIp = hasAddress(node) ? node.address : '';
  const isFirst = node === cluster.nodesIn()[0];
  return {
    name: node.name,
    status: broken ? words.failed : node.state === 'READY' ? 'READY' : 'CREATING',
    phase: phases[node.state],
    public_ip: isFirst && hasAddress(node) ? cluster.vip : privateIp,
    private_ip: privateIp,
    ...(broken ? { status_detail: node.errorLog, status_reason: 'CreateError' } : {}),
  };
}

/** Empty with ACI, as in v2, where the address is in the master's node only (DASH): assumed, and the harder case. */
function masterVip(cluster: Cluster): string {
  const [first] = cluster.nodesIn();
  const isCalico = cluster.order.network.plugin === 'calico';
  return isCalico && first !== undefined && hasAddress(first) ? cluster.vip : '';
}

function hasAddress(node: Node): boolean {
  return node.state === 'PROVISIONED' || node.state === 'READY';
}
