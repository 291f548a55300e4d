/**
 * Two clocks. The wall's says what time it is, for people and for buttons, and may be wrong, or set right, at any
 * moment. The other counts the time in which this process could do something; whatever ends, fails or waits is
 * measured with that, so that a clock that jumps costs nobody a cluster.
 */
import type { Logger } from '../../../config/src/log.ts';
import { freshForS } from '../../../protocol/src/messages.ts';

export interface Clock {
  /** Milliseconds since 1970, as this machine has it. */
  now: () => number;
  /** Milliseconds in which this process ran, from any beginning. Never falls. */
  ran: () => number;
}

/** How often the two are compared (milliseconds). */
const lookEveryMs = 1_000;

/** A process that was held for longer than this (SIGSTOP, a paused machine) could not look meanwhile (milliseconds). */
const longestTurnMs = 10_000;

/** Less is NTP at work, which is no jump (milliseconds). */
const leastJumpMs = 2_000;

/** A beacon that was read right before a jump is good for a press for so long after it, and some more (milliseconds). */
const oldTimeMs = 2 * freshForS * 1000;

/** A clock that was set forward or back (`byMs` above or below 0), or a process that was held. */
export interface Jump {
  /** Milliseconds since 1970, after it. */
  at: number;
  byMs: number;
}

/** The time that this process has run. @param steady a clock that only rises, in milliseconds. */
export function makeRan(steady: () => number = () => performance.now()): () => number {
  let lastMs = steady();
  let ranMs = 0;
  const ran = () => {
    const nowMs = steady();
    ranMs += Math.min(longestTurnMs, Math.max(0, nowMs - lastMs));
    lastMs = nowMs;
    return ranMs;
  };
  // Somebody asks each second, so that only a hold is longer than a turn.
  setInterval(ran, lookEveryMs).unref();
  return ran;
}

/** The one of this process: it runs as long as the process does. */
export const processRan = makeRan();

/** Notices jumps, and says them in the log. */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #onJump: (jump: Jump) => void;
  /** What the wall's clock is ahead of the other one. */
  #aheadMs: number;
  /** What the clock showed before it jumped: `lessMs` to take off now. */
  #old: { lessMs: number; untilRanMs: number }[] = [];
  #jumps = 0;
  #last: Jump | undefined;

  /** @param onJump told once for each, within a second. */
  constructor(clock: Clock, log: Logger, onJump: (jump: Jump) => void = () => {}) {
    this.#clock = clock;
    this.#log = log;
    this.#onJump = onJump;
    this.#aheadMs = clock.now() - clock.ran();
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** How often it has jumped since the start, and how the last time. */
  get jumps(): { count: number; last?: Jump } {
    this.#look();
    return { count: this.#jumps, ...(this.#last === undefined ? {} : { last: this.#last }) };
  }

  /**
   * What time it is, in seconds since 1970; after a jump also, for as long as a press may carry it, what time it
   * would be without.
   */
  readingsS(): number[] {
    this.#look();
    const { now, ran } = this.#clock;
    const [nowMs, ranMs] = [now(), ran()];
    this.#old = this.#old.filter(({ untilRanMs }) => ranMs < untilRanMs);
    return [0, ...this.#old.map(({ lessMs }) => lessMs)].map(lessMs => Math.floor((nowMs - lessMs) / 1000));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { now, ran } = this.#clock;
    const ranMs = ran();
    const aheadMs = now() - ranMs;
    const byMs = Math.round(aheadMs - this.#aheadMs);
    this.#aheadMs = aheadMs;
    if (Math.abs(byMs) < leastJumpMs) return;
    for (const old of this.#old) old.lessMs += byMs;
    this.#old.push({ lessMs: byMs, untilRanMs: ranMs + oldTimeMs });
    this.#jumps++;
    this.#last = { at: now(), byMs };
    this.#log.warn(
      { byS: Math.round(byMs / 1000), time: new Date(now()).toISOString() },
      "this machine's clock jumped, or this process was held: nothing ends for that; see that NTP runs",
    );
    this.#onJump(this.#last);
  }
}
