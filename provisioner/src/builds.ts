/** All work under way in this process: one {@link Build} or {@link Release} for each unfinished press. */
import type { Logger } from '../../config/src/log.ts';
import { messageOf } from '../../config/src/setup-error.ts';
import { Build } from './build.ts';
import type { ProvisionerConfig } from './config.ts';
import type { Desk } from './desk.ts';
import type { Journal } from './journal.ts';
import type { Platform } from './platforms/platform.ts';
import type { PressRecord } from './records.ts';
import { Release } from './release.ts';
import { Chain, Reservations } from './reservations.ts';

export interface BuildsDeps {
  config: ProvisionerConfig;
  journal: Journal;
  desk: Desk;
  platforms: ReadonlyMap<string, Platform>;
  log: Logger;
  now: () => number;
  random: () => number;
}

type Work = Pick<Build, 'run' | 'stop'>;

export class Builds {
  readonly #deps: BuildsDeps;
  readonly #running = new Map<Work, Promise<void>>();
  readonly #reservations: ReadonlyMap<string, Reservations>;
  #stopped = false;

  constructor(deps: BuildsDeps) {
    this.#deps = deps;
    // One chain for all platforms: two of them may share a pool.
    const chain = new Chain();
    this.#reservations = new Map(
      [...deps.platforms].map(([name, platform]) => [name, new Reservations(deps.journal, platform, chain)]),
    );
  }

  /** Starts or resumes the build or release of a press that is in the journal. */
  start(record: PressRecord): void {
    if (this.#stopped) return;
    const { config, platforms, ...deps } = this.#deps;
    const log = deps.log.child({ button: record.button, press: record.press, cluster: record.cluster });
    const profile = config.profiles[record.profile];
    const platform = platforms.get(profile?.platform ?? '');
    const reservations = this.#reservations.get(profile?.platform ?? '');
    if (profile === undefined || platform === undefined || reservations === undefined) {
      // Only after the settings were changed: nothing is lost, the press waits in the journal.
      log.error({ profile: record.profile }, 'press waits: its profile is no longer in the settings');
      return;
    }
    const work: Work =
      record.step === 'releasing'
        ? new Release({ ...deps, platform, profile, log }, record)
        : new Build({ ...deps, platform, reservations, profile, log }, record);
    const running = work
      .run()
      .catch(error => log.error({ reason: messageOf(error) }, 'work stopped by a mistake of ours'))
      .finally(() => this.#running.delete(work));
    this.#running.set(work, running);
  }

  /** Stops all; resolves when each has let go of the journal. Every press goes on at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const work of this.#running.keys()) work.stop();
    await Promise.all(this.#running.values());
  }
}
