/** What to do with a press: a pure decision from the press, the clock and what the journal knows of its button. */
import { type Code, freshForS, type Press } from '../../protocol/src/messages.ts';

/** What has to be known of a button to decide. */
export interface Known {
  /** The highest press number heard. */
  lastPress: number;
  /** True when this very number was heard before. */
  heard: boolean;
  /** The press whose build is under way, if any. */
  building?: number;
}

export type Decision =
  /** A new wish: build. */
  | { kind: 'accept' }
  /** Heard before: say again what is known. The same number never builds twice. */
  | { kind: 'repeat' }
  /** An old number that was never heard: somebody plays a recording, or the button's memory went back. */
  | { kind: 'replay' }
  /** A new wish while the button's cluster is being built: it gets that one. */
  | { kind: 'join'; building: number }
  | { kind: 'reject'; code: Code; line: string };

/**
 * Decides on a press whose signature and shape are already checked.
 *
 * Joining comes before freshness: freshness keeps a hoarded press from costing machines, and joining costs
 * none, so a button that waited long for its network is told of its build instead of being turned away.
 * @param nowS the lab's clock, in seconds since 1970.
 */
export function decide(known: Known, press: Press, nowS: number): Decision {
  if (known.heard) return { kind: 'repeat' };
  if (press.press <= known.lastPress) return { kind: 'replay' };
  if (press.action === 'release') {
    return { kind: 'reject', code: 'PLATFORM', line: 'Giving clusters back is not possible yet' };
  }
  if (known.building !== undefined) return { kind: 'join', building: known.building };
  const ageS = nowS - press.time;
  if (Math.abs(ageS) > freshForS) {
    // The beacon is the lab's own clock, so an age below zero is a beacon from before the clock was set back.
    return { kind: 'reject', code: 'STALE', line: `Press is ${ageText(ageS)}: press again` };
  }
  return { kind: 'accept' };
}

function ageText(ageS: number): string {
  return ageS >= 0 ? `${ageS} s old` : `${-ageS} s in the future`;
}
