/** The laboratory behind every API generation: its addresses, its clusters, its clock and what goes wrong in it. */
import { AddressPool, overlap, parseCidr } from './addresses.ts';
import { build, grow } from './build.ts';
import { Clock } from './clock.ts';
import { Cluster, type ClusterOrder } from './cluster.ts';
import { badRequest, nameTaken, noFreeAddresses, noResources, notReady, refusedAsFull } from './errors.ts';
import { Failures } from './failures.ts';
import { inventory } from './inventory.ts';
import type { ResolvedOptions } from './options.ts';
import { release, reserve, reserveMore } from './reservation.ts';
import { Sessions } from './sessions.ts';

export class Lab {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly failures = new Failures();
  readonly sessions: Sessions;
  readonly pool: AddressPool;
  readonly #clusters = new Map<string, Cluster>();
  readonly #builds = new Set<Promise<void>>();

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.clock = new Clock(options.speed);
    this.pool = new AddressPool(options.addressPool, options.firstAddress);
    this.sessions = new Sessions(options, this.failures);
    for (const failure of options.failures) this.failures.add(failure);
  }

  /** In the order of their creation. */
  clusters(): Cluster[] {
    return [...this.#clusters.values()];
  }

  byName(name: string): Cluster | undefined {
    return this.clusters().find(cluster => cluster.name === name);
  }

  byUuid(uuid: string): Cluster | undefined {
    return this.#clusters.get(uuid);
  }

  /** Takes an order and begins to build. Throws Refusal when the name, the range or the room is not to be had. */
  create(order: ClusterOrder): Cluster {
    if (this.byName(order.name) !== undefined) throw nameTaken(order.name);
    this.#checkNodeRange(order);
    const full = this.failures.take('full');
    if (full !== undefined) {
      throw full.message === undefined ? noFreeAddresses(inventory.subnet.name) : refusedAsFull(full.message);
    }
    if (this.#clusters.size >= this.options.maxClusters) throw noResources();
    const addresses = reserve(this.pool, order);
    const cluster = new Cluster(order, addresses, this.clock.nowMs(), this.failures.take('nodeError'));
    this.#clusters.set(cluster.uuid, cluster);
    this.#follow(build(cluster, this.clock, this.options.bindPoolAddresses));
    return cluster;
  }

  /** Changes the size of a ready cluster. More workers come one after another, surplus ones go at once. */
  resize(cluster: Cluster, workers: number, loadBalancers: number): void {
    if (cluster.state !== 'ready') throw notReady();
    const { order, addresses } = cluster;
    const nodes = order.masters + workers;
    reserveMore(this.pool, order, addresses, {
      nodes: Math.max(0, nodes - addresses.nodes.length),
      loadBalancers: Math.max(0, loadBalancers - addresses.loadBalancers.length),
    });
    release(this.pool, order, {
      nodes: addresses.nodes.splice(nodes),
      loadBalancers: addresses.loadBalancers.splice(loadBalancers),
    });
    cluster.nodes.splice(nodes);
    if (workers > cluster.workers) this.#follow(grow(cluster, workers - cluster.workers, this.clock));
    cluster.workers = workers;
  }

  /** Away at once, its addresses free, its API server silent. While it is being built too. */
  async delete(cluster: Cluster): Promise<void> {
    this.#clusters.delete(cluster.uuid);
    cluster.finish('deleted');
    await cluster.apiServer?.close();
    release(this.pool, cluster.order, cluster.addresses);
  }

  /** Stops all building and every API server. */
  async close(): Promise<void> {
    this.clock.close();
    await Promise.all(this.#builds);
    await Promise.all(this.clusters().map(cluster => cluster.apiServer?.close()));
  }

  #follow(work: Promise<void>): void {
    this.#builds.add(work);
    void work.then(() => this.#builds.delete(work));
  }

  /** Two ACI clusters must not share node addresses (inferred from DASH and SEVT); Calico's pod range is private. */
  #checkNodeRange(order: ClusterOrder): void {
    if (order.network.plugin !== 'contiv-aci') return;
    const wanted = parseCidr(order.network.nodeCidr);
    for (const { name, order: other } of this.clusters()) {
      const used = other.network.plugin === 'contiv-aci' ? parseCidr(other.network.nodeCidr) : undefined;
      if (wanted !== undefined && used !== undefined && overlap(wanted, used)) {
        throw badRequest(`node_vlan_cidr ${wanted.text} overlaps with that of cluster ${name}`);
      }
    }
  }
}
