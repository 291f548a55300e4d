/** Software that the platform installs into a ready cluster. */
import type { Clock } from './clock.ts';

/** One that was ordered. What its API shows of it is in `entry`. */
export interface AddOn {
  name: string;
  /** Nominal ms of the laboratory's clock. */
  orderedMs: number;
  /** Why it will fail; undefined when it will not. */
  fault: string | undefined;
  entry: Readonly<Record<string, unknown>>;
}

export type AddOnState = 'installing' | 'installed' | 'failed';

/** From order to end (nominal ms). Assumed; a known client gives up after 300 s (GO3). */
export const addOnMs = 20_000;

/** How far it is now: counted from the time of its order, so that nothing has to wait for it. */
export function addOnState(addOn: AddOn, clock: Clock): AddOnState {
  if (clock.nowMs() - addOn.orderedMs < addOnMs) return 'installing';
  return addOn.fault === undefined ? 'installed' : 'failed';
}
