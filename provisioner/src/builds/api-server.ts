/** Asks a new cluster's API server whether it is ready: the proof that stands behind the word `ready`. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Access } from '../platforms/platform.ts';

/** Connect, TLS and answer together, in milliseconds. */
const answerTimeoutMs = 10_000;

/**
 * GET /readyz over TLS, trusting only the cluster's own authority. 401 and 403 count too: a cluster that lets
 * nobody in without a name has answered, and its certificate has shown that it is the right one.
 * @returns undefined when it answered, else why not, in a few words. Never throws.
 */
export async function askReady(access: Access, signal: AbortSignal): Promise<string | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]);
  const request = get(new URL('/readyz', access.server), { ca: access.ca, agent: false, signal: limit });
  try {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const status = answer.statusCode ?? 0;
    return [200, 401, 403].includes(status) ? undefined : `readyz says ${status}`;
  } catch (error) {
    return limit.aborted ? `no answer within ${answerTimeoutMs / 1000} s` : messageOf(error);
  } finally {
    request.on('error', () => {}); // what comes after the answer, or after the first error, is nobody's business
    request.destroy();
  }
}
