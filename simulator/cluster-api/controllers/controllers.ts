/** Plays Cluster API's controllers: builds every cluster that appears, takes down every one that is deleted. */

import { collectGarbage } from '../deletes.ts';
import { type Change, metadataOf } from '../store.ts';
import { build, grow } from './build.ts';
import { dig, PlayedCluster } from './cluster.ts';
import type { ControllerContext } from './controller-context.ts';

/** Between the delete and the end of the last machine (nominal ms, assumed). */
const takeDownMs = 15_000;
/** What orders machines beside a control plane. */
const machineKinds = ['MachineDeployment', 'MachinePool'];
/** Until the garbage collector has noticed (nominal ms). */
const collectMs = 500;

export class Controllers {
  readonly #lab: ControllerContext;
  readonly #clusters = new Map<string, PlayedCluster>();
  readonly #works = new Set<Promise<void>>();
  readonly #stops: (() => void)[];

  /** @param play false: nobody does anything */
  constructor(lab: ControllerContext, play: boolean) {
    this.#lab = lab;
    const start = () => [
      lab.store.onChange(change => this.#see(change)),
      collectGarbage(lab.store, () => lab.wait(collectMs)),
    ];
    this.#stops = play ? start() : [];
  }

  /** Oldest first. */
  all(): PlayedCluster[] {
    return [...this.#clusters.values()];
  }

  /** Stops all work and every cluster's API server. The lab's clock has to be closed before. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await Promise.all(this.#works);
    await Promise.all(this.all().map(cluster => cluster.apiServer?.close()));
  }

  #see({ place, object, type }: Change): void {
    if (machineKinds.includes(place.kind.kind))
      this.#grow(place.namespace, dig(object, 'spec', 'clusterName'));
    if (place.kind.kind !== 'Cluster') return;
    const { uid, deletionTimestamp } = metadataOf(object);
    const known = this.#clusters.get(String(uid));
    if (type === 'DELETED') {
      if (known !== undefined) this.#follow(this.#forget(known));
    } else if (known === undefined) {
      const cluster = new PlayedCluster(place, String(uid), this.#lab);
      this.#clusters.set(cluster.uid, cluster);
      // Not at once: the client that made it reads its own object first.
      this.#follow(this.#lab.wait(0).then(goOn => (goOn ? build(cluster, this.#lab) : undefined)));
    } else if (deletionTimestamp !== undefined && !known.facts.deleting) {
      known.facts.deleting = true;
      this.#follow(this.#takeDown(known));
    }
  }

  /** Machines of this cluster were ordered, or another number of them. */
  #grow(namespace: string, name: unknown): void {
    for (const cluster of this.#clusters.values()) {
      if (cluster.name !== name || cluster.place.namespace !== namespace || !cluster.facts.initialized)
        continue;
      this.#follow(this.#lab.wait(0).then(goOn => (goOn ? grow(cluster, this.#lab) : undefined)));
    }
  }

  async #takeDown(cluster: PlayedCluster): Promise<void> {
    if (!(await this.#lab.wait(0))) return;
    cluster.publish();
    await cluster.apiServer?.close();
    cluster.apiServer = undefined;
    if (!(await this.#lab.wait(takeDownMs))) return;
    const stuck = this.#lab.failures.take(
      'stuckFinalizer',
      ({ cluster: name = cluster.name }) => name === cluster.name,
    );
    await stuck?.end;
    if (await this.#lab.wait(0)) cluster.setFinalizer(false);
  }

  async #forget(cluster: PlayedCluster): Promise<void> {
    cluster.gone = true;
    this.#clusters.delete(cluster.uid);
    if (cluster.address !== undefined) this.#lab.pool.giveBack([cluster.address]);
    await cluster.apiServer?.close();
  }

  #follow(work: Promise<void>): void {
    this.#works.add(work);
    void work.finally(() => this.#works.delete(work));
  }
}
