/** Which addresses a cluster gets, and from where. All functions take everything they need or nothing. */
import { AddressPool, parseCidr } from './addresses.ts';
import type { Addresses, ClusterOrder } from './cluster.ts';
import { noFreeAddresses } from './errors.ts';
import { inventory } from './inventory.ts';

/**
 * For a new cluster. With Calico all come one after another from one range (seen: LAB): the API's address, the
 * load balancers', the nodes'. With ACI the nodes live in the range that the request names; only the API's address
 * is the platform's to give, so that a client can really reach it.
 * Throws Refusal when there are too few.
 */
export function reserve(pool: AddressPool, order: ClusterOrder): Addresses {
  const nodeCount = order.masters + order.workers;
  if (order.network.plugin === 'contiv-aci') {
    const nodes = aciNodes(order.network.nodeCidr, 0, nodeCount);
    const [vip = ''] = take(pool, 1);
    return { vip, loadBalancers: [], nodes };
  }
  const [vip = '', ...rest] = take(pool, 1 + order.loadBalancers + nodeCount);
  return { vip, loadBalancers: rest.slice(0, order.loadBalancers), nodes: rest.slice(order.loadBalancers) };
}

/** Adds addresses to a cluster's own. Throws Refusal when there are too few. */
export function reserveMore(
  pool: AddressPool,
  order: ClusterOrder,
  own: Addresses,
  more: { nodes: number; loadBalancers: number },
): void {
  if (order.network.plugin === 'contiv-aci') {
    own.nodes.push(...aciNodes(order.network.nodeCidr, own.nodes.length, more.nodes));
    return;
  }
  const fresh = take(pool, more.loadBalancers + more.nodes);
  own.loadBalancers.push(...fresh.slice(0, more.loadBalancers));
  own.nodes.push(...fresh.slice(more.loadBalancers));
}

/** Gives addresses back. Those of ACI's nodes are nobody's but the cluster's. */
export function release(pool: AddressPool, order: ClusterOrder, addresses: Partial<Addresses>): void {
  const { vip, loadBalancers = [], nodes = [] } = addresses;
  pool.giveBack(loadBalancers);
  if (vip !== undefined) pool.giveBack([vip]);
  if (order.network.plugin === 'calico') pool.giveBack(nodes);
}

function take(pool: AddressPool, count: number): string[] {
  const taken = pool.take(count);
  if (taken === undefined) throw noFreeAddresses(inventory.subnet.name);
  return taken;
}

/** `count` addresses of an ACI node range after the first `skip` ones. */
function aciNodes(nodeCidr: string, skip: number, count: number): string[] {
  const cidr = parseCidr(nodeCidr);
  const nodes = cidr === undefined ? undefined : new AddressPool(cidr, 0).take(skip + count);
  if (nodes === undefined) throw noFreeAddresses(nodeCidr);
  return nodes.slice(skip);
}
