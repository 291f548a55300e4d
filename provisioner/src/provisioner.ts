/** The provisioner: reads presses from the relay, builds clusters, tells the buttons. */
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../config/src/log.ts';
import { shownButton } from '../../protocol/src/node/names-in-topics.ts';
import { Expiry } from './builds/expiry.ts';
import { objection, orderRelease } from './builds/give-back.ts';
import { handOutLimitMs, kubeconfigOf } from './builds/hand-out.ts';
import { Jobs } from './builds/jobs.ts';
import { checkProfiles } from './builds/profile-checks.ts';
import { nameStrays } from './builds/strays.ts';
import { StatusOutbox } from './buttons/status-outbox.ts';
import { type Clock, ClockWatch, type Jump, processRan } from './common/clock.ts';
import type { Platform } from './common/platform.ts';
import { type Health, healthOf, PlatformChecks } from './health.ts';
import { InForce } from './in-force.ts';
import { Journal } from './journal/index.ts';
import { byName } from './journal/queries.ts';
import { type Asker, isBuilding, type PressRecord } from './journal/records.ts';
import { kindOf, makePlatforms } from './platforms/kinds.ts';
import { newCounters } from './presses/counters.ts';
import { PressHandler } from './presses/press-handler.ts';
import type { Provisioner, ProvisionerDeps } from './service.ts';
import type { ProvisionerConfig } from './settings/config.ts';
import { Beacon } from './uplink/beacon.ts';
import { type RelayState, Relays } from './uplink/relays.ts';
import { makeInstance } from './uplink/rivals.ts';
import { noticesOf } from './webhooks/notices.ts';
import { type RefusedNotice, Webhooks } from './webhooks/webhooks.ts';

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
  for (const warning of config.warnings ?? []) log.warn(warning);
  const room = new Room(config, deps, journal, platforms);
  room.resume();
  return room;
}

class Room implements Provisioner {
  readonly counters = newCounters();
  readonly #inForce: InForce;
  readonly #clock: Clock;
  /** Which process this is, in beacons. */
  readonly #instance: string;
  readonly #watch: ClockWatch;
  readonly #log: Logger;
  readonly #journal: Journal;
  readonly #beacon: Beacon;
  readonly #outbox: StatusOutbox;
  readonly #jobs: Jobs;
  #checks: PlatformChecks;
  readonly #expiry: Expiry;
  #webhooks: Webhooks;
  #relays: Relays;
  readonly #random: () => number;
  readonly #firstLookMs: number | undefined;
  readonly #pressHandler: PressHandler;
  #updating: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(
    config: ProvisionerConfig,
    deps: ProvisionerDeps,
    journal: Journal,
    platforms: ReadonlyMap<string, Platform>,
  ) {
    const { log, now = Date.now, ran = processRan, random = Math.random } = deps;
    const clock = { now, ran };
    const inForce = new InForce(config, platforms);
    const { keys } = inForce;
    const outbox = new StatusOutbox({
      journal,
      keys,
      publish: (topic, payload, retain) => this.#relays.publish(topic, payload, retain),
      noticesOf: (before, after) => noticesOf(config.site, before, after, now()),
    });
    const jobs = new Jobs({
      config: () => inForce.config,
      platforms: () => inForce.platforms,
      ...{ journal, outbox, log, now, ran, random },
    });
    const watch = new ClockWatch(clock, log, () => this.#clockJumped());
    const pressHandler = new PressHandler({
      journal,
      outbox,
      keys,
      termsOf: button => inForce.termsOf(button, journal),
      onWork: record => jobs.start(record),
      onStale: () => this.#beacon.say(),
      counters: this.counters,
      log,
      clock,
      readingsS: () => watch.readingsS(),
    });
    this.#inForce = inForce;
    this.#log = log;
    this.#clock = clock;
    this.#instance = makeInstance(now());
    this.#beacon = new Beacon({
      ...{ site: config.site, siteKey: config.siteKey, instance: this.#instance, now },
      isOpen: () => journal.broken === undefined,
      publish: (topic, payload) => this.#relays.publish(topic, payload, true),
    });
    this.#watch = watch;
    this.#journal = journal;
    this.#outbox = outbox;
    this.#random = random;
    this.#firstLookMs = deps.firstLookMs;
    this.#pressHandler = pressHandler;
    this.#jobs = jobs;
    this.#checks = this.#makeChecks();
    this.#expiry = new Expiry({
      journal,
      outbox,
      rulesOf: ({ button, profile }) => inForce.rulesOf(button, profile),
      onExpired: record => this.#giveBack(record, 'time'),
      log,
      clock,
      readingsS: () => watch.readingsS(),
    });
    this.#webhooks = this.#makeWebhooks();
    this.#relays = this.#makeRelays();
    journal.onChange(broken => this.#journalChanged(broken));
  }

  #makeChecks(): PlatformChecks {
    return new PlatformChecks(new Map(this.#inForce.platforms), this.#log, (name, platform, signal) => {
      void nameStrays(name, platform, this.#inForce.config.site, this.#journal, this.#log, signal);
      // Elsewhere the doctor tells the same.
      if (kindOf(this.#inForce.config.platforms[name]?.type)?.isCheckedAtStart !== true) return;
      void checkProfiles(name, platform, this.#inForce.config.profiles, this.#log, signal);
    });
  }

  #makeWebhooks(): Webhooks {
    const { webhooks = [] } = this.#inForce.config;
    const { now, ran } = this.#clock;
    return new Webhooks({ journal: this.#journal, webhooks, log: this.#log, now, ran, random: this.#random });
  }

  #makeRelays(): Relays {
    const { site, relays, buttons } = this.#inForce.config;
    return new Relays(relays, {
      site,
      instance: this.#instance,
      now: this.#clock.now,
      firstLookMs: this.#firstLookMs,
      buttons: Object.keys(buttons),
      will: () => this.#beacon.offline(),
      onPress: (topic, payload) => this.#pressHandler.take(topic, payload),
      newest: topic => {
        if (topic === this.#beacon.topic) return this.#beacon.last;
        const button = shownButton(topic);
        return button === undefined ? undefined : this.#outbox.newest(button);
      },
      readBeacon: payload => this.#beacon.read(payload),
      sayBeacon: () => this.#beacon.say(),
      log: this.#log,
      random: this.#random,
    });
  }

  update(config: ProvisionerConfig): Promise<void> {
    const updated = this.#updating.then(() => this.#update(config));
    this.#updating = updated.catch(() => {});
    return updated;
  }

  async #update(config: ProvisionerConfig): Promise<void> {
    if (this.#stopped !== undefined) return;
    const before = this.#inForce.config;
    const replaced = await this.#inForce.take(config, this.#log);
    this.#beacon.signBy(config.siteKey);
    for (const warning of config.warnings ?? []) {
      if (!before.warnings?.includes(warning)) this.#log.warn(warning);
    }
    await this.#follow(before, replaced);
  }

  async #follow(before: ProvisionerConfig, replaced: ReadonlySet<Platform>): Promise<void> {
    const { relays, buttons, webhooks, siteKey } = this.#inForce.config;
    if (!isDeepStrictEqual(before.relays, relays)) {
      await this.#relays.stop(this.#beacon.offline());
      this.#relays = this.#makeRelays();
    } else this.#relays.setButtons(Object.keys(buttons));
    if (!isDeepStrictEqual(before.siteKey, siteKey)) this.#beacon.say();
    // A new key: what is retained is signed with the old one.
    for (const [name, { key }] of Object.entries(buttons)) {
      const known = before.buttons[name]?.key;
      if (known !== undefined && !isDeepStrictEqual(known, key)) this.#outbox.sayAgain(name);
    }
    if (!isDeepStrictEqual(before.webhooks, webhooks)) {
      await this.#webhooks.stop();
      this.#webhooks = this.#makeWebhooks();
    }
    if (replaced.size > 0 || !isDeepStrictEqual(before.platforms, this.#inForce.config.platforms)) {
      this.#checks.stop();
      this.#checks = this.#makeChecks();
      await this.#jobs.restart(replaced);
      await Promise.all([...replaced].map(platform => platform.close()));
    }
    // What had waited for its profile goes on.
    this.#jobs.resume();
  }

  get connected(): boolean {
    return this.#relays.connected;
  }

  get lastError(): string | undefined {
    if (this.connected) return undefined;
    const errors = this.relays.flatMap(({ lastError }) => lastError ?? []);
    return errors.length === 0 ? undefined : errors.join('; ');
  }

  get underWay(): number {
    return this.#jobs.size;
  }

  get relays(): readonly RelayState[] {
    return this.#relays.states;
  }

  get clockJumps(): { readonly count: number; readonly last?: Jump } {
    return this.#watch.jumps;
  }

  get noticesWaiting(): number {
    return this.#journal.notices().length;
  }

  refusedNotices(): RefusedNotice[] {
    return this.#webhooks.refused();
  }

  sendNoticesAgain(ids?: readonly string[]): Promise<number> {
    return this.#webhooks.sendAgain(ids);
  }

  whenOnline(limitMs: number): Promise<boolean> {
    return this.#relays.whenUp(limitMs);
  }

  presses(): PressRecord[] {
    return this.#journal.presses();
  }

  health(): Health {
    return healthOf({
      relays: this.relays,
      lastError: this.lastError,
      journalBroken: this.#journal.broken,
      platforms: this.#checks.health(),
      strangers: this.#pressHandler.strangers,
      clock: this.clockJumps,
      rival: this.#relays.rival,
    });
  }

  async release(cluster: string): Promise<string> {
    const record = byName(this.#journal, cluster);
    const rules = this.#inForce.rulesOf(record?.button ?? '', record?.profile ?? '');
    const no = objection(record, cluster, rules, this.presses());
    if (no !== undefined) throw no;
    if (record === undefined || record.step === 'releasing') return `${cluster} is being given back already`;
    if (record.step === 'failed') {
      await this.#jobs.cleanUpAgain(record);
      return `${cluster} is being given back`;
    }
    await this.#giveBack(record, 'operator');
    return `${cluster} is being ${isBuilding(record.step) ? 'called off' : 'given back'}`;
  }

  copyJournal(): string {
    const copy = this.#journal.copy(this.#inForce.config.site);
    this.#log.info({ bytes: copy.length }, 'the journal was copied');
    return copy;
  }

  async kubeconfig(cluster: string): Promise<string> {
    const holdings = {
      config: this.#inForce.config,
      presses: this.presses(),
      platformAt: async (name: string) => this.#inForce.platforms.get(name),
    };
    const kubeconfig = await kubeconfigOf(cluster, holdings, AbortSignal.timeout(handOutLimitMs));
    // Who got in, for those who look into it later: the name, and nothing of the kubeconfig.
    this.#log.info({ cluster }, 'kubeconfig handed to the command line');
    return kubeconfig;
  }

  /** Goes on with what an earlier process left. */
  resume(): void {
    this.#jobs.resume();
  }

  /**
   * A lab that cannot write takes no press: its buttons see it offline, and sleep. When it can again, a write that
   * had failed may turn out to be on the disk, and so may be an order that nobody works on.
   */
  #journalChanged(broken: string | undefined): void {
    this.#beacon.say();
    if (broken === undefined) this.resume();
  }

  /** Buttons read the time off the beacon. */
  #clockJumped(): void {
    this.#expiry.jumped();
    this.#beacon.say();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    // What new settings have begun to open is there to be closed.
    await this.#updating;
    this.#beacon.stop();
    this.#watch.stop();
    this.#checks.stop();
    const ending = Promise.all([this.#expiry.stop(), this.#jobs.stop(), this.#webhooks.stop()]);
    await this.#relays.stop(this.#beacon.offline());
    await Promise.all([...this.#inForce.platforms.values()].map(platform => platform.close()));
    await ending;
    await this.#outbox.drained();
    await this.#journal.close();
  }

  async #giveBack(record: PressRecord, by: Asker): Promise<void> {
    const ordered = await orderRelease(this.#journal, this.#outbox, record, by, this.#clock.now());
    if (ordered === undefined) return;
    this.#log.info({ button: record.button, press: record.press, cluster: record.cluster, by }, 'release');
    this.#jobs.start(ordered);
  }
}
