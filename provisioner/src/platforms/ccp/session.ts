/** The session: one login for all calls, renewed when the platform says 401 (`ccp-api`, section 2.1). */
import { PlatformError } from '../platform.ts';
import type { CcpConfig } from './settings.ts';
import { type Answer, type Call, type Transport, wordsOf } from './transport.ts';

/**
 * After a refused login the next one waits this long, in milliseconds: two hundred presses with a wrong
 * password must not lock the account.
 */
const refusedForMs = 10_000;

export class Session {
  readonly #transport: Transport;
  readonly #config: CcpConfig;
  #headers: Promise<Record<string, string>> | undefined;
  #refused: { error: PlatformError; untilMs: number } | undefined;

  constructor(transport: Transport, config: CcpConfig) {
    this.#transport = transport;
    this.#config = config;
  }

  /** A call as the user; logs in first when needed, and once more when the session has run out. */
  async call(call: Call, signal: AbortSignal): Promise<Answer> {
    const first = await this.#callWith(this.#login(signal), call, signal);
    if (first.status !== 401) return first;
    this.#headers = undefined;
    // A 401 was refused before anything was done, so even a create may be sent again.
    return this.#callWith(this.#login(signal), call, signal);
  }

  async #callWith(login: Promise<Record<string, string>>, call: Call, signal: AbortSignal): Promise<Answer> {
    const headers = await login;
    return this.#transport.call({ ...call, headers: { ...call.headers, ...headers } }, signal);
  }

  /** Concurrent callers share one login. A failed one is forgotten, so that the next call tries again. */
  #login(signal: AbortSignal): Promise<Record<string, string>> {
    if (this.#refused !== undefined && performance.now() < this.#refused.untilMs) {
      return Promise.reject(this.#refused.error);
    }
    if (this.#headers !== undefined) return this.#headers;
    const login = this.#logIn(signal);
    this.#headers = login;
    login.catch(error => {
      if (this.#headers === login) this.#headers = undefined;
      if (error instanceof PlatformError && !error.transient) {
        this.#refused = { error, untilMs: performance.now() + refusedForMs };
      }
    });
    return login;
  }

  /** POST /2/system/login, form encoded. The token comes as cookie `CXAccessToken` and as `X-Auth-Token`. */
  async #logIn(signal: AbortSignal): Promise<Record<string, string>> {
    const { username, password } = this.#config;
    const answer = await this.#transport.call(
      {
        method: 'POST',
        path: '/2/system/login',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ username, password }).toString(),
      },
      signal,
    );
    const headers = tokenHeaders(answer);
    if (isSuccess(answer.status) && headers !== undefined) return headers;
    const transient = answer.status >= 500 || answer.status === 429;
    throw new PlatformError(`login refused, ${wordsOf(answer)}`, { transient });
  }
}

/** Clients treat every 2xx alike (`ccp-api`, section 1). */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function tokenHeaders(answer: Answer): Record<string, string> | undefined {
  const cookies = [answer.headers['set-cookie'] ?? []].flat();
  const cookie = cookies
    .map(text => /^CXAccessToken=[^;]+/.exec(text)?.[0])
    .find(found => found !== undefined);
  const token = answer.headers['x-auth-token'];
  if (cookie === undefined && typeof token !== 'string') return undefined;
  return {
    ...(cookie === undefined ? {} : { cookie }),
    ...(typeof token === 'string' ? { 'x-auth-token': token } : {}),
  };
}
