/** The laboratory's time: real time multiplied by a speed factor. All waiting of the simulator goes through here. */

/** The longest a Node timer can wait (ms); longer waits would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * A clock that runs `speed` times as fast as the wall clock.
 *
 * Nominal times are milliseconds of the simulated laboratory (a build takes 160,000 of them); real times are
 * milliseconds of the wall clock. Waits are cut short by {@link Clock.close}. Timers never keep a process alive:
 * the listening server does.
 */
export class Clock {
  readonly speed: number;
  readonly #startedMs = performance.now();
  readonly #waiting = new Map<NodeJS.Timeout, (reached: boolean) => void>();
  #closed = false;

  constructor(speed: number) {
    this.speed = speed;
  }

  /** Nominal ms since the simulator was started. */
  nowMs(): number {
    return (performance.now() - this.#startedMs) * this.speed;
  }

  /** Waits for a nominal time as {@link nowMs} counts it. Resolves with false when the clock was closed meanwhile. */
  reach(nominalMs: number): Promise<boolean> {
    return this.wait((nominalMs - this.nowMs()) / this.speed);
  }

  /** Waits for a real duration in ms. Resolves with false when the clock was closed meanwhile. Never rejects. */
  wait(realMs: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise(resolve => {
      const timer = setTimeout(
        () => {
          this.#waiting.delete(timer);
          resolve(true);
        },
        Math.min(Math.max(0, realMs), maxTimerMs),
      );
      timer.unref();
      this.#waiting.set(timer, resolve);
    });
  }

  /** Ends all waits, now and later. */
  close(): void {
    this.#closed = true;
    for (const [timer, resolve] of this.#waiting) {
      clearTimeout(timer);
      resolve(false);
    }
    this.#waiting.clear();
  }
}
