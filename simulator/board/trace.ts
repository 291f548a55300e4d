/** What happened on the board and when: tests prove order with it, the power model integrates it. */

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
  | { what: 'storage'; op: 'read' | 'write'; name: string; bytes: number }
  | { what: 'analog'; pin: number; millivolts: number }
);

type WithoutTime<T> = T extends { atMs: number } ? Omit<T, 'atMs'> : never;
export type TraceDetail = WithoutTime<TraceEntry>;

/** Entries kept; older ones are dropped, a tenth at a time. A press of a few minutes needs a few thousand. */
export const maxTraceEntries = 20_000;

export class Trace {
  readonly entries: TraceEntry[] = [];
  /** True once anything was dropped: the power model must not integrate what is left. */
  truncated = false;
  readonly #startMs = performance.now();

  /** Milliseconds since the board was made. */
  nowMs(): number {
    return performance.now() - this.#startMs;
  }

  add(detail: TraceDetail): void {
    if (this.entries.length >= maxTraceEntries) {
      this.entries.splice(0, Math.ceil(maxTraceEntries / 10));
      this.truncated = true;
    }
    this.entries.push({ atMs: this.nowMs(), ...detail } as TraceEntry);
  }
}
