/** Who gets in, and who may do what: all that may differ between the relay of the users file and one that is tested. */
import type { Client } from 'aedes';
import type { Limits, Role } from '../limits/limits.ts';
import { type MessageRate, makeMessageRate } from '../limits/message-rate.ts';
import type { ClientLog } from '../metrics/client-log.ts';
import type { Counters } from '../metrics/counters.ts';
import { topicsOf } from './access.ts';
import { type Authorization, makeAuthorization } from './authorize.ts';
import { type Login, makeLogin } from './login.ts';
import { Sites } from './sites.ts';
import type { Users } from './users.ts';
import type { UsersChange } from './users-watch.ts';

export interface AccessPolicy {
  login: Login;
  authorization: Authorization;
  /** Whose limits count for this client; undefined for nobody's. */
  roleOf(client: Client): Role | undefined;
  /** How fast each may speak, logins included. */
  rate: MessageRate;
  /** The topics of whoever is gone, or has another key or site: what is retained there means nothing any more. */
  orphaned(change: UsersChange): Iterable<string>;
  /** The users have changed; after {@link AccessPolicy.orphaned} was asked for the same change. */
  usersChanged(change: UsersChange): void;
  /** False: every session is a clean one, whatever the client asks for, and nothing is kept of it. */
  keepsSessions: boolean;
}

/** That of the users file. `users` is asked anew at each decision. */
export function usersPolicy(
  users: () => Users,
  limits: Limits,
  counters: Counters,
  log: ClientLog,
): AccessPolicy {
  const sites = new Sites(users());
  const rate = makeMessageRate(limits, name => sites.buttonsOf(users().get(name)?.site ?? '').size);
  const login = makeLogin(users, rate, limits, counters, log);
  return {
    login,
    rate,
    *orphaned({ before, changed }) {
      for (const name of changed) {
        const user = before.get(name);
        if (user !== undefined) yield* topicsOf(user, sites);
      }
    },
    usersChanged(change) {
      sites.take(change, users());
      login.usersChanged(change.changed);
    },
    authorization: makeAuthorization(users, limits, counters, log),
    roleOf: ({ id }) => users().get(id)?.role,
    keepsSessions: false,
  };
}
