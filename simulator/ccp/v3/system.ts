/** `/v3/system`: login, and who is calling. */
import { z } from 'zod';
import { noToken } from '../errors.ts';
import type { PlatformState } from '../platform-state.ts';
import type { Answer, Call } from '../router.ts';
import { checkBody } from './check.ts';

const loginSchema = z.object({ username: z.string(), password: z.string() });

/**
 * JSON (GO3, MLA) or a form (ANS, CAS). The token comes in a header. No body was ever seen: the login record of v2
 * is assumed. Only v2 is known to set a cookie.
 */
export function login(lab: PlatformState, call: Call): Answer {
  const { username, password } = checkBody(jsonOf(call), loginSchema);
  const to = (call.headers.host ?? '').replace(/:\d+$/, '');
  const { token, record } = lab.sessions.login(username, password, { to, from: call.remote });
  return { status: 200, json: record, headers: { 'x-auth-token': token } };
}

/** Lets a call pass that carries a token of either generation in its header; throws Refusal for all others. */
export function guard(lab: PlatformState, call: Call): void {
  if (!lab.sessions.knows(call.headers['x-auth-token'] ?? '')) throw noToken(lab.options.v3.noTokenStatus);
}

function jsonOf(call: Call): string {
  const isForm = (call.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return isForm ? JSON.stringify(Object.fromEntries(new URLSearchParams(call.body))) : call.body;
}
