/** The answer to one login, in the words of RMQTT 0.24 (plugin rmqtt-auth-http) and EMQX 5.8 (HTTP authenticator). */
import { z } from 'zod';
import type { Users } from '../auth/users.ts';
import { verify } from '../auth/verifier.ts';
import { type Rule, rulesOf } from './rules.ts';

/** `superuser` is RMQTT's word and `is_superuser` EMQX's; neither minds the other's. */
export interface Answer {
  result: 'allow' | 'deny';
  superuser: false;
  is_superuser: false;
  acl?: Rule[];
}

export const denied: Answer = { result: 'deny', superuser: false, is_superuser: false };

export interface Question {
  clientid: string;
  username: string;
  password: string;
  /** The client's address, when the engine tells it. */
  ipaddress?: string | undefined;
}

const text = z.string().max(1024);
const schema = z.object({
  clientid: text,
  username: text,
  password: text,
  ipaddress: text.optional(),
});

/** A body in JSON or as a form; undefined when it is neither, or not a login. */
export function questionIn(body: string): Question | undefined {
  const checked = schema.safeParse(
    body.trimStart().startsWith('{') ? jsonIn(body) : Object.fromEntries(new URLSearchParams(body)),
  );
  return checked.success ? checked.data : undefined;
}

function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Why not; undefined: let in. The same rules as in the relay's own login. */
export type Reason = 'client-id' | 'bad-user-name-or-password';

/** Decides, and says what the user may do. The password is always checked: nobody can be locked out by guessing. */
export async function answer(
  { clientid, username, password }: Question,
  users: Users,
): Promise<{ answer: Answer; reason?: Reason }> {
  // A client id of one's own choice could take over somebody else's connection.
  if (clientid !== username) return { answer: denied, reason: 'client-id' };
  const user = users.get(username);
  if (user === undefined || !verify(user.verifier, password)) {
    return { answer: denied, reason: 'bad-user-name-or-password' };
  }
  return { answer: { ...denied, result: 'allow', acl: rulesOf(user, users) } };
}
