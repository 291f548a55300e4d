/** The provisioner: reads presses from the relay, builds clusters, tells the buttons. */
import type { Logger } from '../../config/src/log.ts';
import { beaconEveryS } from '../../protocol/src/messages.ts';
import { encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import type { SigningKey } from '../../protocol/src/sign.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { Builds } from './builds/builds.ts';
import { byName, pastBuildsMs } from './builds/clusters.ts';
import { Expiry } from './builds/expiry.ts';
import { objection, orderRelease } from './builds/give-back.ts';
import { upToOf, usualS } from './builds/progress.ts';
import { type Health, healthy, PlatformChecks } from './health.ts';
import { Journal } from './journal/index.ts';
import type { Asker, PressRecord } from './journal/records.ts';
import { handOutLimitMs, kubeconfigOf } from './operator/hand-out.ts';
import { makePlatforms } from './platforms/make.ts';
import type { Platform } from './platforms/platform.ts';
import type { Terms } from './presses/answer.ts';
import { type Counters, newCounters } from './presses/counters.ts';
import { Desk } from './presses/desk.ts';
import { Reception } from './presses/reception.ts';
import { checkProfiles } from './profile-checks.ts';
import type { ProvisionerConfig } from './settings/config.ts';
import { type Rules, rulesOf } from './settings/rules.ts';
import type { LastWill } from './way/connection.ts';
import { Link } from './way/link.ts';
import { noticesOf } from './webhooks/notices.ts';
import { Webhooks } from './webhooks/webhooks.ts';

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
  /** Builds, releases and clean-ups under way. */
  readonly underWay: number;
  /** How often the relay was connected to, and how often an attempt failed. */
  readonly relayCounters: { readonly connects: number; readonly failures: number };
  /** Notices that webhooks have not taken yet. */
  readonly noticesWaiting: number;
  /** Resolves with true once connected and listening, with false after `limitMs`. */
  whenOnline(limitMs: number): Promise<boolean>;
  /** What the journal says of every press, for the command line and for tests. */
  presses(): PressRecord[];
  /** How every part is doing. */
  health(): Health;
  /**
   * Gives a cluster back on an operator's word: one that is ready, or what a failed build has left. Resolves, once
   * the order is on disk, with what is being done, as a sentence.
   * @throws SetupError when there is no such cluster of ours, or it may not be given back now.
   */
  release(cluster: string): Promise<string>;
  /**
   * The kubeconfig of a ready cluster of ours, for an operator at the command line: a secret.
   * @throws SetupError when there is none to hand out, PlatformError when the platform does not give it.
   */
  kubeconfig(cluster: string): Promise<string>;
  /** Says offline, leaves builds and releases for the next start, closes everything. Within 5 s. */
  stop(): Promise<void>;
}

/**
 * Opens the journal, goes on with every unfinished build and release, and connects to the relay in the background.
 * @throws SetupError when the journal cannot be used, or what the settings say of a platform. A relay or platform that
 *   is away is no error: it may come.
 */
export async function startProvisioner(
  config: ProvisionerConfig,
  deps: ProvisionerDeps,
): Promise<Provisioner> {
  const { log, now = Date.now } = deps;
  // Before the journal, which would stay open when one of them cannot be made.
  const platforms = await makePlatforms(config.platforms, log);
  const journal = await Journal.open(config.journal, { log, now });
  const room = new Room(config, deps, journal, platforms);
  room.resume();
  return room;
}

class Room implements Provisioner {
  readonly counters = newCounters();
  readonly #config: ProvisionerConfig;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #journal: Journal;
  readonly #siteKey: SigningKey;
  readonly #platforms: ReadonlyMap<string, Platform>;
  readonly #desk: Desk;
  readonly #builds: Builds;
  readonly #checks: PlatformChecks;
  readonly #expiry: Expiry;
  readonly #webhooks: Webhooks;
  readonly #link: Link;
  readonly #beaconTimer: NodeJS.Timeout;
  /** Status topics that the relay would not take from us. */
  #mute: ReadonlySet<string> = new Set();
  #stopped: Promise<void> | undefined;

  constructor(
    config: ProvisionerConfig,
    deps: ProvisionerDeps,
    journal: Journal,
    platforms: ReadonlyMap<string, Platform>,
  ) {
    const { log, now = Date.now, random = Math.random } = deps;
    const buttons = Object.keys(config.buttons);
    const keys = new Map(Object.entries(config.buttons).map(([name, { key }]) => [name, keyFromBytes(key)]));
    const desk = new Desk({
      journal,
      keys,
      publish: (topic, payload, retain) => {
        if (!this.#mute.has(topic)) this.#link.publish(topic, payload, retain);
      },
      noticesOf: (before, after) => noticesOf(config.site, before, after, now()),
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
    this.#checks = new PlatformChecks(platforms, log, (name, platform, signal) => {
      // Not of a CCP: its lists take seconds each, and the doctor tells the same.
      if (config.platforms[name]?.type !== 'cluster-api') return;
      void checkProfiles(name, platform, config.profiles, log, signal);
    });
    this.#expiry = new Expiry({
      journal,
      desk,
      rulesOf: ({ button, profile }) => this.#rulesOf(button, profile),
      onExpired: record => this.#giveBack(record, 'time'),
      log,
      now,
    });
    this.#webhooks = new Webhooks({ journal, webhooks: config.webhooks ?? [], log, now, random });
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
    journal.onChange(broken => this.#journalChanged(broken));
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  get lastError(): string | undefined {
    return this.#link.lastError;
  }

  get underWay(): number {
    return this.#builds.size;
  }

  get relayCounters(): { readonly connects: number; readonly failures: number } {
    return this.#link.counters;
  }

  get noticesWaiting(): number {
    return this.#journal.notices().length;
  }

  whenOnline(limitMs: number): Promise<boolean> {
    return this.#link.whenUp(limitMs);
  }

  presses(): PressRecord[] {
    return this.#journal.presses();
  }

  health(): Health {
    const { broken } = this.#journal;
    return {
      relay: this.connected ? healthy : { ok: false, reason: this.lastError ?? 'not connected yet' },
      journal: broken === undefined ? healthy : { ok: false, reason: broken },
      platforms: this.#checks.health(),
    };
  }

  async release(cluster: string): Promise<string> {
    const record = byName(this.#journal, cluster);
    const rules = this.#rulesOf(record?.button ?? '', record?.profile ?? '');
    const no = objection(record, cluster, rules, this.presses());
    if (no !== undefined) throw no;
    if (record === undefined || record.step === 'releasing') return `${cluster} is being given back already`;
    if (record.step === 'ready') await this.#giveBack(record, 'operator');
    else await this.#builds.cleanUpAgain(record);
    return `${cluster} is being given back`;
  }

  async kubeconfig(cluster: string): Promise<string> {
    const holdings = {
      config: this.#config,
      presses: this.presses(),
      platformAt: async (name: string) => this.#platforms.get(name),
    };
    const kubeconfig = await kubeconfigOf(cluster, holdings, AbortSignal.timeout(handOutLimitMs));
    // Who got in, for those who look into it later: the name, and nothing of the kubeconfig.
    this.#log.info({ cluster }, 'kubeconfig handed to the command line');
    return kubeconfig;
  }

  /** Goes on with what an earlier process left. */
  resume(): void {
    this.#builds.resume();
  }

  /**
   * A lab that cannot write takes no press: its buttons see it offline, and sleep. When it can again, a write that
   * had failed may turn out to be on the disk, and so may be an order that nobody works on.
   */
  #journalChanged(broken: string | undefined): void {
    this.#sayBeacon();
    if (broken === undefined) this.resume();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#beaconTimer);
    this.#checks.stop();
    const ending = Promise.all([this.#expiry.stop(), this.#builds.stop(), this.#webhooks.stop()]);
    await this.#link.stop(this.#beacon('offline'));
    await Promise.all([...this.#platforms.values()].map(platform => platform.close()));
    await ending;
    await this.#desk.drained();
    await this.#journal.close();
  }

  async #giveBack(record: PressRecord, by: Asker): Promise<void> {
    const ordered = await orderRelease(this.#journal, this.#desk, record, by, this.#now());
    if (ordered === undefined) return;
    this.#log.info({ button: record.button, press: record.press, cluster: record.cluster, by }, 'release');
    this.#builds.start(ordered);
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
    const { topic, payload } = this.#beacon(this.#journal.broken === undefined ? 'online' : 'offline');
    this.#link.publish(topic, payload, true);
  }

  #beacon(state: 'online' | 'offline'): LastWill {
    const topic = beaconTopic(this.#config.site);
    return { topic, payload: encode(this.#siteKey, topic, { state, time: Math.floor(this.#now() / 1000) }) };
  }

  #rulesOf(button: string, profile: string): Rules {
    return rulesOf(this.#config.profiles[profile]?.rules, this.#config.buttons[button]?.rules);
  }

  #termsOf(button: string): Terms {
    const profile = this.#config.buttons[button]?.profile ?? '';
    const { platform = '', expectS = 0, deadlineS = 0, template = {} } = this.#config.profiles[profile] ?? {};
    return {
      profile,
      deadlineS,
      rules: this.#rulesOf(button, profile),
      usualS: usualS(pastBuildsMs(this.#journal, profile), expectS),
      upTo: upToOf({ done: 0, total: this.#platforms.get(platform)?.stepsOf(template) ?? 0 }),
    };
  }
}
