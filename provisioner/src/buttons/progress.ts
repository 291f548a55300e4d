/** How far a build is and how long it still takes: from phases that were seen and from history. Pure. */
import type { State } from '../../../protocol/src/messages.ts';
import type { Observation } from '../common/platform.ts';

/** Accepted, range reserved, platform asked: known steps before the platform shows anything. */
export const percentReserved = 2;
export const percentCreating = 5;
/** All nodes are up, but the platform has not said ready. */
const percentNodesUp = 90;
export const percentVerifying = 95;

/**
 * A look costs the button about 3 s of radio, as much as half an hour of nap. So it looks again after this part
 * of the time left: the looks come closer as the end does, and a build of any length needs few of them …
 */
const lookAgainPart = 1 / 2;
/** … never sooner than the look itself takes, and within ten minutes, so that a failure is seen (seconds). */
const minLookAgainS = 2;
/** A platform that has no room says so in the first seconds: the first look is soon. */
const maxLookAgainAcceptedS = 15;
const maxLookAgainS = 600;
/** While the API server is being called the end may come at any moment, and a person is waiting (seconds). */
const maxLookAgainVerifyingS = 5;

/** The platform has taken the order to remove a cluster: the one step that shows before the cluster is gone. */
export const percentTaken = 50;
/** How long giving a cluster back takes, until a profile has a history (seconds). A guess: nobody wrote it down. */
export const expectReleaseS = 20;

/** The last builds count for an estimate: enough to forget an odd one, few enough to follow a change. */
const historyLength = 5;

/** Steps of a build, for example nodes: so many of so many are done. */
type Steps = Pick<Extract<Observation, { kind: 'building' }>, 'done' | 'total'>;

/** Percent for what the platform shows, never below `before`. */
export function percentOf({ done, total }: Steps, before: number): number {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  return Math.max(before, Math.round(percentCreating + share * (percentNodesUp - percentCreating)));
}

/**
 * The percent at which the step under way ends: the next one's, or that of calling the API server when all are
 * done. 0 when nobody knows how many steps there are. What comes before the first step takes moments, so this
 * is right for it too, with `done` 0.
 */
export function upToOf({ done, total }: Steps): number {
  if (total <= 0) return 0;
  return done >= total ? percentVerifying : percentOf({ done: Math.floor(done) + 1, total }, 0);
}

/** The median of the profile's last builds (or releases) in seconds, or `expectS` while there are none. */
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

/** A week: the most that a status can say (seconds). */
export const maxLeftS = 604_800;

/** Seconds left of a release. Nothing shows in between, so a late one is given as long again as it has taken. */
export function releaseLeftS(usual: number, elapsedS: number): number {
  return Math.ceil(Math.min(maxLeftS, Math.max(usual - elapsedS, elapsedS)));
}

/** When looking again is worth a radio, in seconds. */
export function lookAgainS(left: number, state: State): number {
  const most =
    state === 'verifying'
      ? maxLookAgainVerifyingS
      : state === 'accepted'
        ? maxLookAgainAcceptedS
        : maxLookAgainS;
  return Math.min(most, Math.max(minLookAgainS, Math.round(left * lookAgainPart)));
}
