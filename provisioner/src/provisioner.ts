/** The provisioner: reads presses from the relay, builds clusters, tells the buttons. */
import type { Logger } from '../../config/src/log.ts';
import { messageOf } from '../../config/src/setup-error.ts';
import { beaconEveryS } from '../../protocol/src/messages.ts';
import { encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import type { SigningKey } from '../../protocol/src/sign.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Terms } from './answer.ts';
import { Builds } from './builds.ts';
import { pastBuildsMs } from './clusters.ts';
import type { ProvisionerConfig } from './config.ts';
import type { LastWill } from './connection.ts';
import { type Counters, newCounters } from './counters.ts';
import { Desk } from './desk.ts';
import { Journal } from './journal.ts';
import { Link } from './link.ts';
import { makePlatform } from './platforms/make.ts';
import type { Platform } from './platforms/platform.ts';
import { upToOf, usualS } from './progress.ts';
import { Reception } from './reception.ts';
import type { PressRecord } from './records.ts';

export interface ProvisionerDeps {
  log: Logger;
  /** Milliseconds since 1970: the site's clock. Default: this machine's. */
  now?: () => number;
  /** 0 to below 1, for jitter only. */
  random?: () => number;
}

/** A running provisioner. */
export interface Provisioner {
  readonly counters: Readonly<Counters>;
  /** True while connected to the relay. */
  readonly connected: boolean;
  /** Why there is no connection, beginning with the hop (PROXY or RELAY); undefined while there is one. */
  readonly lastError: string | undefined;
  /** Resolves with true once connected and listening, with false after `limitMs`. */
  whenOnline(limitMs: number): Promise<boolean>;
  /** What the journal says of every press, for the command line and for tests. */
  presses(): PressRecord[];
  /** Says offline, leaves builds and releases for the next start, closes everything. Within 5 s. */
  stop(): Promise<void>;
}

/**
 * Opens the journal, goes on with every unfinished build and release, and connects to the relay in the background.
 * @throws SetupError when the journal cannot be used. A relay or platform that is away is no error: it may come.
 */
export async function startProvisioner(
  config: ProvisionerConfig,
  deps: ProvisionerDeps,
): Promise<Provisioner> {
  const journal = await Journal.open(config.journal);
  const room = new Room(config, deps, journal);
  room.resume();
  room.checkPlatforms();
  return room;
}

class Room implements Provisioner {
  readonly counters = newCounters();
  readonly #config: ProvisionerConfig;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #journal: Journal;
  readonly #siteKey: SigningKey;
  readonly #platforms: ReadonlyMap<string, Platform>;
  readonly #desk: Desk;
  readonly #builds: Builds;
  readonly #link: Link;
  readonly #beaconTimer: NodeJS.Timeout;
  readonly #stopping = new AbortController();
  /** Status topics that the relay would not take from us. */
  #mute: ReadonlySet<string> = new Set();
  #stopped: Promise<void> | undefined;

  constructor(config: ProvisionerConfig, deps: ProvisionerDeps, journal: Journal) {
    const { log, now = Date.now, random = Math.random } = deps;
    const buttons = Object.keys(config.buttons);
    const keys = new Map(Object.entries(config.buttons).map(([name, { key }]) => [name, keyFromBytes(key)]));
    const platforms = new Map(Object.entries(config.platforms).map(([name, it]) => [name, makePlatform(it)]));
    const desk = new Desk(journal, keys, (topic, payload, retain) => {
      if (!this.#mute.has(topic)) this.#link.publish(topic, payload, retain);
    });
    const builds = new Builds({ config, journal, desk, platforms, log, now, random });
    const reception = new Reception({
      journal,
      desk,
      keys,
      termsOf: button => this.#termsOf(button),
      onWork: record => builds.start(record),
      onStale: () => this.#sayBeacon(),
      counters: this.counters,
      log,
      now,
    });
    this.#config = config;
    this.#log = log;
    this.#now = now;
    this.#journal = journal;
    this.#siteKey = keyFromBytes(config.siteKey);
    this.#platforms = platforms;
    this.#desk = desk;
    this.#builds = builds;
    this.#link = new Link({
      relay: config.relay,
      ...(config.proxy === undefined ? {} : { proxy: config.proxy }),
      topics: buttons.map(pressTopic),
      will: () => this.#beacon('offline'),
      onMessage: (topic, payload) => reception.take(topic, payload),
      onUp: refused => this.#sayEverything(refused),
      onSettle: () => this.#sayBeacon(),
      log,
      random,
    });
    this.#beaconTimer = setInterval(() => this.#sayBeacon(), beaconEveryS * 1000);
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  get lastError(): string | undefined {
    return this.#link.lastError;
  }

  whenOnline(limitMs: number): Promise<boolean> {
    return this.#link.whenUp(limitMs);
  }

  presses(): PressRecord[] {
    return this.#journal.presses();
  }

  /** Goes on with what an earlier process left: builds and releases. */
  resume(): void {
    for (const record of this.#journal.unfinished()) this.#builds.start(record);
  }

  /** Logs in ahead of the first press, and tells the operator early when that fails. */
  checkPlatforms(): void {
    for (const [name, platform] of this.#platforms) {
      platform.check(this.#stopping.signal).then(
        () => this.#log.info({ platform: name }, 'platform answers'),
        (error: unknown) => {
          if (this.#stopping.signal.aborted) return;
          this.#log.warn({ platform: name, reason: messageOf(error) }, 'platform cannot be used now');
        },
      );
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#beaconTimer);
    this.#stopping.abort();
    const building = this.#builds.stop();
    await this.#link.stop(this.#beacon('offline'));
    await Promise.all([...this.#platforms.values()].map(platform => platform.close()));
    await building;
    await this.#desk.drained();
    await this.#journal.close();
  }

  /**
   * A connection is up: everything a button may need, in the order in which it needs it. Nothing is said to a
   * button that the relay does not know: it would close the connection for that, and the lab would be offline.
   */
  #sayEverything(refusedTopics: readonly string[]): void {
    const refused = new Set(refusedTopics);
    const unknown = Object.keys(this.#config.buttons).filter(button => refused.has(pressTopic(button)));
    this.#mute = new Set(unknown.map(statusTopic));
    if (unknown.length > 0)
      this.#log.error(
        { buttons: unknown },
        'the relay does not know these buttons: add them to its users file',
      );
    this.#sayBeacon();
    for (const button of Object.keys(this.#config.buttons)) this.#desk.sayAgain(button);
  }

  #sayBeacon(): void {
    const { topic, payload } = this.#beacon('online');
    this.#link.publish(topic, payload, true);
  }

  #beacon(state: 'online' | 'offline'): LastWill {
    const topic = beaconTopic(this.#config.site);
    return { topic, payload: encode(this.#siteKey, topic, { state, time: Math.floor(this.#now() / 1000) }) };
  }

  #termsOf(button: string): Terms {
    const profile = this.#config.buttons[button]?.profile ?? '';
    const {
      platform = '',
      expectS = 0,
      deadlineS = 0,
      whenReady,
      template = {},
    } = this.#config.profiles[profile] ?? {};
    return {
      profile,
      deadlineS,
      whenReady: whenReady ?? 'create',
      usualS: usualS(pastBuildsMs(this.#journal, profile), expectS),
      upTo: upToOf({ done: 0, total: this.#platforms.get(platform)?.stepsOf(template) ?? 0 }),
    };
  }
}
