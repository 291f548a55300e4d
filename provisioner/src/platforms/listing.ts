/** One list of a platform's clusters for all who ask at a time, and the last one for who cannot wait. */
import { orGivenUp } from '../common/given-up.ts';
import type { Listed } from '../common/platform.ts';

/** Health checks list every five minutes: what is older than two of these is not told any more (milliseconds). */
const recentMs = 600_000;

export class Listing {
  readonly #list: (signal: AbortSignal) => Promise<Listed[]>;
  readonly #nowMs: () => number;
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;
  #next: Promise<Listed[]> | undefined;
  #last: { atMs: number; clusters: readonly Listed[] } | undefined;

  /** @param list asks the platform; @param nowMs a clock that never goes back. */
  constructor(list: (signal: AbortSignal) => Promise<Listed[]>, nowMs: () => number) {
    this.#list = list;
    this.#nowMs = nowMs;
  }

  /** Asked for after this call began, so that nobody decides on what was before; shared with all who wait as well. */
  async fresh(signal: AbortSignal): Promise<Listed[]> {
    // While one is under way, all who come wait for the one after it.
    if (this.#running === undefined) return orGivenUp(this.#begin(), signal);
    if (this.#next === undefined) {
      this.#next = this.#running.then(() => this.#begin());
      this.#next.catch(() => {}); // nobody may be waiting any more
    }
    return orGivenUp(this.#next, signal);
  }

  /** What the platform showed last, without asking it; undefined when that is too long ago. */
  recent(): readonly Listed[] | undefined {
    if (this.#last === undefined || this.#nowMs() - this.#last.atMs > recentMs) return undefined;
    return this.#last.clusters;
  }

  close(): void {
    this.#stop.abort();
  }

  #begin(): Promise<Listed[]> {
    this.#next = undefined;
    const atMs = this.#nowMs();
    const asked = this.#list(this.#stop.signal).then(clusters => {
      this.#last = { atMs, clusters };
      return clusters;
    });
    const running = asked
      .catch(() => {})
      .then(() => {
        if (this.#running === running) this.#running = undefined;
      });
    this.#running = running;
    return asked;
  }
}
