/** The site's beacon: that the lab is there, and what time it is. Retained at each relay, and their last will. */
import { type Beacon as BeaconMessage, beaconEveryS } from '../../../protocol/src/messages.ts';
import { decode, encode, keyFromBytes } from '../../../protocol/src/node/envelope.ts';
import { beaconSchema } from '../../../protocol/src/node/schemas.ts';
import { beaconTopic } from '../../../protocol/src/topics.ts';
import type { LastWill } from './connection.ts';

export interface BeaconOptions {
  site: string;
  siteKey: Uint8Array;
  /** Which process speaks. */
  instance: string;
  /** The site's clock: milliseconds since 1970. */
  now: () => number;
  /** False while no press may be taken. */
  isOpen: () => boolean;
  /** To all relays that are connected, retained. */
  publish: (topic: string, payload: Buffer) => void;
}

export class Beacon {
  readonly topic: string;
  readonly #options: BeaconOptions;
  readonly #timer: NodeJS.Timeout;
  #key: ReturnType<typeof keyFromBytes>;
  #last: Buffer | undefined;

  /** Says nothing yet; from now on it does once a minute. */
  constructor(options: BeaconOptions) {
    this.#options = options;
    this.#key = keyFromBytes(options.siteKey);
    this.topic = beaconTopic(options.site);
    this.#timer = setInterval(() => this.say(), beaconEveryS * 1000);
  }

  /** What relays should retain now; undefined before the first word. */
  get last(): Buffer | undefined {
    return this.#last;
  }

  /** From the next word on. */
  signBy(siteKey: Uint8Array): void {
    this.#key = keyFromBytes(siteKey);
  }

  say(): void {
    this.#last = this.#payload(this.#options.isOpen() ? 'online' : 'offline');
    this.#options.publish(this.topic, this.#last);
  }

  /** The last word, also of a connection that dies. */
  offline(): LastWill {
    return { topic: this.topic, payload: this.#payload('offline') };
  }

  /** Undefined when it is not signed with the site's key. */
  read(payload: Buffer): BeaconMessage | undefined {
    const beacon = decode(this.#key, this.topic, payload, beaconSchema);
    return beacon.ok ? beacon.message : undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #payload(state: 'online' | 'offline'): Buffer {
    const { instance, now } = this.#options;
    return encode(this.#key, this.topic, { state, time: Math.floor(now() / 1000), by: instance });
  }
}
