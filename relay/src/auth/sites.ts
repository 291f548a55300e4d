/**
 * Which buttons each site has: 100,000 users are looked through once, at the start; after that only whoever changed is
 * looked at.
 */
import type { User, Users } from './users.ts';
import type { UsersChange } from './users-watch.ts';

const none: ReadonlySet<string> = new Set();

export class Sites {
  readonly #buttons = new Map<string, Set<string>>();

  constructor(users: Users) {
    for (const user of users.values()) this.#add(user);
  }

  /** Names of its buttons. */
  buttonsOf(site: string): ReadonlySet<string> {
    return this.#buttons.get(site) ?? none;
  }

  /** @param now the users after the change */
  take({ before, changed }: UsersChange, now: Users): void {
    for (const name of changed) {
      this.#remove(before.get(name));
      this.#add(now.get(name));
    }
  }

  #add(user: User | undefined): void {
    if (user?.role !== 'button') return;
    const buttons = this.#buttons.get(user.site);
    if (buttons === undefined) this.#buttons.set(user.site, new Set([user.name]));
    else buttons.add(user.name);
  }

  #remove(user: User | undefined): void {
    if (user?.role !== 'button') return;
    const buttons = this.#buttons.get(user.site);
    if (buttons?.delete(user.name) && buttons.size === 0) this.#buttons.delete(user.site);
  }
}
