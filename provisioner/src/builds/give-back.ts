/** Orders to give a cluster back, or to call a build off, that do not come from its button: an operator's, and the time to live's. */
import { SetupError } from '../../../config/src/setup-error.ts';
import { expectReleaseS, percentTaken } from '../buttons/progress.ts';
import type { StatusOutbox } from '../buttons/status-outbox.ts';
import { phaseCallingOff, saidReleasing } from '../buttons/statuses.ts';
import type { Journal } from '../journal/index.ts';
import { type Asker, isBuilding, type PressRecord } from '../journal/records.ts';
import type { Rules } from '../settings/rules.ts';

/**
 * Writes the order, and tells the button when its display is about this cluster. The work itself is a `Release`.
 * Resolves with the record to work on, or undefined when it is neither ready nor being built (any more).
 */
export async function orderRelease(
  journal: Journal,
  outbox: StatusOutbox,
  { button, press }: PressRecord,
  by: Asker,
  nowMs: number,
): Promise<PressRecord | undefined> {
  let ordered: PressRecord | undefined;
  await outbox.update(button, before => {
    const record = journal.press(button, press);
    if (record === undefined || !(record.step === 'ready' || isBuilding(record.step))) return undefined;
    const wasReady = record.step === 'ready';
    const release = { by, press: 0, percent: 0, askedAt: nowMs };
    ordered = { ...record, step: 'releasing', release };
    const phase = wasReady ? phaseFor[by] : phaseCallingOff;
    const said = saidReleasing(record.cluster, phase, 0, percentTaken, expectReleaseS);
    const told = before.status.cluster === record.cluster ? { status: said } : {};
    const building = before.building === press ? { building: null } : {};
    return { presses: [ordered], ...building, ...told };
  });
  return ordered;
}

const phaseFor: Record<Asker, string> = {
  button: 'giving it back',
  operator: 'given back by the lab',
  time: 'its time is over',
};

/**
 * Why an operator may not give this cluster back now; undefined when it may be.
 * @param record undefined when no cluster of this name was made here.
 */
export function objection(
  record: PressRecord | undefined,
  cluster: string,
  rules: Rules,
  all: readonly PressRecord[],
): SetupError | undefined {
  if (record === undefined) {
    const standing = all.filter(({ step }) => step === 'ready').map(press => press.cluster);
    const list = standing.length === 0 ? 'none stands' : `there stand ${standing.slice(0, 20).join(', ')}`;
    return new SetupError(`no cluster "${cluster}" was made here: ${list}`);
  }
  if (record.step === 'released') return new SetupError(`${cluster} was given back before`);
  if (record.step === 'failed' && record.cleanUp?.endedAt === undefined && record.cleanUp !== undefined)
    return undefined;
  if (record.step === 'failed') return new SetupError(`${cluster} failed, and nothing is left of it`);
  if (record.step === 'releasing' || rules.releaseBy.includes('operator')) return undefined;
  return new SetupError(
    `${cluster} may not be given back from the command line: releaseBy of its button or profile does not name operator`,
  );
}
