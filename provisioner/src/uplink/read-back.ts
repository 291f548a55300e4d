/**
 * What a relay hands out on the topics that are ours to speak on, held against the newest that we have said. A relay
 * may keep an old status: one that was paused, a cluster of brokers that lost a write, somebody with too many rights.
 * Then the newest is said again. And one that does not hand out our own beacon hands out no presses either.
 */

/** What is not ours, or old, and still stands after this is wrong (milliseconds). */
const settleMs = 500;

/** Words of ours that are still on their way back are waited for so long, because they set it right (milliseconds). */
const echoLimitMs = 10_000;

/** Of one topic so many words are known while they are on their way back. */
const maxEchoes = 16;

/** How often doubtful topics are looked at (milliseconds). */
const lookEveryMs = 250;

/**
 * A topic is mended at most this often: twice as long each time, from the first to the longest, in milliseconds; from
 * the beginning again after it was quiet for `forgetMs`. A relay, or a stranger in it, must not keep us busy.
 */
const firstAgainMs = 1_000;
const longestAgainMs = 60_000;
const forgetMs = 300_000;

/** Most topics that one look mends: a relay that came back with yesterday's state gets today's in a few seconds. */
const atOnce = 50;

/** A beacon of ours that has not come back by the next one was not handed out, if it had this long (milliseconds). */
const beaconLimitMs = 10_000;

/** So many in a row, and the connection is worth nothing. One is a hiccup. */
const deafAfter = 2;

export interface ReadBackOptions {
  /** What should be retained there now; undefined: nothing of ours, or nothing that can be told. */
  newest: (topic: string) => Buffer | undefined;
  /** Says it. */
  sayAgain: (topic: string) => void;
  /** The relay gives us nothing any more: worth another connection. */
  onDeaf: () => void;
  /** The topic of our own beacon. */
  beacon: string;
}

/** One for each connection. */
export class ReadBack {
  readonly #options: ReadBackOptions;
  /** Heard something else there last, and when (milliseconds). */
  readonly #doubtful = new Map<string, number>();
  readonly #mended = new Map<string, { times: number; atMs: number }>();
  /** Topics that the relay lets us read, and what we said there that has not come back yet, oldest first. */
  readonly #echoes = new Map<string, Buffer[]>();
  /** Said in passing, not retained: no news when it comes back. */
  readonly #passing = new Map<string, Buffer>();
  #timer: NodeJS.Timeout | undefined;
  #beaconSaidMs: number | undefined;
  #missed = 0;

  constructor(options: ReadBackOptions) {
    this.#options = options;
  }

  /** These are being subscribed to: what is said there from now on comes back. */
  follow(topics: readonly string[]): void {
    for (const topic of topics) this.#echoes.set(topic, []);
  }

  /** The relay does not let us read these. */
  unfollow(topics: Iterable<string>): void {
    for (const topic of topics) this.#echoes.delete(topic);
  }

  /** Before it is published. */
  said(topic: string, payload: Buffer, retain: boolean): void {
    const echoes = this.#echoes.get(topic);
    if (echoes === undefined) return;
    if (!retain) {
      this.#passing.set(topic, payload);
      return;
    }
    echoes.push(payload);
    if (echoes.length > maxEchoes) echoes.shift();
    if (topic === this.#options.beacon) this.#saidBeacon(performance.now());
  }

  #saidBeacon(now: number): void {
    if (this.#beaconSaidMs !== undefined && now - this.#beaconSaidMs < beaconLimitMs) return;
    if (this.#beaconSaidMs !== undefined && ++this.#missed >= deafAfter) this.#options.onDeaf();
    this.#beaconSaidMs = now;
  }

  /** Something came on one of our topics, retained or as it was said. Never throws. */
  heard(topic: string, payload: Buffer): void {
    if (topic === this.#options.beacon) {
      this.#beaconSaidMs = undefined;
      this.#missed = 0;
    }
    if (this.#passing.get(topic)?.equals(payload) === true) return;
    const echoes = this.#echoes.get(topic) ?? [];
    const newest = this.#options.newest(topic);
    if (newest === undefined || newest.equals(payload)) {
      echoes.length = 0;
      this.#doubtful.delete(topic);
      return;
    }
    // A word of ours, and newer ones behind it.
    const echo = echoes.findIndex(it => it.equals(payload));
    if (echo >= 0 && echo < echoes.length - 1) {
      echoes.splice(0, echo + 1);
      return;
    }
    this.#doubtful.set(topic, performance.now());
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
  }

  /** The connection is over. */
  stop(): void {
    clearInterval(this.#timer);
    this.#doubtful.clear();
  }

  #look(): void {
    const now = performance.now();
    let left = atOnce;
    for (const [topic, sinceMs] of this.#doubtful) {
      if (left === 0) break;
      const limitMs = this.#echoes.get(topic)?.length ? echoLimitMs : settleMs;
      if (now - sinceMs < limitMs || !this.#mayMend(topic, now)) continue;
      left--;
      // Its echo says whether that was of use.
      this.#doubtful.delete(topic);
      this.#echoes.get(topic)?.splice(0);
      this.#options.sayAgain(topic);
    }
    if (this.#doubtful.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #mayMend(topic: string, now: number): boolean {
    const { times, atMs } = this.#mended.get(topic) ?? { times: 0, atMs: Number.NEGATIVE_INFINITY };
    if (now - atMs > forgetMs) {
      this.#mended.set(topic, { times: 1, atMs: now });
      return true;
    }
    if (now - atMs < Math.min(longestAgainMs, firstAgainMs * 2 ** (times - 1))) return false;
    this.#mended.set(topic, { times: times + 1, atMs: now });
    return true;
  }
}
