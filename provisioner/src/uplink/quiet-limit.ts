/**
 * Something on the way cuts connections that are quiet for a while: proxies, firewalls and balancers do, each after its
 * own time, and none tells. Learned from the cuts, and from then on we speak before that.
 *
 * Kept in memory, for each link: what was learned belongs to today's way, which another proxy, a new rule or a walk to
 * another network makes worthless, and to learn it again costs two connections of less than a second. On disk it
 * would have to be doubted, and forgotten again by somebody.
 */

/** Quieter than this is no quiet: a relay that restarts cuts in the middle of something (milliseconds). */
const leastQuietMs = 1_000;

/** Two cuts are of the same limit when their quiet times differ by less than this part of them. */
const tolerance = 0.1;

/** We speak after this part of the limit: the rest is for a proxy whose clock is coarse, and for the way there. */
const safePart = 2 / 3;

/** What was learned. */
export interface Learned {
  /** A connection that is quiet for so long is cut (seconds, with one digit). */
  cutAfterS: number;
  /** So we say something at least this often (whole seconds). */
  keepAliveS: number;
}

export class QuietLimit {
  /** For the next connection, in whole seconds. */
  keepAliveS: number;
  learned: Learned | undefined;
  #lastMs: number | undefined;

  /** @param keepAliveS as the settings have it: what is learned is always less. */
  constructor(keepAliveS: number) {
    this.keepAliveS = keepAliveS;
  }

  /**
   * A connection was cut, by neither end's wish that we know of.
   * @param quietMs how long nothing had come over it, in milliseconds.
   * @returns what was learned by it: with the second cut in a row after about the same quiet time.
   */
  cut(quietMs: number): Learned | undefined {
    if (quietMs < leastQuietMs) return undefined;
    const before = this.#lastMs;
    this.#lastMs = quietMs;
    if (before === undefined || Math.abs(before - quietMs) > tolerance * Math.max(before, quietMs)) {
      return undefined;
    }
    const limitMs = Math.min(before, quietMs);
    const keepAliveS = Math.max(1, Math.floor((limitMs * safePart) / 1000));
    if (keepAliveS >= this.keepAliveS) return undefined;
    this.keepAliveS = keepAliveS;
    this.learned = { cutAfterS: Math.round(limitMs / 100) / 10, keepAliveS };
    this.#lastMs = undefined;
    return this.learned;
  }
}
