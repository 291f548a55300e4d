/**
 * Other provisioners with this one's relay login. A relay gives a login to whoever came last (MQTT 3.1.1 section 3.1.4)
 * and does not say why the one before is put out, so two of them would take it from each other for ever. Each signs who
 * it is into its beacons and last wills: the one that began later stands aside, and both say so.
 */
import { randomInt } from 'node:crypto';
import type { Logger } from '../../../config/src/log.ts';
import type { Beacon } from '../../../protocol/src/messages.ts';

/**
 * A process that is dead speaks at most twice more: its last beacon, and the will of its last connection, which says an
 * earlier time. So many beacons of one process, each later than the one before, come from one that lives.
 */
const livesAfter = 3;

/** One more, so that the other has heard enough of this one as well. */
const standsAsideAfter = 4;

/** Another process, and what became of it here. */
export interface Rival {
  /** As {@link makeInstance} made it there; the other's log has it. */
  instance: string;
  /** When it was heard last, in milliseconds since 1970. */
  heardAt: number;
  /** It began first: this one stands aside. */
  first: boolean;
}

/** A name for one process of a provisioner. The one that began earlier sorts first. @param nowMs since 1970. */
export function makeInstance(nowMs: number): string {
  const began = Math.max(0, Math.floor(nowMs)).toString(36).padStart(9, '0');
  return `${began}-${randomInt(36 ** 4)
    .toString(36)
    .padStart(4, '0')}`;
}

export interface RivalsOptions {
  /** Of this process. */
  self: string;
  /** All relays, by their names. */
  relays: readonly string[];
  now: () => number;
  log: Logger;
  /** {@link Rivals.aside} has changed. */
  onChange: () => void;
}

/** One for all relays of a provisioner. */
export class Rivals {
  readonly #options: RivalsOptions;
  readonly #heard = new Map<string, { times: number; lastS: number }>();
  /** Relays at which the other may be; while standing aside. */
  readonly #held = new Set<string>();
  #rival: Rival | undefined;
  #aside = false;

  constructor(options: RivalsOptions) {
    this.#options = options;
  }

  /** True while the login is left to another one. */
  get aside(): boolean {
    return this.#aside;
  }

  /** The one that was heard last; undefined when there never was one. */
  get rival(): Rival | undefined {
    return this.#rival;
  }

  /** Why there is no connection while standing aside; else undefined. */
  get words(): string | undefined {
    if (!this.#aside) return undefined;
    return `another provisioner (${this.#rival?.instance}) has this login and began first: this one stands aside until that is stopped`;
  }

  get instance(): string {
    return this.#options.self;
  }

  /** A beacon of this site, signed with its key. This process' own, and one of nobody in particular, are no news. */
  heard(relay: string, { by, time }: Beacon): void {
    const { self, now } = this.#options;
    if (by === undefined || by === self) return;
    const { times, lastS } = this.#heard.get(by) ?? { times: 0, lastS: -1 };
    if (time <= lastS) return;
    this.#heard.set(by, { times: times + 1, lastS: time });
    if (times + 1 < livesAfter) return;
    const known = this.#rival?.instance === by;
    const first = by < self;
    this.#rival = { instance: by, heardAt: now(), first };
    if (!known) this.#name(relay, first, by);
    if (!first || times + 1 < standsAsideAfter || this.#aside) return;
    this.#aside = true;
    for (const name of this.#options.relays) this.#held.add(name);
    this.#options.onChange();
  }

  #name(relay: string, first: boolean, other: string): void {
    const { log, self } = this.#options;
    const which = first
      ? 'the other began first, so this one stands aside'
      : 'this one began first, and stays';
    log.error(
      { hop: 'RELAY', relay, instance: self, other },
      `another provisioner uses this login at the relay: ${which}; stop one of them, or give it a login of its own`,
    );
  }

  /**
   * What a look found while standing aside: whether somebody has spoken at that relay since the last look, or that it
   * could not be reached, which tells nothing.
   */
  looked(relay: string, found: 'somebody' | 'nobody' | 'no relay'): void {
    if (found === 'somebody') this.#held.add(relay);
    else this.#held.delete(relay);
    if (found !== 'nobody' || this.#held.size > 0 || !this.#aside) return;
    this.#aside = false;
    this.#heard.clear();
    this.#options.log.warn(
      { relay, instance: this.instance },
      'the other provisioner is gone: this one goes on',
    );
    this.#options.onChange();
  }
}
