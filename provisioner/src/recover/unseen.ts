/** Presses of an older copy whose clusters no platform shows, or whose platform was not asked. Pure. */
import { isBuilding, type PressRecord, stands } from '../journal/records.ts';
import type { Taken } from './record.ts';

/** What its button is told of an order that is lost. */
export const lostLine = 'The lab was restored without it: press again';

/** Nothing is there: nobody may build it now, because it may have been built and given back since. */
export function takeGone(record: PressRecord, nowMs: number): Taken {
  if (!stands(record)) return { record };
  const { cluster, step, cleanUp, release } = record;
  if (isBuilding(step)) {
    return {
      record: lost(record, nowMs),
      note: `${cluster} was being built, and is not there: it counts as failed`,
    };
  }
  if (step === 'failed') {
    return { record: { ...record, cleanUp: { since: nowMs, ...cleanUp, endedAt: nowMs } } };
  }
  const by = release ?? { by: 'operator' as const, press: 0, askedAt: nowMs };
  return {
    record: {
      ...stepped(record, 'released', nowMs),
      release: { ...by, percent: 100, endedAt: nowMs },
    },
    note: `${cluster} is not there any more: it counts as given back`,
  };
}

/** It may stand: it keeps its range, and is looked for by its name or id, but never ordered anew. */
export function takeUnasked(record: PressRecord, nowMs: number): Taken {
  if (!stands(record) || !isBuilding(record.step)) return { record };
  const { cluster, step, range } = record;
  if (step === 'accepted' || step === 'reserved' || range === undefined) {
    // Not ordered when the copy was made; since then it may have been.
    const cleanUp = { since: nowMs, givenUp: true as const, trouble: 'its platform was not asked' };
    const note = `${cluster} was not ordered yet, and counts as failed; if it stands after all, dashbutton release ${cluster} removes it`;
    return { record: { ...lost(record, nowMs), cleanUp }, note };
  }
  const { clash: _, ...rest } = stepped(record, 'building', nowMs);
  return { record: { ...rest, recovered: true } };
}

function lost(record: PressRecord, nowMs: number): PressRecord {
  return { ...stepped(record, 'failed', nowMs), line: lostLine, endedAt: nowMs, recovered: true };
}

function stepped(record: PressRecord, step: PressRecord['step'], nowMs: number): PressRecord {
  const { history } = record;
  if (record.step === step) return record;
  return { ...record, step, history: [...history, { step, at: nowMs }] };
}
