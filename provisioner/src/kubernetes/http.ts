/** How requests reach a new cluster's API server: directly, over checked TLS, every wait and every body limited. */
import {
  type HttpLibrary,
  type PromiseHttpLibrary,
  type RequestContext,
  ResponseContext,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import { Agent, type Dispatcher, request } from 'undici';
import { messageOf } from '../../../config/src/setup-error.ts';
import { oneLine } from '../line.ts';
import { PlatformError } from '../platforms/platform.ts';
import { readLimited } from '../read-limited.ts';
import type { Credentials } from './kubeconfig.ts';

/** Connect, TLS and the whole answer together, in milliseconds. */
export const requestTimeoutMs = 10_000;

/** What is asked goes one after another; a second connection is for a caller that gave up and came again. */
const maxConnections = 2;

/** The longest answer that is read, in bytes: a page of 100 nodes with 50 kB each (many images) has 5 MB. */
const maxBodyBytes = 16 * 1024 * 1024;

/** The system's words in an error, in characters. */
const maxWordsLength = 200;

/**
 * The connections to one cluster: direct, since a lab's cluster is not behind the proxy that leads out of the lab. Ours,
 * because the library makes a new pool of connections for each request and leaves the limits to others.
 */
export function agentFor({ ca, client, serverName }: Credentials): Agent {
  return new Agent({
    connections: maxConnections,
    connect: {
      ca,
      timeout: requestTimeoutMs,
      // Said, because NODE_TLS_REJECT_UNAUTHORIZED would otherwise decide.
      rejectUnauthorized: true,
      ...client,
      ...(serverName === undefined ? {} : { servername: serverName }),
    },
  });
}

/**
 * Sends the library's requests through `dispatcher`. No redirect is followed: the login goes to this server only.
 * Throws PlatformError (transient) when there was no complete answer in time or `signal` ended it.
 */
export function httpThrough(dispatcher: Dispatcher, signal: AbortSignal, timeoutMs: number): HttpLibrary {
  const library: PromiseHttpLibrary = {
    send: async (call: RequestContext) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const body = call.getBody();
        const answer = await request(call.getUrl(), {
          dispatcher,
          method: call.getHttpMethod(),
          headers: call.getHeaders(),
          body: typeof body === 'string' ? body : null,
          signal: limit,
        });
        return responseOf(
          answer.statusCode,
          answer.headers['content-type'],
          await readLimited(answer.body, maxBodyBytes),
        );
      } catch (error) {
        const why = limit.aborted && !signal.aborted ? `none within ${timeoutMs / 1000} s` : reasonOf(error);
        throw new PlatformError(`no answer from the cluster: ${why}`, { transient: true, cause: error });
      }
    },
  };
  return wrapHttpLibrary(library);
}

function responseOf(status: number, type: string | string[] | undefined, bytes: Buffer): ResponseContext {
  return new ResponseContext(
    status,
    { 'content-type': String(type ?? '') },
    {
      text: () => Promise.resolve(bytes.toString('utf8')),
      binary: () => Promise.resolve(bytes),
    },
  );
}

/** Node's error for several addresses has a code and no message. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return oneLine(messageOf(error) || code, maxWordsLength);
}
