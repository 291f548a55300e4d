/** Pieces of the template schemas of both generations. */
import { z } from 'zod';

/** Name and range are each press's own. */
export const fromThePress = z.never({ error: 'comes from the press: leave it out' }).optional();

export const text = z.string('expected a text').min(1, 'expected a text');
export const count = z.int().min(1).max(1000);
/** Our own mark and the range are put behind it. */
export const description = z.string().max(200).optional();

/** Empty texts and null stand for what is absent, in requests as in answers (`ccp-api`, 3.2). */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** A rule between fields; looked at also when something else is wrong: all problems at once. */
export interface FieldProblem {
  path: string[];
  message: string;
}

/** For `superRefine`: tells all problems that `find` sees in the unchecked value. */
export function rules(find: (value: Record<string, unknown>) => FieldProblem[]) {
  return (value: unknown, context: z.RefinementCtx): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const { path, message } of find(value as Record<string, unknown>)) {
      context.addIssue({ code: 'custom', path, message });
    }
  };
}
