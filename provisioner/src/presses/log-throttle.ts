/** Says each complaint about a button at most once a minute: a broken or hostile sender must not fill the disk. */

/** One complaint per key and this long, in milliseconds. */
export const sayEveryMs = 60_000;

/** More keys than this and the oldest are forgotten (they may then be said again). */
const maxKeys = 10_000;

export class LogThrottle {
  readonly #saidAt = new Map<string, number>();

  /** True when this may be said now. `nowMs` from any clock that only rises. */
  mayBeSaid(key: string, nowMs: number): boolean {
    const last = this.#saidAt.get(key);
    if (last !== undefined && nowMs - last < sayEveryMs) return false;
    // Deleted first, so that the map's order stays the order of time.
    this.#saidAt.delete(key);
    this.#saidAt.set(key, nowMs);
    const oldest = this.#saidAt.keys().next();
    if (this.#saidAt.size > maxKeys && !oldest.done) this.#saidAt.delete(oldest.value);
    return true;
  }
}
