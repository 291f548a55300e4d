/**
 * The time that a board lives in. By default the computer's own; a {@link VirtualClock} makes an hour last
 * seconds. Everything simulated that waits, waits on this: timers, joins, sleeps, the ways of the network.
 */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  nowMs(): number;
  /** Runs `work` after `ms` milliseconds. Returns how to cancel. */
  later(ms: number, work: () => void): () => void;
  /** Lets `ms` milliseconds pass before it returns, as a call does that blocks the chip. */
  spend(ms: number): void;
  /**
   * As {@link spend}, and the world goes on meanwhile: what is due happens in its time. Whoever calls this sees to it that
   * nothing of the program runs. False: this clock cannot, and nothing has passed.
   */
  pass(ms: number): boolean;
  /** Says that something has just moved outside of this clock (bytes on a socket): more may follow from it. */
  stir(): void;
  /**
   * Time must not go on until the returned function is called: somebody waits for something real.
   * @param why in a few words, for the error when it lasts too long.
   * @param limitMs real milliseconds after which time goes on all the same: nobody has to answer.
   */
  hold(why: string, limitMs?: number): () => void;
}

/** The computer's time. It waits for nobody, so `stir` and `hold` do nothing. */
export const realClock: Clock = {
  nowMs: () => performance.now(),
  later(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
  spend(ms) {
    if (ms <= 0) return;
    // Blocks this thread, and with it everybody else in the process: that is what the chip does too.
    if (typeof SharedArrayBuffer === 'function') {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      return;
    }
    // A page that is not isolated has none.
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
  },
  // Whoever the board talks to may live in this process.
  pass: () => false,
  stir() {},
  hold: () => () => {},
};
