/** A cluster with a time to live: what waiting for the warning costs, and one look that brings it. */
import { type BoardName, currentsOf } from '../../simulator/power/currents.ts';
import { radioSpans } from '../../simulator/power/looks.ts';
import { integrate } from '../../simulator/power/model.ts';
import type { CompareOptions } from './compare.ts';
import { runPress } from './run.ts';

export interface WarningCost {
  /** Naps in the dark, with their wakings for a finger. */
  waitingMahPerHour: number;
  /** Boot, join, status. */
  lookMah: number;
  /** The address with the warning: first awake, then standing on the display. */
  shownMah: number;
}

/** After the first address is shown, awake and then asleep; at least (ms). */
const afterAddressMs = 130_000;

/** One press, a short build, and a warning after `warnInS`. */
export async function costOfWarning(
  options: Omit<CompareOptions, 'buildS'> & { warnInS: number },
): Promise<WarningCost> {
  const { trace, span, shownAtMs } = await runPress({ ...options, buildS: 60 });
  const currents = currentsOf(options.asleepLike ?? (options.board as BoardName));
  const look = radioSpans(trace).at(-1);
  if (look === undefined || look.fromMs < shownAtMs + afterAddressMs) {
    throw new Error('The button did not look by itself');
  }
  const waiting = { fromMs: shownAtMs + afterAddressMs, untilMs: look.fromMs };
  const hours = (waiting.untilMs - waiting.fromMs) / 3_600_000;
  return {
    waitingMahPerHour: integrate(trace, currents, waiting).mAh / hours,
    lookMah: integrate(trace, currents, look).mAh,
    shownMah: integrate(trace, currents, { fromMs: look.untilMs, untilMs: span.untilMs }).mAh,
  };
}

/** The costs in a line of the page. */
export function warningLine({ waitingMahPerHour, lookMah, shownMah }: WarningCost): string {
  const [wait, look, shown] = [waitingMahPerHour, lookMah, shownMah].map(mAh => mAh.toFixed(2));
  return `  a warning by itself: ${look} for the look, ${shown} for its picture; ${wait} per hour until then`;
}
