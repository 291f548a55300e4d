/**
 * What a press's record must have said, from what its platform shows, what the lab had told its button last, and what an
 * older copy says. A status may be old, so it decides only what can never have become otherwise since: that a cluster
 * was ready once, that a build has failed or was called off. Where that leaves a doubt, nothing is removed. Pure.
 */
import type { Status } from '../../../protocol/src/messages.ts';
import { percentTaken, percentVerifying } from '../buttons/progress.ts';
import { phaseBuildFailed, phaseCallingOff, phaseNotGivenBack } from '../buttons/statuses.ts';
import { isBuilding, type PressRecord } from '../journal/records.ts';
import type { Found } from './found.ts';

export interface Facts {
  found: Found;
  /** The button's newest status, about whichever cluster. */
  said: Status | undefined;
  /** What a copy has of this press. */
  before: PressRecord | undefined;
  /** Of the button, or its profile. */
  timeToLiveS: number | undefined;
  deadlineS: number;
  nowMs: number;
}

/** A record, and what cannot be known of it, in a sentence. */
export interface Taken {
  record: PressRecord;
  note?: string;
}

const notKnown = { batteryMv: 0, rssiDbm: 0, firmware: 'not known' };

const kept = 'the journal was recovered, and somebody may use it';

export function take(facts: Facts): Taken {
  const { found, said, before } = facts;
  const { seen } = found;
  const about = said?.cluster === found.cluster ? said : undefined;
  const calledOff = isCalledOff(before) || (about?.state === 'releasing' && about.phase === phaseCallingOff);
  const hasFailed =
    (before?.step === 'failed' && before.recovered !== true) || about?.phase === phaseBuildFailed;
  if (hasFailed) return { record: left(facts, about) };
  if (calledOff) return { record: releasing(facts, undefined, 0) };
  // An address was told; or a later press was answered, which none is while this one's cluster is being built.
  const toldReady = wasReady(before) || (about !== undefined && saysReady(about));
  // A press that is refused because this one is being built is no such answer.
  const later =
    said !== undefined && about === undefined && said.press > found.press && said.state !== 'rejected';
  if (seen.kind === 'deleting') return { record: releasing(facts, addressOf(facts, about), percentTaken) };
  if (toldReady || (later && found.access !== undefined)) return standing(facts, about);
  const isOver = about?.state === 'released' || about?.state === 'failed' || before?.step === 'failed';
  if (seen.kind === 'failed' || later || isOver) return inDoubt(facts);
  return underWay(facts, about);
}

function isCalledOff(before: PressRecord | undefined): boolean {
  return before?.step === 'releasing' && before.address === undefined;
}

function wasReady(before: PressRecord | undefined): boolean {
  return before?.step === 'ready' || (before?.step === 'releasing' && before.address !== undefined);
}

/** It was ready when this was said, whatever has become of it since. */
function saysReady({ state, phase, address }: Status): boolean {
  return address !== undefined || state === 'ready' || state === 'releasing' || phase === phaseNotGivenBack;
}

function addressOf({ found, before }: Facts, about: Status | undefined): string | undefined {
  return found.access?.address ?? about?.address ?? before?.address;
}

/** It is ready, and may be in use; or was asked for to be given back a moment before, which its owner may ask again. */
function standing(facts: Facts, about: Status | undefined): Taken {
  const { found, before } = facts;
  const { access, cluster } = found;
  const address = addressOf(facts, about);
  const record: PressRecord = {
    ...base(facts, 'ready'),
    percent: 100,
    ...(address === undefined ? {} : { address }),
    ...serverOf(access?.server ?? before?.server),
    ...endOf(facts, about),
  };
  const wasLeaving = about?.state === 'releasing' || before?.step === 'releasing';
  if (wasLeaving)
    return { record, note: `${cluster} was being given back, but stands: it counts as ready, ask again` };
  if (address === undefined) return { record, note: `${cluster} is ready, its address is not known` };
  if (about === undefined && !wasReady(before))
    return { record, note: `${cluster} counts as ready; if its build had failed, release it` };
  return { record };
}

function serverOf(server: string | undefined): { server?: string } {
  return server === undefined ? {} : { server };
}

/** Looked after until it is ready; if that fails, a person decides. */
function underWay(facts: Facts, about: Status | undefined): Taken {
  const { found, before } = facts;
  const verifying = found.seen.kind === 'ready';
  const percent = verifying ? percentVerifying : Math.max(about?.percent ?? 0, before?.percent ?? 0);
  return {
    record: {
      ...base(facts, verifying ? 'verifying' : 'building'),
      percent: Math.min(percentVerifying, percent),
      recovered: true,
    },
  };
}

/** Never told, as far as is known, and no build to look after. */
function inDoubt(facts: Facts): Taken {
  const { found, nowMs } = facts;
  const { seen, cluster } = found;
  const line = seen.kind === 'failed' ? `Broken on the platform: ${seen.message}`.slice(0, 80) : 'Not known';
  const record: PressRecord = {
    ...base(facts, 'failed'),
    line,
    endedAt: nowMs,
    recovered: true,
    cleanUp: { since: nowMs, givenUp: true, trouble: kept },
  };
  return { record, note: `${cluster} is left to you: dashbutton release ${cluster} removes it` };
}

/** Its build has failed for certain: removing what is left goes on. */
function left(facts: Facts, about: Status | undefined): PressRecord {
  const { before, nowMs } = facts;
  return {
    ...base(facts, 'failed'),
    percent: before?.percent ?? about?.percent ?? 0,
    line: about?.line ?? before?.line ?? 'Not known',
    endedAt: before?.endedAt ?? nowMs,
    cleanUp: { since: nowMs },
  };
}

function releasing(facts: Facts, address: string | undefined, percent: number): PressRecord {
  const { before, nowMs } = facts;
  const asked = before?.step === 'releasing' ? before.release : undefined;
  return {
    ...base(facts, 'releasing'),
    percent: before?.percent ?? (address === undefined ? 0 : 100),
    ...(address === undefined ? {} : { address }),
    ...serverOf(before?.server),
    release: { by: 'operator', press: 0, ...asked, percent, askedAt: nowMs },
  };
}

/** What every record has. */
function base({ found, before, deadlineS, nowMs }: Facts, step: PressRecord['step']): PressRecord {
  const { button, press, cluster, profile, listed, seen } = found;
  const [range] = listed.ranges;
  const acceptedAt = before?.acceptedAt ?? listed.origin?.acceptedAt ?? nowMs;
  const history = before?.history ?? [{ step: 'accepted' as const, at: acceptedAt }];
  return {
    ...{ button, press, profile, step, cluster },
    history: history.at(-1)?.step === step ? history : [...history, { step, at: nowMs }],
    id: seen.id,
    ...(range === undefined ? {} : { range }),
    acceptedAt,
    deadlineAt: before?.deadlineAt ?? acceptedAt + deadlineS * 1000,
    ...(before?.endedAt === undefined || isBuilding(step) ? {} : { endedAt: before.endedAt }),
    percent: 0,
    told: before?.told ?? notKnown,
  };
}

/**
 * When it is given back by itself: the copy's word, or else the earliest moment that cannot be too early. Its warning is
 * said anew, whatever was said before.
 */
function endOf(facts: Facts, about: Status | undefined): { expiresAt?: number } {
  const { found, before, timeToLiveS, deadlineS, nowMs } = facts;
  if (before?.step === 'ready') return before.expiresAt === undefined ? {} : { expiresAt: before.expiresAt };
  const told = about?.state === 'ready' ? about.leftS : undefined;
  // Said of a cluster that stays.
  if (told === 0) return {};
  const acceptedAt = before?.acceptedAt ?? found.listed.origin?.acceptedAt;
  const whole = timeToLiveS === undefined ? undefined : timeToLiveS * 1000;
  const latest = [
    ...(told === undefined ? [] : [nowMs + told * 1000]),
    ...(whole === undefined ? [] : [nowMs + whole]),
    ...(whole === undefined || acceptedAt === undefined ? [] : [acceptedAt + deadlineS * 1000 + whole]),
  ];
  return latest.length === 0 ? {} : { expiresAt: Math.max(nowMs, Math.min(...latest)) };
}
