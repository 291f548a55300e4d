/** Waiting with a limit, and being woken before it. */
import { setTimeout } from 'node:timers/promises';

/** Resolves after `ms`, or at once when the signal is or gets aborted. Never rejects: look at the signal. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

/** Lets one loop sleep until its time is over or somebody calls {@link Waker.wake}. */
export class Waker {
  #early = new AbortController();

  wake(): void {
    this.#early.abort();
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const early = new AbortController();
    this.#early = early;
    const stop = () => early.abort();
    // By hand, not with AbortSignal.any: that keeps a trace of each sleep for as long as `signal` lives.
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await sleep(ms, early.signal);
    signal.removeEventListener('abort', stop);
  }
}

/** How a retry slows down. All in milliseconds. */
export interface BackoffOptions {
  firstMs: number;
  /** The longest wait: an operator who mended something should not wait longer than this. */
  maxMs: number;
  /** 0 to below 1; injected so that tests can repeat themselves. */
  random: () => number;
}

/** Exponential back-off with jitter: doubles from `firstMs` to `maxMs`, each wait between half and all of that. */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  /** The next wait in milliseconds. Jitter keeps many losers of one server from coming back all at once. */
  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(this.#options.maxMs, ms * 2);
    return Math.round(ms * (0.5 + 0.5 * this.#options.random()));
  }

  reset(): void {
    this.#nextMs = this.#options.firstMs;
  }
}
