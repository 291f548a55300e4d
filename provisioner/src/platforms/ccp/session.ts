/** A session of one API generation: one login for all calls, renewed before and when it runs out. */
import { orGivenUp } from '../../common/given-up.ts';
import { PlatformError } from '../../common/platform.ts';
import { wordsOf } from './answer-text.ts';
import type { Login } from './logins.ts';
import type { CcpConfig } from './settings.ts';
import type { Answer, Call, Transport } from './transport.ts';

/**
 * After a refused login the next one waits this long, in milliseconds: two hundred presses with a wrong
 * password must not lock the account. The same when a fresh login did not help: then it is no matter of login.
 */
const refusedForMs = 10_000;

/** A generation that is not there is looked for again after this, in milliseconds: platforms get upgraded. */
const absentForMs = 60_000;

/** A token is good for 24 hours (`ccp-api`, 2.1); renewed like the vendor's own client does, in milliseconds. */
const renewAfterMs = 180 * 60_000;

/** When that failed the old one is still good: the next try, in milliseconds. */
const renewAgainMs = 60_000;

/** The host has no API of this generation. */
export class AbsentError extends PlatformError {
  override name = 'PlatformError';
}

interface Token {
  headers: Record<string, string>;
  renewAtMs: number;
}

export class Session {
  readonly #transport: Transport;
  readonly #config: CcpConfig;
  readonly #login: Login;
  readonly #nowMs: () => number;
  #token: Token | undefined;
  #pending: Promise<Token> | undefined;
  /** The error that all logins get until then. */
  #refused: { error: PlatformError; untilMs: number } | undefined;
  #uselessUntilMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs a clock that never goes back, in milliseconds. */
  constructor(transport: Transport, config: CcpConfig, login: Login, nowMs: () => number) {
    this.#transport = transport;
    this.#config = config;
    this.#login = login;
    this.#nowMs = nowMs;
  }

  /**
   * A call as the user; logs in first when needed, and at most once more when the session has run out.
   * @throws AbsentError when this generation is not there, PlatformError as the transport does.
   */
  async call(call: Call, signal: AbortSignal): Promise<Answer> {
    const token = await this.#current(signal);
    const first = await this.#transport.call(withHeaders(call, token), signal);
    if (!this.#hasRunOut(first) || this.#nowMs() < this.#uselessUntilMs) return first;
    // Many calls meet this at once: only the first forgets the token, the others find the new one.
    if (this.#token === token) this.#token = undefined;
    const fresh = await this.#current(signal);
    // It was refused before anything was done, so even a create may be sent again.
    const second = await this.#transport.call(withHeaders(call, fresh), signal);
    if (this.#hasRunOut(second)) this.#uselessUntilMs = this.#nowMs() + refusedForMs;
    return second;
  }

  #hasRunOut(answer: Answer): boolean {
    return this.#login.runOut.includes(answer.status);
  }

  #current(signal: AbortSignal): Promise<Token> {
    const nowMs = this.#nowMs();
    const token = this.#token;
    if (token !== undefined) {
      if (nowMs >= token.renewAtMs) {
        token.renewAtMs = nowMs + renewAgainMs;
        this.#logIn().catch(() => {}); // nobody waits for it: the old token is good for many hours
      }
      return Promise.resolve(token);
    }
    const refused = this.#refused;
    if (refused !== undefined && nowMs < refused.untilMs) return Promise.reject(refused.error);
    return orGivenUp(this.#logIn(), signal);
  }

  /** Concurrent callers share one login, so it belongs to none of them: their signals do not end it. */
  #logIn(): Promise<Token> {
    this.#pending ??= this.#askForToken().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #askForToken(): Promise<Token> {
    try {
      const headers = await this.#headers();
      const token = { headers, renewAtMs: this.#nowMs() + renewAfterMs };
      this.#token = token;
      return token;
    } catch (error) {
      if (error instanceof PlatformError && !error.transient) {
        const forMs = error instanceof AbsentError ? absentForMs : refusedForMs;
        this.#refused = { error, untilMs: this.#nowMs() + forMs };
      }
      throw error;
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const answer = await this.#transport.call(this.#login.callFor(this.#config));
    const headers = this.#login.headersOf(answer);
    if (isSuccess(answer.status) && headers !== undefined) return headers;
    // A web server without such an API has no such path, or has it for reading only.
    if (answer.status === 404 || answer.status === 405) {
      const message = `the platform has no API ${this.#login.name}, ${wordsOf(answer)}`;
      throw new AbsentError(message, { transient: false });
    }
    const transient = answer.status >= 500 || answer.status === 429;
    throw new PlatformError(`login refused, ${wordsOf(answer)}`, { transient });
  }
}

/** Clients treat every 2xx alike (`ccp-api`, section 1). */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function withHeaders(call: Call, token: Token): Call {
  return { ...call, headers: { ...call.headers, ...token.headers } };
}
