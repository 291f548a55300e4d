/** All work under way in this process: one {@link Build}, {@link Release} or {@link CleanUp} for each unfinished press. */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import { type Journal, pressKey } from '../journal/index.ts';
import { isBuilding, type PressRecord } from '../journal/records.ts';
import type { Platform } from '../platforms/platform.ts';
import type { Desk } from '../presses/desk.ts';
import type { ProvisionerConfig } from '../settings/config.ts';
import { rulesOf } from '../settings/rules.ts';
import { Build } from './build.ts';
import { CleanUp, needsCleanUp } from './clean-up.ts';
import { Release } from './release.ts';
import { Chain, Reservations } from './reservations.ts';
import type { Work } from './work.ts';

export interface BuildsDeps {
  config: ProvisionerConfig;
  journal: Journal;
  desk: Desk;
  platforms: ReadonlyMap<string, Platform>;
  log: Logger;
  now: () => number;
  random: () => number;
}

export class Builds {
  readonly #deps: BuildsDeps;
  /** By press: there is never more than one piece of work for one. */
  readonly #running = new Map<string, { work: Work; done: Promise<void> }>();
  /** Asked for while another piece of work for the press was ending. */
  readonly #next = new Set<string>();
  readonly #reservations: ReadonlyMap<string, Reservations>;
  /** Releases that an earlier process has left, until they are taken up. */
  readonly #left: Set<string>;
  #stopped = false;

  constructor(deps: BuildsDeps) {
    this.#deps = deps;
    const left = deps.journal.unfinished().filter(({ step }) => step === 'releasing');
    this.#left = new Set(left.map(({ button, press }) => pressKey(button, press)));
    // One chain for all platforms: two of them may share a pool.
    const chain = new Chain();
    this.#reservations = new Map(
      [...deps.platforms].map(([name, platform]) => [name, new Reservations(deps.journal, platform, chain)]),
    );
  }

  /** How many are under way. */
  get size(): number {
    return this.#running.size;
  }

  /** Starts or resumes what a press in the journal still needs; when something runs for it, as soon as that has ended. */
  start(record: PressRecord): void {
    if (this.#stopped) return;
    const key = pressKey(record.button, record.press);
    if (this.#running.has(key)) {
      this.#next.add(key);
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
    this.#running.set(key, { work, done });
  }

  /** Goes on with everything in the journal that is unfinished and not under way. */
  resume(): void {
    for (const record of this.#deps.journal.unfinished()) this.start(record);
  }

  /** On an operator's word: what a failed build left is removed, also when it was given up before. */
  async cleanUpAgain(record: PressRecord): Promise<void> {
    const { desk, journal, now } = this.#deps;
    const { button, press } = record;
    if (needsCleanUp(record, now())) return;
    const again = { ...record, cleanUp: { since: now() } };
    await desk.update(button, () => ({ presses: [again] }));
    this.start(journal.press(button, press) ?? again);
  }

  /** Stops all; resolves when each has let go of the journal. Every press goes on at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { work } of this.#running.values()) work.stop();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** A build that has failed leaves something to remove; a cluster that was just built may have been ordered back. */
  #ended(key: string, { button, press }: PressRecord, work: Work): void {
    this.#running.delete(key);
    const asked = this.#next.delete(key);
    const after = this.#deps.journal.press(button, press);
    if (after === undefined) return;
    const left = work instanceof Build && needsCleanUp(after, this.#deps.now());
    if (left || asked) this.start(after);
  }

  #workFor(record: PressRecord, log: Logger): Work | undefined {
    const { config, platforms, ...deps } = this.#deps;
    const profile = config.profiles[record.profile];
    const platform = platforms.get(profile?.platform ?? '');
    const reservations = this.#reservations.get(profile?.platform ?? '');
    if (profile === undefined || platform === undefined || reservations === undefined) {
      // Only after the settings were changed: nothing is lost, the press waits in the journal.
      log.error({ profile: record.profile }, 'press waits: its profile is no longer in the settings');
      return undefined;
    }
    const rules = rulesOf(profile.rules, config.buttons[record.button]?.rules);
    const common = { ...deps, site: config.site, platform, profile, rules, log };
    if (record.step === 'releasing') {
      return new Release(common, record, this.#left.delete(pressKey(record.button, record.press)));
    }
    if (isBuilding(record.step)) return new Build({ ...common, reservations }, record);
    return needsCleanUp(record, deps.now()) ? new CleanUp(common, record) : undefined;
  }
}
