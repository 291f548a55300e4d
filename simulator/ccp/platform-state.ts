/** The laboratory behind every API generation: its addresses, its clusters, its clock and what goes wrong in it. */
import { AddressPool, overlap, parseCidr } from './addresses.ts';
import { build, grow } from './build.ts';
import { Clock } from './clock.ts';
import { Cluster, type ClusterOrder, type Generation, rangeOf, type WorkerGroup } from './cluster.ts';
import { nameTaken, noFreeAddresses, noResources, notReady, rangeTaken, refusedAsFull } from './errors.ts';
import { Failures } from './failures.ts';
import { inventory } from './inventory.ts';
import type { ResolvedOptions } from './options.ts';
import { reserve, reserveMore } from './reservation.ts';
import { Sessions } from './sessions.ts';

/** Creates remembered for {@link PlatformState.made}; older ones are forgotten. */
const maxMade = 10_000;

export class PlatformState {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly failures = new Failures();
  readonly sessions: Sessions;
  readonly pool: AddressPool;
  readonly #clusters = new Map<string, Cluster>();
  readonly #works = new Set<Promise<void>>();
  /** Every create that was carried out, also of clusters that are gone, oldest first. */
  readonly made: { name: string; id: string }[] = [];

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.clock = new Clock(options.speed);
    this.pool = new AddressPool(options.addressPool, options.firstAddress);
    this.sessions = new Sessions(options, this.failures);
    for (const failure of options.failures) this.failures.add(failure);
  }

  /**
   * All, or those of one API generation, in the order of their creation. That a generation shows its own clusters
   * only is assumed.
   */
  clusters(api?: Generation): Cluster[] {
    const all = [...this.#clusters.values()];
    return api === undefined ? all : all.filter(cluster => cluster.order.api === api);
  }

  byName(name: string, api?: Generation): Cluster | undefined {
    return this.clusters(api).find(cluster => cluster.name === name);
  }

  byUuid(uuid: string, api: Generation): Cluster | undefined {
    const cluster = this.#clusters.get(uuid);
    return cluster?.order.api === api ? cluster : undefined;
  }

  /** Takes an order and begins to build. Throws Refusal when the name, the range or the room is not to be had. */
  create(order: ClusterOrder): Cluster {
    // One vCenter, one set of virtual machines: a name is taken for both generations.
    if (this.byName(order.name) !== undefined) throw nameTaken(order.name);
    this.#checkRange(order);
    const full = this.failures.take('full');
    if (full !== undefined) {
      throw full.message === undefined ? noFreeAddresses(inventory.subnet.name) : refusedAsFull(full.message);
    }
    if (this.#clusters.size >= this.options.maxClusters) throw noResources();
    const addresses = reserve(this.pool, order);
    const cluster = new Cluster(order, addresses, this.clock.nowMs(), this.failures.take('nodeError'));
    this.#clusters.set(cluster.uuid, cluster);
    this.made.push({ name: cluster.name, id: cluster.uuid });
    if (this.made.length > maxMade) this.made.shift();
    this.#follow(build(cluster, this.clock, this.options.bindPoolAddresses, this.failures));
    return cluster;
  }

  /**
   * Makes these the worker groups of a ready cluster: new workers come one after another, surplus ones (the
   * youngest of their group) go at once. Throws Refusal, and changes nothing, when it is not ready or addresses are
   * too few.
   */
  resize(cluster: Cluster, groups: readonly WorkerGroup[], loadBalancers: number): void {
    if (cluster.state !== 'ready') throw notReady();
    const { addresses, nodes } = cluster;
    const more = new Map<string, number>();
    const kept = new Set(cluster.nodesIn());
    for (const { name, size } of groups) {
      const own = cluster.nodesIn(name);
      if (size > own.length) more.set(name, size - own.length);
      for (const node of own.slice(0, size)) kept.add(node);
    }
    reserveMore(this.pool, addresses, {
      nodes: [...more.values()].reduce((sum, count) => sum + count, 0),
      loadBalancers: Math.max(0, loadBalancers - addresses.loadBalancers.length),
    });
    this.pool.giveBack(addresses.loadBalancers.splice(loadBalancers));
    const surplus = nodes.filter(node => !kept.has(node));
    addresses.nodePool.giveBack(surplus.map(node => node.address));
    nodes.splice(0, nodes.length, ...kept);
    cluster.groups = groups;
    if (more.size > 0) this.#follow(grow(cluster, more, this.clock));
  }

  /**
   * Away, while it is being built too: its API server is silent at once, the record and the addresses are gone
   * after `lingerMs` (nominal; 0: now).
   */
  async delete(cluster: Cluster, lingerMs = 0): Promise<void> {
    if (cluster.state === 'deleting' || cluster.state === 'deleted') return;
    if (lingerMs > 0) {
      cluster.finish('deleting');
      const goneMs = this.clock.nowMs() + lingerMs;
      this.#follow(this.clock.reach(goneMs).then(reached => (reached ? this.#forget(cluster) : undefined)));
    } else {
      this.#forget(cluster);
    }
    await cluster.apiServer?.close();
  }

  /** Stops all building and every API server. */
  async close(): Promise<void> {
    this.clock.close();
    await Promise.all(this.#works);
    await Promise.all(this.clusters().map(cluster => cluster.apiServer?.close()));
  }

  #forget(cluster: Cluster): void {
    this.#clusters.delete(cluster.uuid);
    cluster.finish('deleted');
    const { vip, loadBalancers, nodes, nodePool } = cluster.addresses;
    this.pool.giveBack([vip, ...loadBalancers]);
    nodePool.giveBack([...nodes, ...cluster.nodes.map(node => node.address)]);
  }

  #follow(work: Promise<void>): void {
    this.#works.add(work);
    void work.then(() => this.#works.delete(work));
  }

  /**
   * Two ACI clusters must not share node addresses (inferred from DASH and SEVT), two EKS clusters of this
   * laboratory not their networks (assumed); Calico's pod range is private.
   */
  #checkRange(order: ClusterOrder): void {
    const { plugin } = order.network;
    if (plugin === 'calico') return;
    const wanted = parseCidr(rangeOf(order.network));
    for (const { name, order: other } of this.clusters()) {
      const used = other.network.plugin === plugin ? parseCidr(rangeOf(other.network)) : undefined;
      if (wanted !== undefined && used !== undefined && overlap(wanted, used)) {
        throw rangeTaken(rangeField(order), wanted.text, name);
      }
    }
  }
}

/** What the range is called where it was ordered. */
function rangeField({ api, network }: ClusterOrder): string {
  if (network.plugin === 'vpc') return 'vpc_sizing';
  return api === 'v2' ? 'node_vlan_cidr' : 'routable_cidr';
}
