/** Journals of version 1 (until 0.1.0): no checksums, no history, no asker. */
import { z } from 'zod';
import { steps } from './records.ts';

/** What has to be known of an old record to make a new one; the rest stays as it is and is checked after that. */
const oldPressSchema = z.looseObject({
  step: z.enum(steps),
  acceptedAt: z.number(),
  endedAt: z.number().optional(),
  release: z.looseObject({ askedAt: z.number(), endedAt: z.number().optional() }).optional(),
});

/** A value of version 1 as version 2 has it: its history begins with the step in which it was found. */
export function pressFromVersion1(key: string, value: unknown): unknown {
  if (!key.startsWith('press/')) return value;
  const old = oldPressSchema.safeParse(value);
  // Left to the schema of today, whose words name the field.
  if (!old.success) return value;
  const { release, ...press } = old.data;
  const { step, acceptedAt, endedAt } = press;
  const back = step === 'releasing' || step === 'released';
  const at = (back ? (release?.endedAt ?? release?.askedAt) : endedAt) ?? acceptedAt;
  return {
    ...press,
    history: [{ step, at }],
    ...(release === undefined ? {} : { release: { ...release, by: 'button' } }),
  };
}
