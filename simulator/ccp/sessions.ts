/** Who may call: the one account, its login record and its tokens (JWT, HS256). Nothing is stored per token. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { loginFailed } from './errors.ts';
import type { Failures } from './failures.ts';

/** The answer to a login since release 3.1 (SEVT, LAB). Times as RFC 3339 with microseconds. */
export interface LoginRecord {
  status: string;
  login_id: string;
  /** Failed logins since the last success (inferred). */
  total_fail: number;
  last_success: string;
  last_fail: string | null;
  to_host: string;
  from_host: string;
  proto: string;
}

export interface SessionsOptions {
  user: string;
  password: string;
  tokenLifetimeMs: number;
}

const tokenHead = encode({ alg: 'HS256', typ: 'JWT' });

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #failures: Failures;
  #secret = randomBytes(32);
  #failed = 0;
  #lastFail: string | null = null;

  constructor(options: SessionsOptions, failures: Failures) {
    this.#options = options;
    this.#failures = failures;
  }

  /** Throws Refusal (401) for anything but the account's own user and password. */
  login(
    user: string,
    password: string,
    hosts: { to: string; from: string },
  ): { token: string; record: LoginRecord } {
    const right = user === this.#options.user && password === this.#options.password;
    if (!right || this.#failures.take('badLogin') !== undefined) {
      this.#failed += 1;
      this.#lastFail = timestamp();
      throw loginFailed();
    }
    const record: LoginRecord = {
      status: 'last_success',
      login_id: user,
      total_fail: this.#failed,
      last_success: timestamp(),
      last_fail: this.#lastFail,
      to_host: hosts.to,
      from_host: hosts.from,
      proto: 'https',
    };
    this.#failed = 0;
    return { token: this.#sign(), record };
  }

  /** True for a token of ours that has not expired. */
  knows(token: string): boolean {
    const [head, claims = '', signature = '', ...rest] = token.split('.');
    if (head !== tokenHead || rest.length > 0 || !same(signature, this.#signature(claims))) return false;
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp: number };
    return exp * 1000 > Date.now();
  }

  /** Makes all tokens given out so far worthless, as a restart of the platform would. */
  expireTokens(): void {
    this.#secret = randomBytes(32);
  }

  /** Claims as an administrator's token has them (SEVT, LAB). */
  #sign(): string {
    const exp = Math.floor((Date.now() + this.#options.tokenLifetimeMs) / 1000);
    const { user } = this.#options;
    const claims = encode({ ALL_CLUSTERS_AUTH: true, exp, role: 'Administrator', username: user });
    return `${tokenHead}.${claims}.${this.#signature(claims)}`;
  }

  #signature(claims: string): string {
    return createHmac('sha256', this.#secret).update(`${tokenHead}.${claims}`).digest('base64url');
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Node's clock stops at milliseconds; the product shows microseconds. */
function timestamp(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
