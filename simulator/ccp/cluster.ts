/** One cluster of the laboratory, whatever API asked for it. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { macAddress } from './addresses.ts';
import type { ApiServer } from './api-server.ts';
import type { FailureCause } from './failures.ts';
import { ClusterIdentity } from './identity.ts';

/** What every API generation has to say about a wanted cluster. */
export interface ClusterOrder {
  name: string;
  kubernetesVersion: string;
  masters: number;
  workers: number;
  /** Load-balancer addresses; none with ACI, which brings its own. */
  loadBalancers: number;
  network: { plugin: 'calico'; podCidr: string } | { plugin: 'contiv-aci'; nodeCidr: string };
  /** The request as it was understood, for the API that shows it again. */
  request: Readonly<Record<string, unknown>>;
}

export type ClusterState = 'building' | 'ready' | 'failed' | 'deleted';

/** Words seen in the platform's pages (LAB); `ERROR` is inferred. */
export type NodeState = 'PROVISIONING' | 'PROVISIONED' | 'READY' | 'ERROR';

export interface Node {
  uuid: string;
  name: string;
  isMaster: boolean;
  state: NodeState;
  /** Reserved for it; shown when the node is provisioned. */
  address: string;
  errorLog: string;
  macAddress: string;
}

/** The addresses of a cluster. `vip` and `loadBalancers` come from the pool, `nodes` from it or from ACI's own. */
export interface Addresses {
  vip: string;
  loadBalancers: string[];
  nodes: string[];
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
  /** What will break while it is built, if something was asked to. */
  readonly fault: Extract<FailureCause, { kind: 'nodeError' }> | undefined;
  /** Resolves, never rejects, when the cluster is built, broken or deleted. */
  readonly finished: Promise<void>;
  workers: number;
  state: ClusterState = 'building';
  /** Why it is in state `failed`. */
  reason = '';
  apiServer: ApiServer | undefined;
  #finish: () => void = () => {};

  constructor(order: ClusterOrder, addresses: Addresses, createdMs: number, fault: Cluster['fault']) {
    this.order = order;
    this.addresses = addresses;
    this.createdMs = createdMs;
    this.fault = fault;
    this.workers = order.workers;
    this.finished = new Promise(resolve => {
      this.#finish = resolve;
    });
  }

  get name(): string {
    return this.order.name;
  }

  /** Where the API answers: the reserved address, unless this machine could not listen there. */
  get vip(): string {
    return this.apiServer?.address ?? this.addresses.vip;
  }

  /** Adds a virtual machine with the next node address: `<cluster>-master<10 hex>` or `-worker<10 hex>` (LAB). */
  addNode(isMaster: boolean): Node {
    const role = isMaster ? 'master' : 'worker';
    const node: Node = {
      uuid: randomUUID(),
      name: `${this.name.toLowerCase()}-${role}${randomBytes(5).toString('hex')}`,
      isMaster,
      state: 'PROVISIONING',
      address: this.addresses.nodes[this.nodes.length] ?? '',
      errorLog: '',
      macAddress: macAddress(),
    };
    this.nodes.push(node);
    return node;
  }

  /** Ends the building. A deleted cluster stays deleted. */
  finish(state: 'ready' | 'failed' | 'deleted', reason = ''): void {
    if (this.state === 'deleted') return;
    this.state = state;
    this.reason = reason;
    this.#finish();
  }
}
