/** The writes of the journal at which a provisioner can be made to die. Names of what a write changes. */
import type { PressRecord, Step } from '../../provisioner/src/journal/records.ts';

/**
 * Steps by their own name, except: `releasing` is by a button, `expired` by the time to live; `failed` leaves nothing
 * to remove, `clean-up begun` is a failure that does.
 */
export type Moment =
  | Step
  | 'expired'
  | 'id kept'
  | 'percent'
  | 'release percent'
  | 'warned'
  | 'clean-up begun'
  | 'clean-up trouble'
  | 'clean-up ended';

/** Die right before the write is begun, or when it is on disk and nothing has followed yet. */
export const sides = ['before', 'after'] as const;
export type Side = (typeof sides)[number];

export interface KillAt {
  moment: Moment;
  side: Side;
}

/** What a write changes of one press. */
export function momentsOf(before: PressRecord | undefined, after: PressRecord): Moment[] {
  const moments: Moment[] = [];
  if (before?.step !== after.step) moments.push(nameOf(after));
  if (before === undefined) return moments;
  if (before.id === undefined && after.id !== undefined) moments.push('id kept');
  if (before.step === after.step && after.percent > before.percent) moments.push('percent');
  if ((after.release?.percent ?? 0) > (before.release?.percent ?? 0) && after.step === 'releasing')
    moments.push('release percent');
  if (before.warnedAt === undefined && after.warnedAt !== undefined) moments.push('warned');
  if (before.cleanUp?.trouble !== after.cleanUp?.trouble) moments.push('clean-up trouble');
  if (before.cleanUp !== undefined && before.cleanUp.endedAt !== after.cleanUp?.endedAt)
    moments.push('clean-up ended');
  return moments;
}

function nameOf({ step, release, cleanUp }: PressRecord): Moment {
  if (step === 'releasing' && release?.by === 'time') return 'expired';
  return step === 'failed' && cleanUp !== undefined ? 'clean-up begun' : step;
}
