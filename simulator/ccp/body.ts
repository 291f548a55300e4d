/** What the bodies of both API generations have in common. */
import { badRequest } from './errors.ts';

/**
 * DNS-friendly is what the 3.2 form hints at; capitals and colons are known to be refused (DASH, MLA). The length is
 * inferred: a node's name adds 17 characters and has to remain a DNS label of 63.
 */
export const nameRule = /^[a-z0-9]([a-z0-9-]{0,44}[a-z0-9])?$/;
export const nameHint = 'must be lower-case letters, digits and "-", at most 46';

/** Reads JSON. Throws Refusal (400). */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw badRequest('the body is not JSON');
  }
}
