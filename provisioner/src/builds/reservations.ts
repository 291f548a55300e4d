/**
 * Reserves ranges: each press gets its own, written before the next is chosen. What others use on the platform comes
 * from what it showed last, so that a press need not wait for a list; whether it still holds is looked at after the
 * order, before anything is said to be ready (range-clash.ts).
 */

import { nextFree } from '../common/cidr.ts';
import type { Listed, Platform } from '../common/platform.ts';
import type { Journal } from '../journal/index.ts';
import { markOf } from '../journal/queries.ts';
import { type PressRecord, stands } from '../journal/records.ts';

/** Where a range is taken from. */
export interface Pool {
  cidr: string;
  prefix: number;
  /** Parts of it that no cluster gets, as CIDRs. */
  exclude: readonly string[];
  /** Where to begin to look, see {@link nextFree}. */
  from: number;
}

/** What has been reserved. */
export interface Reserved {
  range: string;
  /** The platform showed no cluster of this name: it may be ordered without another look. */
  isNew: boolean;
}

interface Request {
  pool: Pool;
  cluster: string;
  write: (reserved: Reserved) => Promise<void>;
  resolve: (reserved: Reserved | undefined) => void;
  reject: (error: unknown) => void;
}

export class Reservations {
  readonly #journal: Journal;
  readonly #platform: Platform;
  /** The one chain on which all clusters of all platforms reserve. */
  readonly #chain: Chain;
  readonly #site: string;
  #waiting: Request[] = [];

  /** @param site its name, which is in our marks. */
  constructor(journal: Journal, platform: Platform, chain: Chain, site: string) {
    this.#site = site;
    this.#journal = journal;
    this.#platform = platform;
    this.#chain = chain;
  }

  /**
   * Reserves a range and writes it down with `write`. Resolves with it, or with undefined when the pool is full.
   * @param cluster the name of the cluster that it is for.
   * @throws PlatformError when the platform's list could not be read; what `write` throws.
   */
  reserve(
    pool: Pool,
    cluster: string,
    write: (reserved: Reserved) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Reserved | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ pool, cluster, write, resolve, reject });
      void this.#chain.run(() => this.#serve(signal));
    });
  }

  /** Serves everybody who waits now. Never rejects. */
  async #serve(signal: AbortSignal): Promise<void> {
    for (const request of this.#waiting.splice(0)) {
      const { pool, cluster, write, resolve, reject } = request;
      try {
        const recent = this.#platform.recent();
        const choose = (listed: readonly Listed[]): Reserved | undefined => {
          const used = [...pool.exclude, ...this.#rangesOn(listed), ...this.#ours()];
          const range = nextFree(pool.cidr, pool.prefix, used, pool.from);
          const isNew = listed.every(({ name }) => name !== cluster);
          return range === undefined ? undefined : { range, isNew };
        };
        // Full by an old list is not full: somebody may have given one back.
        const reserved = (recent && choose(recent)) ?? choose(await this.#platform.clusters(signal));
        if (reserved !== undefined) await write(reserved);
        resolve(reserved);
      } catch (error) {
        reject(error);
      }
    }
  }

  #ours(): string[] {
    return rangesInUse(this.#journal.presses());
  }

  /** Without those of clusters of ours of which the journal knows that they are gone since the list. */
  #rangesOn(listed: readonly Listed[]): string[] {
    const gone = new Map(
      this.#journal
        .presses()
        .flatMap((record): [string, PressRecord][] => (stands(record) ? [] : [[record.cluster, record]])),
    );
    return listed.flatMap(({ id, name, description, ranges }) => {
      const record = gone.get(name);
      const isGone = record && (record.id === id || description.includes(markOf(this.#site, record)));
      return isGone ? [] : ranges;
    });
  }
}

/**
 * Ranges of builds under way and of clusters that stand, also of those that have failed and are still being removed:
 * a range is free when the platform has nothing left that uses it.
 */
export function rangesInUse(presses: readonly PressRecord[]): string[] {
  return presses.flatMap(record => (record.range !== undefined && stands(record) ? [record.range] : []));
}

/** Runs one thing after another. */
export class Chain {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#tail.then(work);
    this.#tail = next.catch(() => {});
    return next;
  }
}
