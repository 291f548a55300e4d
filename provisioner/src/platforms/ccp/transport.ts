/** HTTPS to the platform: certificate checked by authority or by pin, every wait and every body limited. */
import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector, request } from 'undici';
import { oneLine } from '../../common/line.ts';
import { PlatformError } from '../../common/platform.ts';
import { readLimited } from '../../common/read-limited.ts';
import { nodeReason } from '../../uplink/hop-error.ts';
import { maxWordsLength } from './answer-text.ts';
import type { CcpConfig } from './settings.ts';

/** TCP and TLS to the platform, in milliseconds. */
const connectTimeoutMs = 10_000;

/** An answer to a read. A list took 6 s on a real system (`ccp-api`, section 6); in milliseconds. */
const readTimeoutMs = 60_000;

/** Connections for calls that are answered at once; more builds than this at once take turns. */
const maxReadConnections = 16;

/** The create of v2 blocks while it builds, one connection each: this many builds at once. */
const maxCreateConnections = 256;

/** The longest body that is read, in bytes. A list of 200 clusters has about 1 MB. */
const maxBodyBytes = 16 * 1024 * 1024;

/** After the first byte: the rest of an answer, however it drips, in milliseconds. */
const restTimeoutMs = 60_000;

/** Codes of a connection that could not be made or broke: the same call may work a moment later. */
const brokenCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
];

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Time for the answer's first byte, in milliseconds. Default {@link readTimeoutMs}. */
  answerWithinMs?: number;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export class Transport {
  readonly #origin: string;
  readonly #reads: Agent;
  readonly #creates: Agent;

  constructor(config: CcpConfig) {
    this.#origin = config.url;
    const connect = connectorFor(config.trust);
    this.#reads = new Agent({ connect, connections: maxReadConnections });
    this.#creates = new Agent({ connect, connections: maxCreateConnections });
  }

  /**
   * One call. Any status is an answer; redirects are not followed, so that a token goes nowhere else.
   * @throws PlatformError (transient) when there was no complete answer.
   */
  async call(call: Call, signal?: AbortSignal): Promise<Answer> {
    const timeout = call.answerWithinMs ?? readTimeoutMs;
    // By hand, not with AbortSignal.any: that keeps a trace of each call for as long as `signal` lives.
    const limit = new AbortController();
    const giveUp = () => limit.abort(new Error('the call was given up'));
    const late = () => limit.abort(new Error('the answer took too long'));
    const timer = setTimeout(late, timeout + restTimeoutMs);
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted) giveUp();
    try {
      const answer = await request(`${this.#origin}${call.path}`, {
        dispatcher: call.answerWithinMs === undefined ? this.#reads : this.#creates,
        method: call.method,
        headers: call.headers ?? {},
        ...(call.body === undefined ? {} : { body: call.body }),
        headersTimeout: timeout,
        bodyTimeout: restTimeoutMs,
        signal: limit.signal,
      });
      const body = await readLimited(answer.body, maxBodyBytes);
      return { status: answer.statusCode, headers: answer.headers, body: body.toString('utf8') };
    } catch (error) {
      const why = oneLine(nodeReason(error), maxWordsLength);
      throw new PlatformError(`platform does not answer: ${why}`, { transient: true, cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#reads.destroy(), this.#creates.destroy()]);
  }
}

/** True when there was no answer because a connection could not be made or broke; not when it took too long. */
export function isBrokenConnection(error: unknown): boolean {
  const cause = error instanceof PlatformError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && brokenCodes.includes(String(cause.code));
}

function connectorFor(trust: CcpConfig['trust']): buildConnector.connector {
  if ('ca' in trust) return buildConnector({ ca: trust.ca, timeout: connectTimeoutMs });
  // The pin replaces the chain of trust: the certificate is compared before undici gets the socket, so not
  // one byte of a request reaches a stranger. No session is resumed: a resumed one shows no certificate.
  const open = buildConnector({ rejectUnauthorized: false, maxCachedSessions: 0, timeout: connectTimeoutMs });
  return (options, callback) =>
    open(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const found = fingerprintOf(socket as TLSSocket);
      if (found === trust.fingerprint) return callback(null, socket);
      socket.destroy();
      callback(
        new Error(`its certificate has the fingerprint ${found || '(none)'}, not the one in the settings`),
        null,
      );
    });
}

function fingerprintOf(socket: TLSSocket): string {
  return (socket.getPeerCertificate().fingerprint256 ?? '').replaceAll(':', '').toUpperCase();
}
