/** What a button is told, state by state. Pure; press and seq are the desk's to give. */
import type { Code, State, Status } from '../../protocol/src/messages.ts';
import { leftS, lookAgainS } from './progress.ts';
import { qrOf } from './qr.ts';
import type { PressRecord } from './records.ts';

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
export function saidBuilding(
  record: PressRecord,
  usualS: number,
  nowMs: number,
  phase = 'being built',
  upTo = 0,
): Said {
  const { cluster, percent, acceptedAt } = record;
  const state = stateOf(record.step);
  const left = leftS(usualS, percent, (nowMs - acceptedAt) / 1000);
  const times = { leftS: left, lookAgainS: lookAgainS(left, state) };
  return { state, cluster, phase, percent, upTo: Math.max(percent, upTo), ...times };
}

function stateOf(step: PressRecord['step']): State {
  if (step === 'accepted' || step === 'reserved') return 'accepted';
  return step === 'verifying' ? 'verifying' : 'provisioning';
}

/** A cluster that is ready, now or since long. */
export function saidReady({ cluster, address, server }: PressRecord): Said {
  const qr = server === undefined ? undefined : qrOf(server);
  return {
    state: 'ready',
    cluster,
    phase: 'ready',
    ...{ percent: 100, upTo: 100, leftS: 0, lookAgainS: 0 },
    ...(address === undefined ? {} : { address }),
    ...(qr === undefined ? {} : { qr }),
  };
}

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

export function saidReleased(cluster: string): Said {
  const times = { leftS: 0, lookAgainS: 0 };
  return { state: 'released', cluster, phase: 'given back', percent: 100, upTo: 100, ...times };
}

/** @param percent how far it had come. */
export function saidFailed(cluster: string, percent: number, code: Code, line: string): Said {
  const times = { leftS: 0, lookAgainS: 0 };
  return { state: 'failed', cluster, phase: 'failed', percent, upTo: percent, ...times, code, line };
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
