/** Calls to one API generation: what is safe to repeat is repeated, and a status becomes a value or an error. */

import { PlatformError } from '../../common/platform.ts';
import { Backoff, sleep } from '../../common/wait.ts';
import { isObject, wordsOf } from './answer-text.ts';
import { isSuccess, type Session } from './session.ts';
import { type Answer, type Call, isBrokenConnection } from './transport.ts';

/** A read is repeated this often after a broken connection or a gateway's answer: a short gap is bridged … */
const maxRetries = 2;
/** … with pauses between these, in milliseconds; a long one is the caller's to wait for. */
const firstPauseMs = 200;
const maxPauseMs = 1_000;

/** A gateway in front of the platform, not the platform, said no. */
const gatewayStatuses = [502, 503, 504];
const redirects = [301, 302, 307, 308];

/** Pages of one list: far beyond any catalog. */
const maxPages = 50;

const json = { 'content-type': 'application/json' };

export class Api {
  readonly #session: Session;
  readonly #random: () => number;

  /** @param random 0 to below 1, for the jitter of pauses. */
  constructor(session: Session, random: () => number) {
    this.#session = session;
    this.#random = random;
  }

  /**
   * GET, with retries inside the caller's signal. Any status is an answer.
   * @throws PlatformError (transient) when there was none.
   */
  async get(path: string, signal: AbortSignal): Promise<Answer> {
    const pauses = new Backoff({ firstMs: firstPauseMs, maxMs: maxPauseMs, random: this.#random });
    for (let retriesLeft = maxRetries; ; retriesLeft--) {
      try {
        const answer = await this.#follow(path, signal);
        if (retriesLeft === 0 || !gatewayStatuses.includes(answer.status)) return answer;
      } catch (error) {
        if (retriesLeft === 0 || signal.aborted || !isBrokenConnection(error)) throw error;
      }
      await sleep(pauses.next(), signal);
    }
  }

  /** GET, read as JSON (undefined when it is none). @throws PlatformError for every status but 2xx and 404. */
  async read(path: string, signal: AbortSignal): Promise<{ found: boolean; body: unknown }> {
    const answer = await this.get(path, signal);
    if (answer.status === 404) return { found: false, body: undefined };
    if (!isSuccess(answer.status)) throw refusal(answer);
    return { found: true, body: jsonOf(answer) };
  }

  /** GET of a bare array or of pages (`ccp-api`, 4.5). A list that is not there (404) is empty. */
  async list(path: string, signal: AbortSignal): Promise<unknown[]> {
    const items: unknown[] = [];
    let next: string | undefined = path;
    for (let page = 0; next !== undefined && page < maxPages; page++) {
      const { found, body } = await this.read(next, signal);
      if (!found) return items;
      if (Array.isArray(body)) return [...items, ...body];
      if (!isObject(body) || !Array.isArray(body.results)) {
        throw new PlatformError(`the answer to ${path} is not a list`, { transient: true });
      }
      items.push(...body.results);
      next = nextPage(body.next, path);
    }
    return items;
  }

  /**
   * POST of JSON. Never repeated, but after a 401: what was asked for may have been done.
   * @param answerWithinMs when the platform does the work before it answers. @returns the answer, a 2xx.
   * @throws PlatformError for every other status and when there was no answer.
   */
  async post(path: string, body: unknown, signal: AbortSignal, answerWithinMs?: number): Promise<Answer> {
    const call: Call = { method: 'POST', path, headers: json, body: JSON.stringify(body) };
    const timed = answerWithinMs === undefined ? call : { ...call, answerWithinMs };
    const answer = await this.#session.call(timed, signal);
    if (!isSuccess(answer.status)) throw refusal(answer);
    return answer;
  }

  /** DELETE. 404 is as good as done. */
  async delete(path: string, signal: AbortSignal): Promise<void> {
    const answer = await this.#session.call({ method: 'DELETE', path }, signal);
    if (!isSuccess(answer.status) && answer.status !== 404) throw refusal(answer);
  }

  /** Follows one kind of redirect, to the same path with a slash at its end (`ccp-api`, section 1). */
  async #follow(path: string, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#session.call({ method: 'GET', path }, signal);
    const [bare = '', query] = path.split('?', 2);
    const { location } = answer.headers;
    if (!redirects.includes(answer.status) || typeof location !== 'string') return answer;
    const slashed = `${bare}/`;
    if (new URL(location, 'https://platform').pathname !== slashed) return answer;
    const call: Call = { method: 'GET', path: query === undefined ? slashed : `${slashed}?${query}` };
    return this.#session.call(call, signal);
  }
}

/** A link to the next page may name any host: only its query is used. */
function nextPage(link: unknown, path: string): string | undefined {
  if (typeof link !== 'string' || !URL.canParse(link, 'https://platform')) return undefined;
  const { search } = new URL(link, 'https://platform');
  return search === '' ? undefined : `${path.split('?', 1)[0]}${search}`;
}

/** 5xx, 408 and 429 say "not now"; every other code is a decision. */
function refusal(answer: Answer): PlatformError {
  const transient = answer.status >= 500 || answer.status === 408 || answer.status === 429;
  return new PlatformError(wordsOf(answer), { transient });
}

/** The body as JSON, undefined when it is none. */
export function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    return undefined;
  }
}

/** An id or a name as one part of a path. */
export function part(text: string): string {
  return encodeURIComponent(text);
}
