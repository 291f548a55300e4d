/** What happened on the board and when: tests prove order with it, the power model integrates it. */
import { type Clock, realClock } from './clock.ts';

/**
 * `accessPoint`: the chip's own is open, and nothing else is going on. `idle`: started, with no network and nothing to do.
 * The radio draws current from the first entry until `off`.
 */
export type WifiState =
  | 'accessPoint'
  | 'joining'
  | 'joined'
  | 'failed'
  | 'scanning'
  | 'scanned'
  | 'idle'
  | 'off';

/** Inside of which call the interpreter waits: `dial` for TCP, `name` for a name server, `flash` while it is rewritten. */
export type Waiting = 'dial' | 'name' | 'flash';

export type TraceEntry = { atMs: number } & (
  | { what: 'boot'; cause: number; program: 'starting' | 'running' }
  | { what: 'i2c'; address: number; bytes: number; acked: boolean; bitrate: number }
  | { what: 'pixels'; lit: number; on: boolean; contrast: number }
  | { what: 'wifi'; state: WifiState; ssid?: string }
  | {
      what: 'socket';
      id: number;
      event: 'connecting' | 'open' | 'sent' | 'received' | 'closed';
      bytes?: number;
    }
  /** The interpreter waits inside of a call, from here on. Dials that are answered: from `connecting` to `open`. */
  | { what: 'blocked'; by: Waiting; durationMs: number }
  | { what: 'pin'; pin: number; level: 0 | 1; by: 'program' | 'world' }
  /** `durationMs`: how long the program asked for (timer), before any scaling. `leaks`: a pull works against a resistor. */
  | { what: 'sleep'; kind: 'pin' | 'timer' | 'off'; durationMs?: number; leaks?: boolean }
  /** The program stands still, RAM stays; then it goes on where it was. */
  | { what: 'lightSleep'; durationMs: number }
  | { what: 'lightWake' }
  /** The display's supply. */
  | { what: 'supply'; on: boolean }
  | { what: 'storage'; op: 'read' | 'write' | 'compact'; name: string; bytes: number }
  | { what: 'analog'; pin: number; millivolts: number }
);

type WithoutTime<T> = T extends { atMs: number } ? Omit<T, 'atMs'> : never;
export type TraceDetail = WithoutTime<TraceEntry>;

/** Entries kept by default; older ones are dropped, a tenth at a time. A press of a few minutes needs a few thousand. */
export const maxTraceEntries = 20_000;

export class Trace {
  readonly entries: TraceEntry[] = [];
  /** True once anything was dropped: the power model must not integrate what is left. */
  truncated = false;
  readonly #clock: Clock;
  /** When the board was made, by its clock. */
  readonly startMs: number;
  readonly #maxEntries: number;
  readonly #told: ((entry: TraceEntry) => void) | undefined;

  /** @param told gets each entry as it comes. */
  constructor(
    clock: Clock = realClock,
    maxEntries = maxTraceEntries,
    startMs = clock.nowMs(),
    told?: (entry: TraceEntry) => void,
  ) {
    this.#told = told;
    this.#clock = clock;
    this.startMs = startMs;
    this.#maxEntries = maxEntries;
  }

  /** Milliseconds since the board was made. */
  nowMs(): number {
    return this.#clock.nowMs() - this.startMs;
  }

  add(detail: TraceDetail): void {
    if (this.entries.length >= this.#maxEntries) {
      this.entries.splice(0, Math.ceil(this.#maxEntries / 10));
      this.truncated = true;
    }
    const entry = { atMs: this.nowMs(), ...detail } as TraceEntry;
    this.entries.push(entry);
    this.#told?.(entry);
  }
}
