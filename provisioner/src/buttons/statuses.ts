/** What a button is told, state by state. Pure; press and seq are the outbox's to give. */
import type { Code, State, Status } from '../../../protocol/src/messages.ts';
import type { PressRecord } from '../journal/records.ts';
import type { Rules } from '../settings/rules.ts';
import { leftS, lookAgainS, maxLeftS } from './progress.ts';
import { qrOf } from './qr.ts';

export type Said = Omit<Status, 'press' | 'seq'>;

/** @param upTo the percent at which the first step ends; @param usualS how long a build takes, in seconds. */
export function saidAccepted(cluster: string, upTo: number, usualS: number): Said {
  const times = { leftS: usualS, lookAgainS: lookAgainS(usualS, 'accepted') };
  return { state: 'accepted', cluster, phase: 'accepted', percent: 0, upTo, ...times };
}

export function saidRejected(code: Code, line: string): Said {
  return {
    state: 'rejected',
    cluster: '',
    phase: 'rejected',
    percent: 0,
    upTo: 0,
    leftS: 0,
    lookAgainS: 0,
    code,
    line,
  };
}

/**
 * A build under way.
 * @param usualS how long it usually takes, in seconds; @param upTo the percent at which this phase ends, 0 when
 * nobody knows: then no display moves on by itself.
 */
export function saidBuilding(record: PressRecord, usualS: number, phase = 'being built', upTo = 0): Said {
  const { cluster, percent, ranMs = 0 } = record;
  const state = stateOf(record.step);
  const left = leftS(usualS, percent, ranMs / 1000);
  const times = { leftS: left, lookAgainS: lookAgainS(left, state) };
  return { state, cluster, phase, percent, upTo: Math.max(percent, upTo), ...times };
}

function stateOf(step: PressRecord['step']): State {
  if (step === 'accepted' || step === 'reserved') return 'accepted';
  return step === 'verifying' ? 'verifying' : 'provisioning';
}

/** What stands below the address while nothing is to be said of its end. */
const phaseReady = 'control plane';

/** Below this, the next look shows that it is gone; above, it warns once more (seconds). */
const lastWarningS = 600;
const goneByS = 30;
/** And a look comes this long after the line was due to change, so that it finds the new one (seconds). */
const saidByS = 5;

/**
 * A cluster that is ready, now or since long.
 * @param rules how long before its time is over the display says so, and whether the button wakes for that.
 */
export function saidReady(
  record: PressRecord,
  nowMs: number,
  { warnBeforeS, wakeToWarn }: Pick<Rules, 'warnBeforeS' | 'wakeToWarn'>,
): Said {
  const { cluster, address, server, expiresAt } = record;
  const qr = server === undefined ? undefined : qrOf(server);
  const left =
    expiresAt === undefined ? 0 : Math.min(maxLeftS, Math.max(1, Math.ceil((expiresAt - nowMs) / 1000)));
  const warns = expiresAt !== undefined && left <= warnBeforeS;
  return {
    state: 'ready',
    cluster,
    phase: warns ? `given back in ${inWords(left)}` : phaseReady,
    ...{ percent: 100, upTo: 100, leftS: left },
    lookAgainS: expiresAt === undefined || !wakeToWarn ? 0 : nextWarningS(left, warnBeforeS),
    ...(address === undefined ? {} : { address }),
    ...(qr === undefined ? {} : { qr }),
  };
}

/** When a button that sleeps should look by itself: as the warning begins, half-way through it, and at the end. */
function nextWarningS(left: number, warnBeforeS: number): number {
  if (left > warnBeforeS) return left - Math.floor(warnBeforeS) + saidByS;
  return left > lastWarningS ? Math.round(left / 2) : left + goneByS;
}

/** At most 21 characters of the display with what stands before it. */
function inWords(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** Of a build that is called off. */
export const phaseCallingOff = 'calling it off';

/** @param left in seconds. */
export function saidReleasing(
  cluster: string,
  phase: string,
  percent: number,
  upTo: number,
  left: number,
): Said {
  const times = { leftS: left, lookAgainS: lookAgainS(left, 'releasing') };
  return { state: 'releasing', cluster, phase, percent, upTo: Math.max(percent, upTo), ...times };
}

/** @param wasReady false for a build that was called off. */
export function saidReleased(cluster: string, wasReady = true): Said {
  const times = { leftS: 0, lookAgainS: 0 };
  const phase = wasReady ? 'given back' : 'called off';
  return { state: 'released', cluster, phase, percent: 100, upTo: 100, ...times };
}

/**
 * Of a cluster that never was ready: from here it is only removed. No display shows it; who has lost the journal and
 * reads this from a relay knows it from a cluster that could not be given back and stands.
 */
export const phaseBuildFailed = 'build failed';
/** Of one that was ready and stands. */
export const phaseNotGivenBack = 'not given back';
/** Of one of which nobody knows whether it ever was ready: a person has to look. */
export const phaseLeft = 'left as it is';

/** @param percent how far it had come. @param phase {@link phaseBuildFailed} or {@link phaseNotGivenBack}. */
export function saidFailed(
  cluster: string,
  percent: number,
  code: Code,
  line: string,
  phase = phaseNotGivenBack,
): Said {
  const times = { leftS: 0, lookAgainS: 0 };
  return { state: 'failed', cluster, phase, percent, upTo: percent, ...times, code, line };
}

/** The time left is told again when it has moved by this part of the usual time. */
const leftStep = 1 / 10;

/**
 * True when the button knows this already; the time left alone is news only when it has moved visibly.
 * @param usualS how long all of it usually takes, in seconds.
 */
export function isTold(told: Status, now: Said, usualS: number): boolean {
  const same =
    told.state === now.state &&
    told.phase === now.phase &&
    told.percent === now.percent &&
    told.upTo === now.upTo &&
    told.cluster === now.cluster;
  return same && Math.abs(told.leftS - now.leftS) < Math.max(1, usualS * leftStep);
}
