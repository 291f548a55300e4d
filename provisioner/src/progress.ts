/** How far a build is and how long it still takes: from phases that were seen and from history. Pure. */
import type { Observation } from './platforms/platform.ts';

/** Accepted, range reserved, platform asked: known steps before the platform shows anything. */
export const percentReserved = 2;
export const percentCreating = 5;
/** All nodes are up, but the platform has not said ready. */
const percentNodesUp = 90;
export const percentVerifying = 95;

/** A button looks again after this part of the time left … */
const looksPerBuild = 4;
/** … but not more often than its radio is worth, and not so seldom that a failure goes unseen (seconds). */
const minLookAgainS = 2;
const maxLookAgainS = 60;

/** The last builds count for an estimate: enough to forget an odd one, few enough to follow a change. */
const historyLength = 5;

/** Percent for what the platform shows, never below `before`. */
export function percentOf(observation: Extract<Observation, { kind: 'building' }>, before: number): number {
  const { done, total } = observation;
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  return Math.max(before, Math.round(percentCreating + share * (percentNodesUp - percentCreating)));
}

/** The median of the profile's last builds in seconds, or `expectS` while there are none. */
export function usualS(pastBuildsMs: readonly number[], expectS: number): number {
  const last = pastBuildsMs.slice(-historyLength).sort((a, b) => a - b);
  const middle = last[Math.floor(last.length / 2)];
  return middle === undefined ? expectS : Math.max(1, Math.round(middle / 1000));
}

/**
 * Seconds left. What the phases leave of the usual time is the most; the usual time less the time that has
 * passed is the guess; a build that is late still has at least a quarter of what its phases leave.
 */
export function leftS(usual: number, percent: number, elapsedS: number): number {
  const most = usual * (1 - percent / 100);
  return Math.ceil(Math.min(most, Math.max(usual - elapsedS, most / 4)));
}

/** When looking again is worth a radio, in seconds. */
export function lookAgainS(left: number): number {
  return Math.min(maxLookAgainS, Math.max(minLookAgainS, Math.round(left / looksPerBuild)));
}
