/** What to do with a press: a pure decision from the press, the clock and what the journal knows of its button. */
import { type Code, freshForS, type Press } from '../../../protocol/src/messages.ts';
import type { Rules } from '../settings/rules.ts';

/** What has to be known of a button to decide. */
export interface Known {
  /** The highest press number heard. */
  lastPress: number;
  /** True when this very number was heard before. */
  heard: boolean;
  /** The press whose build is under way, if any. */
  building?: number;
  /** The press whose cluster is being given back, if the button is being told of that. */
  releasing?: number;
  /** The press that made the newest cluster that is ready, if any. */
  live?: number;
  /** Clusters that stand for this button and for all buttons of its profile, those on their way included. */
  standing: number;
  standingOfAll: number;
  /** Seconds since this button's last order was accepted, if there was one. */
  sinceOrderS?: number;
  /** When the journal was made anew from what others knew, in seconds since 1970. */
  recoveredS?: number;
  rules: Rules;
}

export type Decision =
  /** A new wish: build. */
  | { kind: 'accept' }
  /** Heard before: say again what is known. The same number never builds twice. */
  | { kind: 'repeat' }
  /** An old number that was never heard: somebody plays a recording, or the button's memory went back. */
  | { kind: 'replay' }
  /** A new wish while the button's cluster is being built, or a release while it is given back: that one's news. */
  | { kind: 'join'; of: number }
  /** A new wish while a cluster is ready, and the profile says to show that. */
  | { kind: 'show'; of: number }
  /** Give that press's cluster back, or call its build off. */
  | { kind: 'release'; of: number }
  | { kind: 'reject'; code: Code; line: string };

/**
 * Decides on a press whose signature and shape are already checked.
 *
 * Joining and showing come before freshness: freshness keeps a hoarded press from costing machines or a cluster,
 * and these cost none, so a button that waited long for its network is told of its cluster and not turned away.
 * @param readingsS what the lab's clock shows, in seconds since 1970; after a jump of it also what it would without.
 */
export function decide(known: Known, press: Press, ...readingsS: readonly number[]): Decision {
  if (known.heard) return { kind: 'repeat' };
  if (press.press <= known.lastPress) return { kind: 'replay' };
  const calm = press.action === 'release' ? calmRelease(known) : calmCreate(known);
  if (calm !== undefined) return calm;
  const agesS = readingsS.map(nowS => nowS - press.time);
  const ageS = agesS.reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a), agesS[0] ?? 0);
  if (Math.abs(ageS) > freshForS) {
    // The beacon is the lab's own clock, so an age below zero is a beacon from before the clock was set back.
    return { kind: 'reject', code: 'STALE', line: `Press is ${ageText(ageS)}` };
  }
  if (isFromBefore(known, press)) {
    return { kind: 'reject', code: 'STALE', line: 'The lab was restored: press again' };
  }
  if (press.action === 'create') return refusedByRule(known) ?? { kind: 'accept' };
  // One that is being built is called off: it is the newest wish.
  const of = known.building ?? known.live;
  if (of === undefined) return againstRule('Nothing to give back');
  return known.rules.releaseBy.includes('button')
    ? { kind: 'release', of }
    : againstRule('Only an operator may give it back');
}

/**
 * The lost journal may have heard it, though nobody remembers. Of what is older than this the next journal would not have
 * been told as fresh; so a clock that was wrong then refuses nothing but the presses of some minutes.
 */
function isFromBefore({ recoveredS }: Known, { time }: Press): boolean {
  return recoveredS !== undefined && time <= recoveredS && time > recoveredS - 2 * freshForS;
}

/** What the lab's rules say against one more cluster. */
function refusedByRule({ standing, standingOfAll, sinceOrderS, rules }: Known): Decision | undefined {
  if (standing >= rules.maxClusters) {
    return againstRule(`${standing} of ${rules.maxClusters} clusters stand: give one back`);
  }
  if (standingOfAll >= rules.maxClustersOfAll) {
    return againstRule(`All ${rules.maxClustersOfAll} clusters of this lab are taken: give one back`);
  }
  // One from the future is of a clock that was set back: how long ago it was nobody knows.
  const sinceS = sinceOrderS === undefined || sinceOrderS < 0 ? rules.coolDownS : sinceOrderS;
  const waitS = rules.coolDownS - sinceS;
  return waitS > 0 ? againstRule(`Too soon: press again in ${Math.ceil(waitS)} s`) : undefined;
}

/** The display adds no advice to it: the line says what to do, where anything can be done. */
function againstRule(line: string): Decision {
  return { kind: 'reject', code: 'QUOTA', line };
}

/** Answers that cost nothing, whatever the age of the press. */
function calmCreate({ building, releasing, live, rules }: Known): Decision | undefined {
  if (building !== undefined) return { kind: 'join', of: building };
  // One thing at a time for each button, or their statuses would talk across each other.
  if (releasing !== undefined) return againstRule('A cluster is being given back: press again when it is');
  return rules.whenReady === 'show' && live !== undefined ? { kind: 'show', of: live } : undefined;
}

function calmRelease({ releasing }: Known): Decision | undefined {
  return releasing === undefined ? undefined : { kind: 'join', of: releasing };
}

function ageText(ageS: number): string {
  return ageS >= 0 ? `${ageS} s old` : `${-ageS} s in the future`;
}
