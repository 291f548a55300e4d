/** A chip in deep sleep: what it waits for, and what is kept of a board until then. */
import type { Clock } from './clock.ts';
import { type SleepOrder, wakeCause } from './esp32.ts';
import type { FrozenPins, Pins } from './pins.ts';
import type { FrozenDisplay } from './ssd1306.ts';

/** What it waits for. */
export interface Waiting {
  order: SleepOrder;
  /** A timer that was left armed wakes the chip too, after so many milliseconds. */
  alsoAfterMs?: number;
  /** When it fell asleep, by its clock. */
  sinceMs: number;
}

/** What is left of a board while its program does not run: see `BareBoard.freeze`. Times by the board's clock. */
export interface Frozen {
  startMs: number;
  poweredAtMs: number;
  pins: FrozenPins;
  display: FrozenDisplay;
  /** Of the flash, when that is known. */
  usedBytes?: number;
  /** Left out: without power. */
  asleep?: Waiting;
}

export class Asleep {
  #waiting: Waiting | undefined;
  #cancel: (() => void) | undefined;
  readonly #pins: Pins;
  readonly #clock: Clock;
  readonly #scale: number;
  readonly #wake: (cause: number) => void;

  /** @param scale sleeps by time take this share of it. */
  constructor(pins: Pins, clock: Clock, scale: number, wake: (cause: number) => void) {
    this.#pins = pins;
    this.#clock = clock;
    this.#scale = scale;
    this.#wake = wake;
  }

  /** From now on the pin is felt. The rest begins with {@link go}. */
  fallAsleep(order: SleepOrder, alsoAfterMs: number | undefined): Waiting {
    const sinceMs = this.#clock.nowMs();
    const waiting = { order, sinceMs, ...(alsoAfterMs === undefined ? {} : { alsoAfterMs }) };
    this.#waiting = waiting;
    return waiting;
  }

  /** Sleeps on, for what is left of the time or until the pin changes. */
  thaw(waiting: Waiting): void {
    this.#waiting = waiting;
    this.go(waiting);
  }

  /** Waits for what it was told to, unless that has ended or been frozen meanwhile. */
  go(waiting: Waiting): void {
    if (this.#waiting !== waiting) return;
    const { order, alsoAfterMs, sinceMs } = waiting;
    if (order.kind === 'pin' && this.#pins.level(order.pin) === order.level) {
      // ext0 looks at the level, not at an edge: a button still held wakes the chip at once.
      this.#end(wakeCause.pin);
      return;
    }
    const ms = order.kind === 'timer' ? order.us / 1000 : alsoAfterMs;
    if (ms === undefined) return;
    const leftMs = ms * this.#scale - (this.#clock.nowMs() - sinceMs);
    this.#cancel = this.#clock.later(Math.max(0, leftMs), () => this.#end(wakeCause.timer));
  }

  pinChanged(pin: number, level: 0 | 1): void {
    const order = this.#waiting?.order;
    if (order?.kind === 'pin' && order.pin === pin && order.level === level) this.#end(wakeCause.pin);
  }

  /** It waits for nothing any more. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waiting = undefined;
  }

  freeze(): Pick<Frozen, 'asleep'> {
    return this.#waiting === undefined ? {} : { asleep: this.#waiting };
  }

  #end(cause: number): void {
    this.end();
    this.#wake(cause);
  }
}
