/** A button's record, made again: no number that was ever seen is taken a second time. Pure. */
import { maxPressNumber, type Status } from '../../../protocol/src/messages.ts';
import { expectReleaseS } from '../buttons/progress.ts';
import {
  phaseBuildFailed,
  phaseCallingOff,
  phaseLeft,
  type Said,
  saidBuilding,
  saidFailed,
  saidReady,
  saidReleased,
  saidReleasing,
} from '../buttons/statuses.ts';
import { type ButtonRecord, isBuilding, newButton, type PressRecord } from '../journal/records.ts';
import type { Rules } from '../settings/rules.ts';
import { newer } from './retained.ts';
import { lostLine } from './unseen.ts';

/**
 * More statuses than one press ever has: a relay may have lost the last ones, and the button believes none with a lower
 * number than it has seen.
 */
const seqLeap = 1_000_000;

export interface ButtonFacts {
  button: string;
  /** Its presses as they were taken up. */
  presses: readonly PressRecord[];
  said: Status | undefined;
  /** What a copy has of it. */
  before: ButtonRecord | undefined;
  rules: Rules;
  /** How long a build of its profile takes, in seconds. */
  expectS: number;
  /** A cluster of its may stand on a platform that was not asked: then what was said of it last is left as it is. */
  mayStand: boolean;
  nowMs: number;
}

export function buttonOf(facts: ButtonFacts): ButtonRecord {
  const { button, presses, before, nowMs } = facts;
  const last = lastStatus(facts);
  const numbers = presses.map(({ press }) => press);
  const lastPress = Math.max(before?.lastPress ?? 0, last?.press ?? 0, ...numbers);
  const building = Math.max(0, ...presses.filter(({ step }) => isBuilding(step)).map(({ press }) => press));
  return {
    button,
    lastPress,
    ...(building === 0 ? {} : { building }),
    recoveredAt: nowMs,
    status: lastPress === 0 ? newButton(button).status : statusOf(facts, last, lastPress),
  };
}

function lastStatus({ said, before }: ButtonFacts): Status | undefined {
  if (before === undefined) return said;
  return said === undefined ? before.status : newer(before.status, said);
}

function statusOf(facts: ButtonFacts, last: Status | undefined, lastPress: number): Status {
  const seq = (last?.press === lastPress ? last.seq : 0) + seqLeap;
  return { ...saidNow(facts, last), press: lastPress, seq: Math.min(maxPressNumber, seq) };
}

/** About a cluster that is newer than what was said last; else what its display was about, as that is now. */
function saidNow(facts: ButtonFacts, last: Status | undefined): Said {
  const made = facts.presses.filter(({ cluster }) => cluster !== '');
  const newest = made.reduce<PressRecord | undefined>(
    (a, b) => (a !== undefined && a.press > b.press ? a : b),
    undefined,
  );
  if (newest !== undefined && newest.press > (last?.press ?? 0)) return saidOf(newest, facts, last);
  const about = made.find(({ cluster }) => cluster === last?.cluster);
  if (about !== undefined) return saidOf(about, facts, last);
  if (last === undefined) return said(newButton(facts.button).status);
  return last.cluster === '' || facts.mayStand ? said(last) : saidLost(last);
}

function said({ press: _, seq: __, ...rest }: Status): Said {
  return rest;
}

/** Nothing of it is on any platform: that is no proof that its build has failed, so the next recovery gets none. */
function saidLost(last: Status): Said {
  const { state, cluster, percent } = last;
  if (state === 'accepted' || state === 'provisioning' || state === 'verifying')
    return saidFailed(cluster, percent, 'LAB', lostLine, phaseLeft);
  return state === 'ready' || state === 'releasing' ? saidReleased(cluster) : said(last);
}

function saidOf(record: PressRecord, { expectS, rules, nowMs }: ButtonFacts, last: Status | undefined): Said {
  const { cluster, step, percent, address, line = lostLine, release } = record;
  if (isBuilding(step)) return saidBuilding(record, expectS);
  if (step === 'ready') return saidReady(record, nowMs, rules);
  if (step === 'releasing')
    return saidReleasing(cluster, phaseOf(record), release?.percent ?? 0, 100, expectReleaseS);
  if (step === 'released') return saidReleased(cluster, address !== undefined);
  if (last?.cluster === cluster && (last.state === 'failed' || last.state === 'rejected')) return said(last);
  const phase = record.recovered === true ? phaseLeft : phaseBuildFailed;
  return saidFailed(cluster, percent, line === lostLine ? 'LAB' : 'PLATFORM', line, phase);
}

function phaseOf({ address }: PressRecord): string {
  return address === undefined ? phaseCallingOff : 'giving it back';
}
