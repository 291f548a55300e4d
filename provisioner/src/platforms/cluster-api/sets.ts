/** The objects of presses as whole sets: made by the create call, and completed when that died half-way. */

import { oneLine } from '../../common/line.ts';
import { isRefusal } from '../../common/platform.ts';
import { Refused } from '../../kubernetes/errors.ts';
import type { Kube } from '../../kubernetes/kube.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { descriptionOf, foreignDescription, rangesOf } from './observation.ts';
import { makeOwn, makeOwned, NameTaken } from './own.ts';
import { type Order, render } from './render.ts';
import { type ClusterApiTemplate, isTopology } from './template.ts';

/** Clusters of which something is remembered; a forgotten one costs one look at each of its objects. */
const maxKnown = 1_000;

/** After a failure the next try is not made before this (milliseconds): looks come several times a second. */
const retryMs = 3_000;

/** What the API server says about the object itself: it will say it again. */
const decidedStatuses = [400, 409, 422];

const maxWordsLength = 200;

/** Why a Cluster has not all of its objects. `isFinal`: trying again changes nothing. */
export interface Lack {
  words: string;
  isFinal: boolean;
}

interface Known {
  lack?: Lack;
  retryAtMs: number;
}

export class Sets {
  readonly #kube: Kube;
  readonly #namespace: string;
  readonly #onCluster: (made: KubeObject) => void;
  readonly #nowMs: () => number;
  /** How many calls are making the objects of the cluster of this name. */
  readonly #flying = new Map<string, number>();
  /** By the Cluster's uid; without a lack, all is there. */
  readonly #known = new Map<string, Known>();

  /** @param onCluster told of each Cluster as the server answered it. @param nowMs a clock that never goes back. */
  constructor(
    kube: Kube,
    namespace: string,
    onCluster: (made: KubeObject) => void,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#kube = kube;
    this.#namespace = namespace;
    this.#onCluster = onCluster;
    this.#nowMs = nowMs;
  }

  /** Makes what is not there yet: see {@link makeOwn}. @throws PlatformError */
  async make(order: Order, template: ClusterApiTemplate, signal: AbortSignal): Promise<void> {
    const cluster = await this.#flown(order.name, async () => {
      const version = await this.#kube.version(signal);
      const objects = render(template, order, this.#namespace, version);
      return makeOwn(this.#kube, objects, this.#namespace, signal, this.#onCluster);
    });
    this.#remember(cluster, { retryAtMs: 0 });
  }

  /** `work` makes objects of this cluster; nobody completes them meanwhile. */
  async #flown<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#flying.set(name, (this.#flying.get(name) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.#flying.get(name) ?? 1) - 1;
      if (left > 0) this.#flying.set(name, left);
      else this.#flying.delete(name);
    }
  }

  /**
   * A process that died between the Cluster and its last object left a Cluster that nobody builds; the next process
   * sees it being built and does not ask for it again. So each process looks at the whole set once, with what stands on
   * the Cluster. Never rejects: whoever only wants to remove the Cluster has to get by.
   */
  async complete(
    cluster: KubeObject,
    template: ClusterApiTemplate,
    signal: AbortSignal,
  ): Promise<Lack | undefined> {
    const { name, uid = '' } = cluster.metadata;
    const description = descriptionOf(cluster);
    const [range] = rangesOf(cluster);
    // A topology is one object, which is there.
    if (isTopology(template) || description === foreignDescription || range === undefined) return undefined;
    const known = this.#known.get(uid);
    if (this.#flying.has(name) || (known !== undefined && !isDue(known, this.#nowMs()))) return known?.lack;
    try {
      await this.#flown(name, async () => {
        const version = await this.#kube.version(signal);
        const [, ...others] = render(template, { name, range, description }, this.#namespace, version);
        // Never the Cluster itself: who has deleted it a moment ago wants it gone.
        await makeOwned(this.#kube, others, cluster, this.#namespace, signal);
      });
      this.#remember(cluster, { retryAtMs: 0 });
      return undefined;
    } catch (error) {
      const lack = lackOf(error);
      this.#remember(cluster, { lack, retryAtMs: this.#nowMs() + retryMs });
      return lack;
    }
  }

  #remember({ metadata: { uid = '' } }: KubeObject, known: Known): void {
    this.#known.set(uid, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}

function isDue({ lack, retryAtMs }: Known, nowMs: number): boolean {
  return lack !== undefined && !lack.isFinal && nowMs >= retryAtMs;
}

function lackOf(error: unknown): Lack {
  const words = oneLine(error instanceof Error ? error.message : String(error), maxWordsLength);
  const isDecided = error instanceof Refused && decidedStatuses.includes(error.status);
  return { words, isFinal: isRefusal(error) && (isDecided || error instanceof NameTaken) };
}
