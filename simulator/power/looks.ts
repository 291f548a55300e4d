/** Looks: each time that the radio was on to ask how far a build is. Pure. */
import type { TraceEntry } from '../board/trace.ts';
import type { Currents } from './currents.ts';
import { integrate, type Span } from './model.ts';
import { after, nothing } from './states.ts';

/** A boot belongs to the look that it leads to when the radio starts within this time of the program (ms). */
const bootToRadioMs = 3000;

/**
 * Each time that the radio was on, with the boot that led to it. The first one is the press, the others are
 * looks.
 */
export function radioSpans(trace: readonly TraceEntry[]): Span[] {
  const spans: Span[] = [];
  let doing = nothing;
  let boot = { startMs: 0, runningMs: Number.NEGATIVE_INFINITY };
  let open: Span | undefined;
  for (const entry of trace) {
    const before = doing.radio;
    doing = after(doing, entry);
    if (entry.what === 'boot') {
      const { atMs } = entry;
      boot = entry.program === 'starting' ? { startMs: atMs, runningMs: atMs } : { ...boot, runningMs: atMs };
    }
    if (before === 'off' && doing.radio !== 'off') {
      const isFirst = entry.atMs - boot.runningMs <= bootToRadioMs;
      open = { fromMs: isFirst ? boot.startMs : entry.atMs, untilMs: entry.atMs };
      // The same boot leads to one look only.
      boot = { ...boot, runningMs: Number.NEGATIVE_INFINITY };
    } else if (before !== 'off' && doing.radio === 'off' && open) {
      spans.push({ ...open, untilMs: entry.atMs });
      open = undefined;
    }
  }
  return spans;
}

export interface Looks {
  count: number;
  /** Of one look, on average; 0 when there was none. */
  mAh: number;
  ms: number;
}

/** What the looks after the press cost. */
export function looks(trace: readonly TraceEntry[], currents: Currents): Looks {
  const spans = radioSpans(trace).slice(1);
  const total = spans.reduce((sum, span) => sum + integrate(trace, currents, span).mAh, 0);
  const totalMs = spans.reduce((sum, span) => sum + span.untilMs - span.fromMs, 0);
  const count = spans.length;
  return { count, mAh: count > 0 ? total / count : 0, ms: count > 0 ? totalMs / count : 0 };
}

/** Pixels lit on average while the display was on; 0 when it never was. */
export function meanLit(trace: readonly TraceEntry[]): number {
  let doing = nothing;
  let sinceMs = 0;
  let onMs = 0;
  let litMs = 0;
  for (const entry of trace) {
    if (doing.display.supplied && doing.display.on) {
      onMs += entry.atMs - sinceMs;
      litMs += doing.display.lit * (entry.atMs - sinceMs);
    }
    sinceMs = entry.atMs;
    doing = after(doing, entry);
  }
  return onMs > 0 ? litMs / onMs : 0;
}
