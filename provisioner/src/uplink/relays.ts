/**
 * All relays of a provisioner. They share nothing and need not know of each other: everything is said to each, and
 * what comes is taken from whichever brings it (the journal knows a press number that was heard before).
 */
import { at, type RelayLogin } from './addresses.ts';
import type { LastWill } from './connection.ts';
import type { Fault } from './hop-error.ts';
import { Link } from './link.ts';
import type { LinkCounters, LinkOptions } from './link-options.ts';
import type { Learned } from './quiet-limit.ts';
import { type Rival, Rivals } from './rivals.ts';

/** How one of them is doing. */
export interface RelayState extends Readonly<LinkCounters> {
  /** host:port, as logs and metrics call it. */
  name: string;
  connected: boolean;
  /** Why not, beginning with the hop (PROXY or RELAY); undefined while connected. */
  lastError: string | undefined;
  lastFault: Fault | undefined;
  /** After what quiet time its connections are cut on the way, once that is known. */
  learned: Learned | undefined;
}

export interface RelaysOptions extends Omit<LinkOptions, 'relay' | 'name' | 'rivals'> {
  /** Of this process, as its beacons have it. */
  instance: string;
  /** Milliseconds since 1970. */
  now: () => number;
}

export class Relays {
  readonly #links: readonly Link[];
  readonly #rivals: Rivals;

  /** @param relays at least one; each is dialled from now on until {@link Relays.stop}. */
  constructor(relays: readonly RelayLogin[], { instance, now, ...options }: RelaysOptions) {
    const names = namesOf(relays);
    const onChange = () => {
      for (const link of this.#links) link.rivalsChanged();
    };
    const rivals = new Rivals({ self: instance, relays: names, now, log: options.log, onChange });
    this.#rivals = rivals;
    this.#links = relays.map((relay, i) => new Link({ ...options, rivals, relay, name: names[i] ?? '' }));
  }

  /** Another provisioner with this login, as it was heard last. */
  get rival(): Rival | undefined {
    return this.#rivals.rival;
  }

  /** True while connected to one of them at least: then presses come, and are answered. */
  get connected(): boolean {
    return this.#links.some(link => link.connected);
  }

  get states(): RelayState[] {
    return this.#links.map(({ name, connected, lastError, lastFault, learned, counters }) => ({
      ...{ name, connected, lastError, lastFault, learned },
      ...counters,
    }));
  }

  /** True when one of them is up within `limitMs`. */
  async whenUp(limitMs: number): Promise<boolean> {
    const ups = this.#links.map(async link => {
      if (await link.whenUp(limitMs)) return true;
      throw new Error('not up');
    });
    return Promise.any(ups).catch(() => false);
  }

  /** To each that is connected; the others hear it with their next connection. */
  publish(topic: string, payload: Buffer, retain: boolean): void {
    for (const link of this.#links) link.publish(topic, payload, retain);
  }

  /** As {@link Link.setButtons}. */
  setButtons(buttons: readonly string[]): void {
    for (const link of this.#links) link.setButtons(buttons);
  }

  /** As {@link Link.stop}, all at the same time. */
  async stop(lastWords: LastWill): Promise<void> {
    await Promise.all(this.#links.map(link => link.stop(lastWords)));
  }
}

/** What each is called in logs and metrics: host:port, with its path where two have the same. Pure. */
export function namesOf(relays: readonly RelayLogin[]): string[] {
  const places = relays.map(({ host, port }) => at(host, port));
  return relays.map(({ path = '' }, i) => {
    const place = places[i] ?? '';
    return places.indexOf(place) === places.lastIndexOf(place) ? place : `${place}${path}`;
  });
}
