/**
 * How each API generation lets a user in (`ccp-api`, section 2). A token of one was seen to work on some paths of
 * the other, but that they are one and the same is inferred: each generation gets its own login, when first needed.
 */
import type { CcpConfig } from './settings.ts';
import type { Answer, Call } from './transport.ts';

export interface Login {
  name: string;
  callFor(config: CcpConfig): Call;
  /** What later calls carry; undefined when the answer holds no token. */
  headersOf(answer: Answer): Record<string, string> | undefined;
  /** Statuses that say that the session has run out. */
  runOut: readonly number[];
}

/** POST /2/system/login, form encoded. The token comes as cookie `CXAccessToken` and as `X-Auth-Token`. */
export const loginV2: Login = {
  name: 'v2',
  callFor: ({ username, password }) => ({
    method: 'POST',
    path: '/2/system/login',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ username, password }).toString(),
  }),
  headersOf: answer => {
    const cookie = cookieIn(answer);
    const token = tokenIn(answer);
    return cookie === undefined && token === undefined
      ? undefined
      : { ...(cookie === undefined ? {} : { cookie }), ...token };
  },
  runOut: [401],
};

/** POST /v3/system/login, JSON, without a slash at the end. A bad login brings no token, whatever its status. */
export const loginV3: Login = {
  name: 'v3',
  callFor: ({ username, password }) => ({
    method: 'POST',
    path: '/v3/system/login',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  }),
  headersOf: tokenIn,
  // Which of the two it is was never seen (`ccp-api`, section 5).
  runOut: [401, 403],
};

function cookieIn(answer: Answer): string | undefined {
  const cookies = [answer.headers['set-cookie'] ?? []].flat();
  return cookies.map(text => /^CXAccessToken=[^;]+/.exec(text)?.[0]).find(found => found !== undefined);
}

function tokenIn(answer: Answer): Record<string, string> | undefined {
  const token = answer.headers['x-auth-token'];
  return typeof token === 'string' && token !== '' ? { 'x-auth-token': token } : undefined;
}
