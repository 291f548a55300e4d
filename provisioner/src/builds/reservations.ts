/**
 * Reserves ranges: one list of the platform serves all who wait for it, then each gets its own range, written
 * before the next is chosen. So two hundred presses at once cost one or two lists, and never share a range.
 */
import type { Journal } from '../journal/index.ts';
import { type PressRecord, stands } from '../journal/records.ts';
import type { Platform } from '../platforms/platform.ts';
import { nextFree } from './ranges.ts';

/** Where a range is taken from. */
export interface Pool {
  cidr: string;
  prefix: number;
}

interface Request {
  pool: Pool;
  write: (range: string) => Promise<void>;
  resolve: (range: string | undefined) => void;
  reject: (error: unknown) => void;
}

export class Reservations {
  readonly #journal: Journal;
  readonly #platform: Platform;
  /** The one chain on which all clusters of all platforms reserve. */
  readonly #chain: Chain;
  #waiting: Request[] = [];

  constructor(journal: Journal, platform: Platform, chain: Chain) {
    this.#journal = journal;
    this.#platform = platform;
    this.#chain = chain;
  }

  /**
   * Reserves a range and writes it down with `write`. Resolves with it, or with undefined when the pool is full.
   * @throws PlatformError when the platform's list could not be read; what `write` throws.
   */
  reserve(
    pool: Pool,
    write: (range: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ pool, write, resolve, reject });
      void this.#chain.run(() => this.#serve(signal));
    });
  }

  /** Serves everybody who waits now. Never rejects. */
  async #serve(signal: AbortSignal): Promise<void> {
    const requests = this.#waiting.splice(0);
    if (requests.length === 0) return;
    let onPlatform: string[];
    try {
      // Asked after they came, so that nobody is served from an old list.
      onPlatform = await this.#platform.usedRanges(signal);
    } catch (error) {
      for (const request of requests) request.reject(error);
      return;
    }
    for (const request of requests) await this.#serveOne(request, onPlatform);
  }

  async #serveOne(request: Request, onPlatform: readonly string[]): Promise<void> {
    try {
      const used = [...onPlatform, ...rangesInUse(this.#journal.presses())];
      const range = nextFree(request.pool.cidr, request.pool.prefix, used);
      if (range !== undefined) await request.write(range);
      request.resolve(range);
    } catch (error) {
      request.reject(error);
    }
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
