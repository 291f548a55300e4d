/**
 * The 2019 button as a trace, so that the same model can say what it drew. The facts are those of its published
 * sketch: a native program, display on from start to end, radio on from the first join until the answer is
 * there, a fixed time per step; then radio off, the answer on the display, deep sleep without a wake source
 * (its reset button starts it again).
 */
import type { TraceEntry } from '../board/trace.ts';
import { durations } from './times.ts';

/** The sketch's own waits, in milliseconds. */
const sketch = {
  logoMs: 32 * 15,
  beforeJoinMs: 1000,
  listenFirstMs: 3000,
  confirmMs: 1000,
  contrast: 255,
  /** The bar's 160 s and 120 s more: then it shows "Timeout". */
  givesUpAfterMs: 280_000,
  showsTimeoutMs: 10_000,
};

/** How long the sketch shows its address. */
export const sketchShowsMs = 30_000;

/** Native boot after a reset (published, measured by others). */
const nativeBootMs = 270;

/** NTP, then TCP and MQTT CONNECT: the same network as for ours. */
const connectMs = 2 * (durations.openMs.value + durations.roundTripMs.value);

export interface OriginalOptions {
  /** From the request until the cluster is ready. */
  buildMs: number;
  /** How long the address stays on the display. The sketch has 30 s; the same as ours makes them comparable. */
  showMs: number;
  /** Lit pixels of its pictures. Assumption: as many as ours. */
  lit: number;
  /** True: as if it had no timeout, radio on until the cluster is ready. */
  patient: boolean;
}

export interface Original {
  trace: TraceEntry[];
  /** It showed "Timeout" instead of an address. */
  gaveUp: boolean;
}

/** From its reset button to its deep sleep. */
export function original2019({ buildMs, showMs, lit, patient }: OriginalOptions): Original {
  const gaveUp = !patient && buildMs >= sketch.givesUpAfterMs;
  const joinAtMs = nativeBootMs + sketch.logoMs + sketch.beforeJoinMs;
  const joinedAtMs = joinAtMs + durations.joinMs.value;
  const requestedAtMs = joinedAtMs + connectMs + sketch.listenFirstMs + sketch.confirmMs;
  const answerAtMs = requestedAtMs + (gaveUp ? sketch.givesUpAfterMs : buildMs);
  const endMs = answerAtMs + (gaveUp ? sketch.showsTimeoutMs : showMs);
  return {
    gaveUp,
    trace: [
      { atMs: 0, what: 'supply', on: true },
      { atMs: 0, what: 'boot', cause: 0, program: 'starting' },
      { atMs: nativeBootMs, what: 'boot', cause: 0, program: 'running' },
      { atMs: nativeBootMs, what: 'pixels', lit, on: true, contrast: sketch.contrast },
      { atMs: joinAtMs, what: 'wifi', state: 'joining' },
      { atMs: joinedAtMs, what: 'wifi', state: 'joined' },
      { atMs: answerAtMs, what: 'wifi', state: 'off' },
      { atMs: endMs, what: 'sleep', kind: 'timer' },
    ],
  };
}
