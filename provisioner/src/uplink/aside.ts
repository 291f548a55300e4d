/** One relay while another provisioner has the login: looks now and then whether that is still there. */
import type { Logger } from '../../../config/src/log.ts';
import { Backoff, sleep, Waker } from '../common/wait.ts';
import type { Connection, LastWill } from './connection.ts';
import type { Rivals } from './rivals.ts';

/**
 * The first look, and the longest time between two, in milliseconds. Each puts the other out for a moment, so they
 * become rare; one that lives says its beacon more often than that.
 */
const firstLookMs = 90_000;
const maxLookMs = 1_800_000;

/** What is retained comes with the subscription (milliseconds). */
const lookLimitMs = 2_000;

export interface AsideOptions {
  /** host:port. */
  relay: string;
  /** The topic of the site's beacon. */
  beacon: string;
  rivals: Rivals;
  /** Dials and connects. */
  open: () => Promise<Connection>;
  will: () => LastWill;
  log: Logger;
  random: () => number;
  /** Until the first look, in milliseconds. */
  firstLookMs?: number | undefined;
}

export class Aside {
  readonly #options: AsideOptions;
  readonly #waker = new Waker();
  /** What we said last there. When it still stands there at the next look, nobody has spoken since. */
  #left: Buffer | undefined;
  #onBeacon: (payload: Buffer) => void = () => {};

  constructor(options: AsideOptions) {
    this.#options = options;
  }

  /** Something came on the beacon's topic. */
  heard(payload: Buffer): void {
    this.#onBeacon(payload);
  }

  /** Another link has found that the other provisioner is gone. */
  wake(): void {
    this.#waker.wake();
  }

  /** Leaves in order, so that nobody's will speaks after the one who stays. */
  async leave(connection: Connection): Promise<void> {
    const { topic, payload } = this.#options.will();
    this.#left = payload;
    await connection.goodbye(topic, payload);
  }

  /** Resolves when the login is ours again, or at `stop`. Never rejects. */
  async untilOver(stop: AbortSignal): Promise<void> {
    const { rivals, relay, random, firstLookMs: firstMs = firstLookMs } = this.#options;
    const backoff = new Backoff({ firstMs, maxMs: maxLookMs, random });
    while (rivals.aside && !stop.aborted) {
      await this.#waker.sleep(backoff.next(), stop);
      if (!rivals.aside || stop.aborted) return;
      await this.#look(stop).catch(() => rivals.looked(relay, 'no relay'));
    }
  }

  async #look(stop: AbortSignal): Promise<void> {
    const { rivals, relay, beacon, open, log } = this.#options;
    const connection = await open();
    const heard = new Promise<Buffer>(resolve => {
      this.#onBeacon = resolve;
    });
    try {
      await connection.subscribe([beacon], 0);
      const found = await Promise.race([heard, sleep(lookLimitMs, stop)]);
      const left = this.#left;
      await this.leave(connection);
      // Of what stood there before the first look nothing is known.
      const nobody = left !== undefined && (found === undefined || left.equals(found));
      if (!nobody) log.warn({ relay }, 'the other provisioner is still there: this one stands aside');
      rivals.looked(relay, nobody ? 'nobody' : 'somebody');
    } finally {
      connection.drop();
    }
  }
}
