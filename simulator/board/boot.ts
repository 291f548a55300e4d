/**
 * One life of the program: from a reset until deep sleep or power loss. Everything that a reset would wipe
 * hangs on this object, and dies with it.
 */
import { type Clock, realClock } from './clock.ts';
import type { Realm } from './host.ts';
import type { Fault } from './options.ts';
import type { TraceDetail, Waiting } from './trace.ts';

/** Thrown where the chip would never return, to unwind the program. Nobody outside sees it. */
export const neverReturns = Object.freeze({ note: 'the chip has stopped' });

export interface BootHost {
  trace: (detail: TraceDetail) => void;
  fault: (kind: Fault['kind'], message: string, stack?: string) => void;
  /** Default: the computer's. */
  clock?: Clock;
  /** What each call of the chip takes, in milliseconds. Default 0. */
  callMs?: number;
}

export class Boot {
  readonly realm: Realm;
  readonly cause: number;
  readonly trace: BootHost['trace'];
  readonly clock: Clock;
  #dead: 'asleep' | 'off' | undefined;
  readonly #host: BootHost;
  readonly #atDeath = new Set<() => void>();
  readonly #told = new WeakSet<object>();
  #blocked = 0;
  #waiting: (() => void)[] = [];

  constructor(realm: Realm, cause: number, host: BootHost) {
    this.realm = realm;
    this.cause = cause;
    this.#host = host;
    this.trace = host.trace;
    this.clock = host.clock ?? realClock;
  }

  get alive(): boolean {
    return this.#dead === undefined;
  }

  /** Stops timers, sockets, radio: whatever asked for it with {@link onDeath}. */
  die(how: 'asleep' | 'off'): void {
    if (this.#dead) {
      return;
    }
    this.#dead = how;
    for (const stop of this.#atDeath) {
      stop();
    }
    this.#atDeath.clear();
  }

  /** Calls `stop` when this life ends. Returns how to take that back. */
  onDeath(stop: () => void): () => void {
    this.#atDeath.add(stop);
    return () => this.#atDeath.delete(stop);
  }

  /**
   * Runs `work` after `ms`, unless the life ends first. Returns how to cancel.
   * @param ofWorld not the program's: runs also while the interpreter waits inside of a call.
   */
  later(ms: number, work: () => void, ofWorld = false): () => void {
    const cancel = this.clock.later(ms, () => {
      forget();
      if (!ofWorld) this.run(work);
      else if (this.alive) work();
    });
    const forget = this.onDeath(cancel);
    return () => {
      cancel();
      forget();
    };
  }

  /**
   * The interpreter waits inside of a call: until the returned function is called no timer, watch or listener of the
   * program runs. What is due meanwhile runs then, in its order.
   */
  block(): () => void {
    this.#blocked++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.#blocked > 0) return;
      for (const work of this.#waiting.splice(0)) this.run(work);
    };
  }

  /**
   * The interpreter waits inside of a call for so many milliseconds: the program stands still, the world goes on, a finger
   * is felt afterwards. False: on the computer's clock the call comes back at once, and the program's events wait instead.
   */
  pass(ms: number, by: Waiting): boolean {
    if (ms <= 0) return true;
    this.trace({ what: 'blocked', by, durationMs: ms });
    const goOn = this.block();
    const passed = this.clock.pass(ms);
    // The battery may have gone meanwhile.
    if (this.#dead) throw neverReturns;
    this.later(passed ? 0 : ms, goOn, true);
    return passed;
  }

  /** Runs a piece of the program. What it throws becomes a fault; the program goes on, as on the chip. */
  run(work: () => void): void {
    if (this.#dead) {
      return;
    }
    if (this.#blocked > 0) {
      this.#waiting.push(work);
      return;
    }
    try {
      work();
    } catch (error) {
      if (error !== neverReturns) {
        this.#tell('uncaught', error);
      }
    }
  }

  /** To be called first by everything the program can reach. */
  touch(name: string): void {
    if (this.#dead === 'asleep') {
      this.#host.fault('after-sleep', `${name} was used after the chip went to deep sleep`);
    }
    if (this.#dead) {
      throw neverReturns;
    }
    if (this.#host.callMs) {
      this.clock.spend(this.#host.callMs);
    }
  }

  /** Stops the program with what the interpreter would throw. */
  raise(message: string, kind: 'Error' | 'InternalError' = 'Error'): never {
    throw this.realm.error(message, kind);
  }

  /** Stops the program: the chip may have this, the simulated board has not. A fault even when caught. */
  notSimulated(what: string): never {
    const error = this.realm.error(`${what} is not simulated`, 'Error');
    this.#tell('not-simulated', error);
    throw error;
  }

  #tell(kind: Fault['kind'], error: unknown): void {
    if (typeof error === 'object' && error !== null) {
      if (this.#told.has(error)) {
        return;
      }
      this.#told.add(error);
    }
    const stack = (error as { stack?: unknown } | null)?.stack;
    this.#host.fault(kind, String(error), typeof stack === 'string' ? stack : undefined);
  }
}
