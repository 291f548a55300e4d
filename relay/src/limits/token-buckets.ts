/**
 * Rate limits as token buckets by key: each key may do `burst` things at once, and gets all of them back evenly over `refillMs`.
 *
 * Our own few lines, because a listener has to know at once, before it reads a byte: the libraries answer with a promise,
 * hold a timer for every key, forget none when strangers bring a million of them, and let twice the limit through
 * around the end of a window.
 */

export interface BucketOptions {
  /** How many at once; Infinity for no limit. */
  burst: number;
  /** How long until an empty bucket of `burst` is full again (milliseconds). */
  refillMs: number;
  /** How many more this key may do at once; they come back at the same pace. Default none. */
  extraOf?: (key: string) => number;
  /** Keys that are remembered. Beyond, the one that was silent for the longest time is forgotten. */
  maxKeys: number;
}

interface Bucket {
  tokens: number;
  /** When `tokens` was right, on the clock of `performance.now()`. */
  atMs: number;
}

/** Looked at per new key. More than one, so that what has refilled goes faster than it comes. */
const sweptPerNewKey = 2;

export class Buckets {
  /** In the order in which they were last used: the first was silent for the longest time. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #options: BucketOptions;

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  /** How many keys are remembered now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one if there is one. */
  take(key: string, nowMs = performance.now()): boolean {
    if (this.#options.burst === Infinity) return true;
    const bucket = this.#use(key, nowMs);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  /** Takes so many in any case, and says for how long they are owed (milliseconds; 0 when they were there). */
  owe(key: string, count = 1, nowMs = performance.now()): number {
    if (this.#options.burst === Infinity) return 0;
    const bucket = this.#use(key, nowMs);
    bucket.tokens -= count;
    return bucket.tokens >= 0 ? 0 : (-bucket.tokens * this.#options.refillMs) / this.#options.burst;
  }

  /** Puts back what was taken in vain. */
  giveBack(key: string, count = 1): void {
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.tokens = Math.min(bucket.tokens + count, this.#mostOf(key));
  }

  /** What a full bucket of this key holds. */
  #mostOf(key: string): number {
    return this.#options.burst + (this.#options.extraOf?.(key) ?? 0);
  }

  #use(key: string, nowMs: number): Bucket {
    const { burst, refillMs } = this.#options;
    const most = this.#mostOf(key);
    const known = this.#buckets.get(key);
    if (known === undefined) this.#makeRoom(nowMs);
    else this.#buckets.delete(key);
    const bucket = known ?? { tokens: most, atMs: nowMs };
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.atMs) * burst) / refillMs);
    bucket.atMs = nowMs;
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Forgets what is full again, and if that is not enough, the oldest. */
  #makeRoom(nowMs: number): void {
    const { burst, refillMs, maxKeys } = this.#options;
    let looked = 0;
    for (const [key, bucket] of this.#buckets) {
      // Those behind it were used later, and are less full only if they owe.
      const fullAfterMs = (refillMs / burst) * this.#mostOf(key);
      const isFull = bucket.tokens >= 0 && nowMs - bucket.atMs >= fullAfterMs;
      if (!isFull && this.#buckets.size < maxKeys) return;
      this.#buckets.delete(key);
      if (++looked >= sweptPerNewKey) return;
    }
  }
}
