/** One cluster of the laboratory, whatever API asked for it. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { AddOn } from './add-on.ts';
import { macAddress } from './addresses.ts';
import { ApiObjects } from './api-objects.ts';
import type { ApiServer } from './api-server.ts';
import type { FailureCause } from './failures.ts';
import { ClusterIdentity } from './identity.ts';
import type { Addresses } from './reservation.ts';

/** The generation of the API through which a cluster was ordered, and through which alone it is seen. */
export type Generation = 'v2' | 'v3';

/** Some workers alike. */
export interface WorkerGroup {
  name: string;
  size: number;
  /** What its API has to say about such a worker, for the API that shows it again. */
  settings?: Readonly<Record<string, unknown>>;
}

export type Network =
  | { plugin: 'calico'; podCidr: string }
  | { plugin: 'contiv-aci'; nodeCidr: string }
  /** A network of its own in the public cloud (EKS). `nodeCidr` is one of its private subnets. */
  | { plugin: 'vpc'; vpcCidr: string; nodeCidr: string };

/** What every API generation has to say about a wanted cluster. */
export interface ClusterOrder {
  api: Generation;
  name: string;
  kubernetesVersion: string;
  /** Control-plane nodes; none with EKS, whose control plane is the cloud's. */
  masters: number;
  groups: readonly WorkerGroup[];
  /** Load-balancer addresses; none with ACI and EKS, which bring their own. */
  loadBalancers: number;
  network: Network;
  /** The request as it was understood, for the API that shows it again. */
  request: Readonly<Record<string, unknown>>;
}

export type ClusterState = 'building' | 'ready' | 'failed' | 'deleting' | 'deleted';

/** How far the building of an EKS cluster is. */
export type Stage = 'begun' | 'vpc' | 'master' | 'workers';

/** Words seen in the platform's pages (LAB); `ERROR` is inferred. */
export type NodeState = 'PROVISIONING' | 'PROVISIONED' | 'READY' | 'ERROR';

export interface Node {
  uuid: string;
  name: string;
  isMaster: boolean;
  /** The worker group it belongs to; undefined for a master. */
  group: string | undefined;
  state: NodeState;
  /** Reserved for it; shown when the node is provisioned. */
  address: string;
  errorLog: string;
  macAddress: string;
}

/** The range that an order names: pods' with Calico, nodes' with ACI, the VPC's with EKS. */
export function rangeOf(network: Network): string {
  if (network.plugin === 'calico') return network.podCidr;
  return network.plugin === 'vpc' ? network.vpcCidr : network.nodeCidr;
}

export class Cluster {
  readonly uuid = randomUUID();
  readonly vipReservation = randomUUID();
  readonly ingressReservation = randomUUID();
  /** VRRP group of the master's address: one byte, and zero is not allowed (RFC 5798). */
  readonly vrid = randomInt(1, 256);
  readonly identity = new ClusterIdentity();
  readonly order: ClusterOrder;
  readonly addresses: Addresses;
  /** Nominal ms of the laboratory's clock. */
  readonly createdMs: number;
  readonly nodes: Node[] = [];
  /** By name, oldest first. */
  readonly addOns = new Map<string, AddOn>();
  /** What will break while it is built, if something was asked to. */
  readonly fault: Extract<FailureCause, { kind: 'nodeError' }> | undefined;
  /** Resolves, never rejects, when the cluster is built, broken or deleted. */
  readonly finished: Promise<void>;
  groups: readonly WorkerGroup[];
  state: ClusterState = 'building';
  stage: Stage = 'begun';
  /** Why it is in state `failed`. */
  reason = '';
  /** The description when it was changed after the create. */
  description: string | undefined;
  apiServer: ApiServer | undefined;
  /** What has been put into it through its API server. */
  readonly objects = new ApiObjects();
  #finish: () => void = () => {};

  constructor(order: ClusterOrder, addresses: Addresses, createdMs: number, fault: Cluster['fault']) {
    this.order = order;
    this.addresses = addresses;
    this.createdMs = createdMs;
    this.fault = fault;
    this.groups = order.groups;
    this.finished = new Promise(resolve => {
      this.#finish = resolve;
    });
  }

  get name(): string {
    return this.order.name;
  }

  get kind(): 'vsphere' | 'eks' {
    return this.order.network.plugin === 'vpc' ? 'eks' : 'vsphere';
  }

  /** Workers wanted, all groups together. */
  get workers(): number {
    return this.groups.reduce((sum, group) => sum + group.size, 0);
  }

  /** Where the API answers: the reserved address, unless this machine could not listen there. */
  get vip(): string {
    return this.apiServer?.address ?? this.addresses.vip;
  }

  /** Adds a virtual machine with the next reserved node address, to a group of workers or (no group) as master. */
  addNode(group?: string): Node {
    const node: Node = {
      uuid: randomUUID(),
      name: this.#nodeName(group),
      isMaster: group === undefined,
      group,
      state: 'PROVISIONING',
      address: this.addresses.nodes.shift() ?? '',
      errorLog: '',
      macAddress: macAddress(),
    };
    this.nodes.push(node);
    return node;
  }

  /** The machines of a group of workers, or (no group) the masters, oldest first. */
  nodesIn(group?: string): Node[] {
    return this.nodes.filter(node => node.group === group);
  }

  /** Ends the building, or the ready cluster's life. A deleted cluster stays deleted. */
  finish(state: Exclude<ClusterState, 'building'>, reason = ''): void {
    if (this.state === 'deleted' || (this.state === 'deleting' && state !== 'deleted')) return;
    this.state = state;
    this.reason = reason;
    this.#finish();
  }

  /**
   * v2: `<cluster>-master<10 hex>` or `-worker<10 hex>` (LAB). v3: `<cluster>-<group cut to 10>-<10 hex>` (one such
   * name was seen, CAS; the rule is inferred).
   */
  #nodeName(group: string | undefined): string {
    const hex = randomBytes(5).toString('hex');
    const name = this.name.toLowerCase();
    if (this.order.api === 'v2') return `${name}-${group === undefined ? 'master' : 'worker'}${hex}`;
    return `${name}-${(group ?? 'master-group').slice(0, maxGroupInName)}-${hex}`;
  }
}

const maxGroupInName = 10;
