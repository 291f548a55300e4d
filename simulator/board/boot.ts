/**
 * One life of the program: from a reset until deep sleep or power loss. Everything that a reset would wipe
 * hangs on this object, and dies with it.
 */
import { type Clock, realClock } from './clock.ts';
import type { Fault } from './options.ts';
import type { Realm } from './realm.ts';
import type { TraceDetail } from './trace.ts';

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

  /** Runs `work` after `ms`, unless the life ends first. Returns how to cancel. */
  later(ms: number, work: () => void): () => void {
    const cancel = this.clock.later(ms, () => {
      forget();
      this.run(work);
    });
    const forget = this.onDeath(cancel);
    return () => {
      cancel();
      forget();
    };
  }

  /** Runs a piece of the program. What it throws becomes a fault; the program goes on, as on the chip. */
  run(work: () => void): void {
    if (this.#dead) {
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
