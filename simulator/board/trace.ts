/** What happened on the board and when: tests prove order with it, the power model integrates it. */
import { type Clock, realClock } from './clock.ts';

export type TraceEntry = { atMs: number } & (
  | { what: 'boot'; cause: number; program: 'starting' | 'running' }
  | { what: 'i2c'; address: number; bytes: number; acked: boolean; bitrate: number }
  | { what: 'pixels'; lit: number; on: boolean; contrast: number }
  | { what: 'wifi'; state: 'joining' | 'joined' | 'failed' | 'scanning' | 'scanned' | 'off'; ssid?: string }
  | {
      what: 'socket';
      id: number;
      event: 'connecting' | 'open' | 'sent' | 'received' | 'closed';
      bytes?: number;
    }
  | { what: 'pin'; pin: number; level: 0 | 1; by: 'program' | 'world' }
  /** `durationMs`: how long the program asked for (timer), before any scaling. */
  | { what: 'sleep'; kind: 'pin' | 'timer' | 'off'; durationMs?: number }
  /** The program stands still, RAM stays; then it goes on where it was. */
  | { what: 'lightSleep'; durationMs: number }
  | { what: 'lightWake' }
  /** The display's supply. */
  | { what: 'supply'; on: boolean }
  | { what: 'storage'; op: 'read' | 'write'; name: string; bytes: number }
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
  readonly #startMs: number;
  readonly #maxEntries: number;

  constructor(clock: Clock = realClock, maxEntries = maxTraceEntries) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
    this.#maxEntries = maxEntries;
  }

  /** Milliseconds since the board was made. */
  nowMs(): number {
    return this.#clock.nowMs() - this.#startMs;
  }

  add(detail: TraceDetail): void {
    if (this.entries.length >= this.#maxEntries) {
      this.entries.splice(0, Math.ceil(this.#maxEntries / 10));
      this.truncated = true;
    }
    this.entries.push({ atMs: this.nowMs(), ...detail } as TraceEntry);
  }
}
