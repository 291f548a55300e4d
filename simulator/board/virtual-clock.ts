/**
 * A clock that jumps from one due timer to the next, so that an hour on the board lasts seconds. What is real
 * (sockets to a real relay) takes no time on it: before each jump it waits until the real world is quiet. For
 * that, all who talk must run in this process and talk over the loopback, where bytes arrive at once.
 */
import type { Clock } from './clock.ts';

interface Timer {
  dueMs: number;
  work: () => void;
}

/** Turns of the event loop without news after which nothing is under way: each looks at all sockets once. */
const quietTurns = 16;
/** And so many real milliseconds, for what runs in other threads (files, hashes). */
const quietMs = 3;
/** Turns when nothing has moved since the last time: enough for a `setImmediate` that schedules another one. */
const restTurns = 3;
/** The longest that somebody real may keep the clock waiting by default, in real milliseconds. */
const defaultMaxWaitMs = 5000;

export class VirtualClock implements Clock {
  #nowMs = 0;
  /** By due time; those due at the same time in the order they were made. */
  readonly #timers: Timer[] = [];
  readonly #holds = new Set<{ why: string }>();
  #stirred = false;
  readonly #maxWaitMs: number;

  constructor(maxWaitMs = defaultMaxWaitMs) {
    this.#maxWaitMs = maxWaitMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  later(ms: number, work: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, ms), work };
    const after = this.#timers.findIndex(other => other.dueMs > timer.dueMs);
    this.#timers.splice(after < 0 ? this.#timers.length : after, 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) {
        this.#timers.splice(at, 1);
      }
    };
  }

  /** Timers that become due meanwhile run afterwards, late: nothing else runs while the chip is blocked. */
  spend(ms: number): void {
    this.#nowMs += Math.max(0, ms);
  }

  /** Sockets stand still meanwhile, since nobody waits for the real world in here. */
  pass(ms: number): boolean {
    const endMs = this.#nowMs + Math.max(0, ms);
    while (this.#runNext(endMs));
    this.#nowMs = Math.max(this.#nowMs, endMs);
    return true;
  }

  stir(): void {
    this.#stirred = true;
  }

  hold(why: string, limitMs?: number): () => void {
    const mine = { why };
    this.#holds.add(mine);
    const release = () => {
      clearTimeout(limit);
      if (this.#holds.delete(mine)) {
        this.stir();
      }
    };
    const limit = limitMs === undefined ? undefined : setTimeout(release, limitMs).unref();
    return release;
  }

  /** Lets time pass until `done` says so. Throws when that takes more than `limitMs` virtual milliseconds. */
  async run(done: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    for (;;) {
      await this.#quiet();
      if (done()) {
        return;
      }
      if (!this.#runNext(endMs)) {
        throw new Error(`Not done within ${limitMs} ms on the virtual clock`);
      }
    }
  }

  /** Lets `ms` virtual milliseconds pass. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    do {
      await this.#quiet();
    } while (this.#runNext(endMs));
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  #runNext(endMs: number): boolean {
    const next = this.#timers[0];
    if (next === undefined || next.dueMs > endMs) {
      return false;
    }
    this.#timers.shift();
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.work();
    return true;
  }

  /** Waits, in real time, until nobody holds the clock and nothing moves any more. */
  async #quiet(): Promise<void> {
    const startedAt = performance.now();
    let movedAt = Number.NEGATIVE_INFINITY;
    for (
      let turns = 0, needed = restTurns;
      turns < needed || performance.now() - movedAt < quietMs;
      turns++
    ) {
      await new Promise<void>(resolve => setImmediate(resolve));
      if (this.#stirred || this.#holds.size > 0) {
        this.#stirred = false;
        movedAt = performance.now();
        turns = -1;
        needed = quietTurns;
      }
      if (performance.now() - startedAt > this.#maxWaitMs) {
        const whys = [...this.#holds].map(hold => hold.why).join(', ') || 'sockets that are never quiet';
        throw new Error(`The virtual clock stood still for ${this.#maxWaitMs} ms: ${whys}`);
      }
    }
  }
}
