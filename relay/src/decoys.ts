import { createHmac, randomBytes } from 'node:crypto';
import type { Users } from './users.ts';

/**
 * What an unknown name is checked against, so that it costs as much as a wrong password. Kinds of verifiers cost
 * differently: each unknown name gets the verifier of some user, always the same one, and so behaves like a real
 * name under the clock. The choice is keyed, so that nobody can compute it.
 */
export function makeDecoys(): (name: string, users: Users) => string {
  const key = randomBytes(16);
  const noUsers = `sha256:${randomBytes(32).toString('base64')}`;
  return (name, users) => {
    const choice = createHmac('sha256', key).update(name).digest().readUInt32BE(0) % Math.max(users.size, 1);
    return [...users.values()][choice]?.verifier ?? noUsers;
  };
}
