/** From what a board did (its trace) to the charge that it took from the battery. Pure; calculated, not measured. */
import type { TraceEntry } from '../board/trace.ts';
import type { Currents } from './currents.ts';
import { after, type Doing, draws, nothing, type Part } from './states.ts';

const msPerHour = 3_600_000;
const hoursPerDay = 24;

/** A piece of a trace, in the trace's milliseconds. */
export interface Span {
  fromMs: number;
  untilMs: number;
}

export interface Energy {
  durationMs: number;
  mAh: number;
  averageMa: number;
  /** Where it went: charge in mAh and how long that part drew anything. */
  parts: Map<Part, { mAh: number; ms: number }>;
}

/** Adds up what was drawn within `span`, by default all of the trace. The trace must be whole. */
export function integrate(trace: readonly TraceEntry[], currents: Currents, span = spanOf(trace)): Energy {
  const parts: Energy['parts'] = new Map();
  let mAh = 0;
  let doing = nothing;
  let sinceMs = span.fromMs;
  function drawUntil(atMs: number): void {
    // A dial that blocks may end between two entries.
    const end = doing.blockedUntilMs;
    if (sinceMs < end && end < atMs) drawUntil(end);
    const ms = Math.min(atMs, span.untilMs) - sinceMs;
    if (ms <= 0) return;
    for (const [part, mA] of Object.entries(draws(doing, currents, sinceMs)) as [Part, number][]) {
      const charge = (mA * ms) / msPerHour;
      const before = parts.get(part) ?? { mAh: 0, ms: 0 };
      parts.set(part, { mAh: before.mAh + charge, ms: before.ms + ms });
      mAh += charge;
    }
    sinceMs += ms;
  }
  for (const entry of trace) {
    drawUntil(entry.atMs);
    doing = after(doing, entry);
  }
  drawUntil(span.untilMs);
  const durationMs = span.untilMs - span.fromMs;
  return { durationMs, mAh, averageMa: durationMs > 0 ? (mAh * msPerHour) / durationMs : 0, parts };
}

function spanOf(trace: readonly TraceEntry[]): Span {
  return { fromMs: trace[0]?.atMs ?? 0, untilMs: trace.at(-1)?.atMs ?? 0 };
}

/** What the board is left doing at the trace's end. */
export function lastDoing(trace: readonly TraceEntry[]): Doing {
  return trace.reduce(after, nothing);
}

/** What it goes on drawing at the trace's end, in mA. */
export function standbyMa(trace: readonly TraceEntry[], currents: Currents): number {
  return Object.values(draws(lastDoing(trace), currents, trace.at(-1)?.atMs ?? 0)).reduce(
    (sum, mA) => sum + mA,
    0,
  );
}

/** How long a battery lasts at this current. The cell's own self-discharge is left out. */
export function daysOn(capacityMah: number, mA: number): number {
  return capacityMah / mA / hoursPerDay;
}
