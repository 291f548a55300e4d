/** `/2/system`: login, who is calling, and how the platform is. */
import { badRequest, unauthorized } from '../errors.ts';
import type { PlatformState } from '../platform-state.ts';
import type { Answer, Call } from '../router.ts';

const cookieName = 'CXAccessToken';
const startedAt = new Date().toISOString();

/**
 * Form body (DASH, BOB) or query parameters with any body (GO2, MLA, ANS). A third field, `token`, is accepted and
 * ignored: what it does is not known.
 */
export function login(lab: PlatformState, call: Call): Answer {
  const form = new URLSearchParams(isForm(call) ? call.body : '');
  const field = (name: string) => form.get(name) ?? call.query.get(name);
  const [user, password] = [field('username'), field('password')];
  if (user === null || password === null) throw badRequest('username and password are required');
  const to = (call.headers.host ?? '').replace(/:\d+$/, '');
  const { token, record } = lab.sessions.login(user, password, { to, from: call.remote });
  return {
    status: 200,
    json: record,
    headers: {
      // No Secure, no HttpOnly, for the session only (SEVT).
      'set-cookie': `${cookieName}=${token}; Path=/`,
      'x-auth-token': token,
      'access-control-expose-headers': 'X-Auth-Token',
    },
  };
}

/** Lets a call pass that carries the cookie or the token; throws Refusal (401) for all others. */
export function guard(lab: PlatformState, call: Call): void {
  const tokens = [call.headers['x-auth-token'], cookieOf(call)];
  if (!tokens.some(token => token !== undefined && lab.sessions.knows(token))) throw unauthorized();
}

/** Two strings (GO2). How the product writes the time is not known. */
export function liveness(lab: PlatformState): Answer {
  return {
    status: 200,
    json: { CXVersion: lab.options.version, TimeOnMgmtHost: new Date().toISOString() },
  };
}

/** Field names from GO2; the words in them are assumed. A control plane of one healthy node. */
export function health(): Answer {
  const since = { LastTransitionTime: startedAt };
  return {
    status: 200,
    json: {
      TotalSystemHealth: 'Healthy',
      CurrentNodes: 1,
      ExpectedNodes: 1,
      NodesStatus: [{ NodeName: 'ccp-master', NodeCondition: 'Ready', NodeStatus: 'True', ...since }],
      PodStatusList: [{ PodName: 'ccp-api', PodCondition: 'Ready', PodStatus: 'Running', ...since }],
    },
  };
}

function isForm(call: Call): boolean {
  return (call.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
}

function cookieOf(call: Call): string | undefined {
  const pairs = (call.headers.cookie ?? '').split(';').map(pair => pair.trim());
  return pairs.find(pair => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
}
