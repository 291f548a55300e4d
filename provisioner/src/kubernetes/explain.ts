/** Says in one line what a cluster's API server had against something, and whether it may change its mind. */
import { ApiException } from '@kubernetes/client-node';
import { z } from 'zod';
import { messageOf } from '../../../config/src/setup-error.ts';
import { oneLine } from '../line.ts';
import { PlatformError } from '../platforms/platform.ts';

/** The server's own words, in characters; cut further for a display. */
const maxWordsLength = 200;

/** Fields of a conflict that are named; there may be a hundred. */
const maxFields = 3;

/** The object with which Kubernetes says no. */
const statusSchema = z.object({
  message: z.string().catch(''),
  details: z
    .object({
      causes: z
        .array(
          z.object({
            reason: z.string().catch(''),
            message: z.string().catch(''),
            field: z.string().catch(''),
          }),
        )
        .catch([]),
    })
    .catch({ causes: [] }),
});

type Status = z.infer<typeof statusSchema>;

/**
 * Anything that a call threw, as a PlatformError that begins with `what`.
 * Transient: no answer, 408, 410, 429, 5xx, and a 409 that is not about somebody else's fields.
 */
export function explain(error: unknown, what: string): PlatformError {
  if (error instanceof PlatformError) {
    return new PlatformError(`${what}: ${wordsAlone(error)}`, {
      transient: error.transient,
      cause: error.cause,
    });
  }
  if (!(error instanceof ApiException)) {
    // What the library could not make sense of: an answer that is no JSON, from something in between.
    const words = oneLine(messageOf(error), maxWordsLength);
    return new PlatformError(`${what}: not understood: ${words}`, { transient: true, cause: error });
  }
  // The library's error is no `cause`: its message repeats headers and bodies.
  const status = statusOf(error.body);
  const fields = foreignFields(status);
  if (error.code === 409 && fields !== '') {
    return new PlatformError(`${what}: ${fields}`, { transient: false });
  }
  const words = oneLine(status.message, maxWordsLength) || 'no words';
  return new PlatformError(`${what}: ${error.code}: ${words}`, { transient: isTransient(error.code, words) });
}

/** The library puts a sentence before the message of what failed while it asked for the kinds. */
function wordsAlone(error: Error): string {
  return error.message.replace(/^Failed to fetch resource metadata for \S+: /, '');
}

function isTransient(code: number, words: string): boolean {
  // A field that the kind does not have is answered with 500 and these words: it stays wrong.
  if (code === 500 && words.includes('failed to create typed patch object')) return false;
  return code >= 500 || [408, 409, 410, 429].includes(code);
}

function statusOf(body: unknown): Status {
  try {
    return statusSchema.parse(JSON.parse(String(body)));
  } catch {
    return { message: String(body ?? ''), details: { causes: [] } };
  }
}

/** `.data.a belongs to "kubectl" …`, or nothing when it is another conflict. */
function foreignFields({ details }: Status): string {
  const foreign = details.causes.filter(({ reason }) => reason === 'FieldManagerConflict');
  if (foreign.length === 0) return '';
  const named = foreign
    .slice(0, maxFields)
    .map(({ field, message }) => `${field} ${message.replace(/^conflict with/, 'belongs to')}`);
  const more = foreign.length > maxFields ? ` and ${foreign.length - maxFields} more` : '';
  return oneLine(`${named.join(', ')}${more}`, maxWordsLength);
}
