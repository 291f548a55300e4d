/** All work under way in this process: one {@link Build}, {@link Release} or {@link CleanUp} for each unfinished press. */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { StatusOutbox } from '../buttons/status-outbox.ts';
import type { Platform } from '../common/platform.ts';
import { type Journal, pressKey } from '../journal/index.ts';
import { isBuilding, type PressRecord } from '../journal/records.ts';
import type { ProvisionerConfig } from '../settings/config.ts';
import { rulesOf } from '../settings/rules.ts';
import { Build } from './build.ts';
import { CleanUp, needsCleanUp } from './clean-up.ts';
import type { Job } from './job.ts';
import { Release } from './release.ts';
import { Chain, Reservations } from './reservations.ts';

export interface JobsDeps {
  /** As the settings say now. */
  config: () => ProvisionerConfig;
  journal: Journal;
  outbox: StatusOutbox;
  platforms: () => ReadonlyMap<string, Platform>;
  log: Logger;
  now: () => number;
  /** See {@link JobDeps.ran}. */
  ran: () => number;
  random: () => number;
}

export class Jobs {
  readonly #deps: JobsDeps;
  /** By press: there is never more than one piece of work for one. */
  readonly #running = new Map<string, { work: Job; platform: Platform | undefined; done: Promise<void> }>();
  /** Asked for while another piece of work for the press was ending. */
  readonly #next = new Set<string>();
  readonly #reservations = new WeakMap<Platform, Reservations>();
  /** One chain for all platforms: two of them may share a pool. */
  readonly #chain = new Chain();
  /** Releases that an earlier process has left, until they are taken up. */
  readonly #left: Set<string>;
  #stopped = false;

  constructor(deps: JobsDeps) {
    this.#deps = deps;
    const left = deps.journal.unfinished().filter(({ step }) => step === 'releasing');
    this.#left = new Set(left.map(({ button, press }) => pressKey(button, press)));
  }

  /** How many are under way. */
  get size(): number {
    return this.#running.size;
  }

  /** Starts or resumes what a press in the journal still needs; when something runs for it, as soon as that has ended. */
  start(record: PressRecord): void {
    if (this.#stopped) return;
    const key = pressKey(record.button, record.press);
    const running = this.#running.get(key);
    if (running !== undefined) {
      this.#next.add(key);
      // Called off: what it does for a cluster that nobody wants any more ends now.
      if (running.work instanceof Build && !isBuilding(record.step)) running.work.stop();
      return;
    }
    const { button, press, cluster } = record;
    const log = this.#deps.log.child({ button, press, cluster });
    const work = this.#workFor(record, log);
    if (work === undefined) return;
    const done = work
      .run()
      .catch(error => log.error({ reason: messageOf(error) }, 'work stopped by a mistake of ours'))
      .finally(() => this.#ended(key, record, work));
    this.#running.set(key, { work, platform: this.#platformOf(record), done });
  }

  /** These platforms are replaced: what works with them stops, and goes on with the new ones. Resolves when it has. */
  async restart(replaced: ReadonlySet<Platform>): Promise<void> {
    const theirs = [...this.#running].filter(
      ([, { platform }]) => platform !== undefined && replaced.has(platform),
    );
    for (const [key, { work }] of theirs) {
      this.#next.add(key);
      work.stop();
    }
    await Promise.all(theirs.map(([, { done }]) => done));
  }

  /** Goes on with everything in the journal that is unfinished and not under way. */
  resume(): void {
    for (const record of this.#deps.journal.unfinished()) this.start(record);
  }

  /** On an operator's word: what a failed build left is removed, also when it was given up before. */
  async cleanUpAgain(record: PressRecord): Promise<void> {
    const { outbox, journal, now } = this.#deps;
    const { button, press } = record;
    if (this.#running.has(pressKey(button, press))) return;
    const again = { ...record, cleanUp: { since: now() } };
    await outbox.update(button, () => ({ presses: [again] }));
    this.start(journal.press(button, press) ?? again);
  }

  /** Stops all; resolves when each has let go of the journal. Every press goes on at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { work } of this.#running.values()) work.stop();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** A build that has failed, or was called off in vain, leaves something to remove; a cluster that was just built may have been ordered back. */
  #ended(key: string, { button, press }: PressRecord, work: Job): void {
    this.#running.delete(key);
    const asked = this.#next.delete(key);
    const after = this.#deps.journal.press(button, press);
    if (after === undefined) return;
    const left = !(work instanceof CleanUp) && needsCleanUp(after);
    if (left || asked) this.start(after);
  }

  #platformOf({ profile }: PressRecord): Platform | undefined {
    return this.#deps.platforms().get(this.#deps.config().profiles[profile]?.platform ?? '');
  }

  #reservationsOf(platform: Platform): Reservations {
    const known = this.#reservations.get(platform);
    if (known !== undefined) return known;
    const { journal, config } = this.#deps;
    const made = new Reservations(journal, platform, this.#chain, config().site);
    this.#reservations.set(platform, made);
    return made;
  }

  #workFor(record: PressRecord, log: Logger): Job | undefined {
    const { config: configNow, platforms: _, ...deps } = this.#deps;
    const config = configNow();
    const profile = config.profiles[record.profile];
    const platform = this.#platformOf(record);
    if (profile === undefined || platform === undefined) {
      // Only after the settings were changed: nothing is lost, the press waits in the journal.
      log.error({ profile: record.profile }, 'press waits: its profile is no longer in the settings');
      return undefined;
    }
    const rules = rulesOf(profile.rules, config.buttons[record.button]?.rules);
    const common = { ...deps, site: config.site, platform, profile, rules, log };
    if (record.step === 'releasing') {
      return new Release(common, record, this.#left.delete(pressKey(record.button, record.press)));
    }
    if (isBuilding(record.step))
      return new Build({ ...common, reservations: this.#reservationsOf(platform) }, record);
    return needsCleanUp(record) ? new CleanUp(common, record) : undefined;
  }
}
