/** Which addresses a cluster gets, and from where. All functions take everything they need or nothing. */
import { AddressPool, parseCidr } from './addresses.ts';
import type { ClusterOrder } from './cluster.ts';
import { noFreeAddresses } from './errors.ts';
import { inventory } from './inventory.ts';

/** The addresses of a cluster. `vip` and `loadBalancers` come from the laboratory's pool, nodes from `nodePool`. */
export interface Addresses {
  vip: string;
  loadBalancers: string[];
  /** Taken for nodes that have not been made yet. */
  nodes: string[];
  /** The laboratory's own with Calico; the cluster's with ACI and EKS. */
  nodePool: AddressPool;
}

/**
 * For a new cluster. With Calico all come one after another from one range (seen: LAB): the API's address, the
 * load balancers', the nodes'. With ACI and EKS the nodes live in the range that the request names; only the API's
 * address is the platform's to give, so that a client can really reach it.
 * Throws Refusal when there are too few.
 */
export function reserve(pool: AddressPool, order: ClusterOrder): Addresses {
  const nodeCount = order.groups.reduce((sum, group) => sum + group.size, order.masters);
  if (order.network.plugin === 'calico') {
    const [vip = '', ...rest] = take(pool, 1 + order.loadBalancers + nodeCount);
    const nodes = rest.splice(order.loadBalancers);
    return { vip, loadBalancers: rest, nodes, nodePool: pool };
  }
  const { nodeCidr } = order.network;
  const cidr = parseCidr(nodeCidr);
  const nodePool = cidr && new AddressPool(cidr, 0);
  const nodes = nodePool?.take(nodeCount);
  if (nodePool === undefined || nodes === undefined) throw noFreeAddresses(nodeCidr);
  const [vip = ''] = take(pool, 1);
  return { vip, loadBalancers: [], nodes, nodePool };
}

/** Adds addresses to a cluster's own. Throws Refusal when there are too few. */
export function reserveMore(
  pool: AddressPool,
  own: Addresses,
  more: { nodes: number; loadBalancers: number },
): void {
  if (own.nodePool === pool) {
    const fresh = take(pool, more.loadBalancers + more.nodes);
    own.nodes.push(...fresh.splice(more.loadBalancers));
    own.loadBalancers.push(...fresh);
    return;
  }
  const nodes = own.nodePool.take(more.nodes);
  if (nodes === undefined) throw noFreeAddresses(own.nodePool.cidr.text);
  own.nodes.push(...nodes);
}

function take(pool: AddressPool, count: number): string[] {
  const taken = pool.take(count);
  if (taken === undefined) throw noFreeAddresses(inventory.subnet.name);
  return taken;
}
