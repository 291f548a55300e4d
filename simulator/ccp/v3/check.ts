/** Checking the bodies of v3, and the kinds of fields that its schemas are made of. */
import { z } from 'zod';
import { parseCidr } from '../addresses.ts';
import { parseJson } from '../body.ts';
import { invalid } from '../errors.ts';

export const text = z.string().min(1, 'must not be empty');
export const count = z.int().min(1);
export const uuid = z.uuid();
/** May be left out, but an explicit null is refused (GO3 comment). */
export const list = z.array(z.string()).default([]);
/** A text that may be left out, or null (assumed; only of lists is it known that null is refused). */
export const optionalText = z
  .string()
  .nullish()
  .transform(value => value ?? '');
export const flag = z.boolean().default(false);
export const cidr = z
  .string()
  .refine(value => parseCidr(value) !== undefined, 'must be an IPv4 CIDR like 10.0.0.0/16');

/**
 * Checks a JSON body. Throws Refusal (400) with one entry for each bad field of the top level; the message begins
 * with the rest of the path. It never repeats a value.
 */
export function checkBody<T>(body: string, schema: z.ZodType<T>): T {
  const checked = schema.safeParse(parseJson(body));
  if (checked.success) return checked.data;
  const problems: Record<string, string[]> = {};
  for (const { path, message } of checked.error.issues) {
    const [field = 'non_field_errors', ...rest] = path.map(String);
    const messages = problems[field] ?? [];
    problems[field] = [...messages, rest.length === 0 ? message : `${rest.join('.')}: ${message}`];
  }
  throw invalid(problems);
}

/** A page as Django REST Framework makes it (ROB). Everything fits on one (assumed). */
export function page(results: readonly unknown[]) {
  return { count: results.length, next: null, previous: null, results };
}
