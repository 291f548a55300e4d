/** Gives one cluster back: look at the platform, ask it, look until the cluster is gone. A restart continues. */
import type { Logger } from '../../config/src/log.ts';
import { messageOf } from '../../config/src/setup-error.ts';
import { maxLineLength, maxPhaseLength } from '../../protocol/src/messages.ts';
import { clusterOf, pastReleasesMs } from './clusters.ts';
import type { Profile } from './config.ts';
import type { Desk } from './desk.ts';
import type { Journal } from './journal.ts';
import { oneLine } from './line.ts';
import { isRefusal, type Platform } from './platforms/platform.ts';
import { expectReleaseS, percentTaken, releaseLeftS, usualS } from './progress.ts';
import type { PressRecord } from './records.ts';
import { isTold, saidFailed, saidReleased, saidReleasing } from './statuses.ts';
import { Backoff, sleep } from './wait.ts';

/** Between two looks, and at most while the platform does not answer: as with a build (milliseconds). */
const lookMs = 1_000;
const maxRetryMs = 30_000;

const phase = 'giving it back';

export interface ReleaseDeps {
  journal: Journal;
  desk: Desk;
  platform: Platform;
  profile: Profile;
  log: Logger;
  now: () => number;
  random: () => number;
}

/** The journal says that this provisioner made the cluster, and `releasing`, before any of this begins. */
export class Release {
  readonly #deps: ReleaseDeps;
  readonly #button: string;
  readonly #press: number;
  readonly #usualS: number;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  /** When this process took it up: its time limit does not count how long nobody was there to do it. */
  readonly #sinceMs: number;
  /** How often this process has asked the platform to remove the cluster. */
  #asked = 0;
  #trouble = '';

  constructor(deps: ReleaseDeps, { button, press, profile }: PressRecord) {
    this.#deps = deps;
    this.#button = button;
    this.#press = press;
    this.#sinceMs = deps.now();
    this.#usualS = usualS(pastReleasesMs(deps.journal, profile), expectReleaseS);
    this.#backoff = new Backoff({ firstMs: lookMs, maxMs: maxRetryMs, random: deps.random });
  }

  /** Runs until the cluster is gone, the release has failed, or {@link stop}. Never rejects. */
  async run(): Promise<void> {
    while (!this.#signal.aborted && this.#record.step === 'releasing') {
      const pauseMs = await this.#round();
      if (this.#record.step === 'releasing') await sleep(pauseMs, this.#signal);
    }
  }

  /** Leaves it as it is: the next process goes on with it. */
  stop(): void {
    this.#stop.abort();
  }

  get #signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** The press that made the cluster. */
  get #record(): PressRecord {
    return clusterOf(this.#deps.journal, this.#button, this.#press);
  }

  get #release(): NonNullable<PressRecord['release']> {
    return this.#record.release ?? { press: this.#press, askedAt: this.#deps.now(), percent: 0 };
  }

  get #elapsedS(): number {
    return (this.#deps.now() - this.#release.askedAt) / 1000;
  }

  /** One look and what follows. Returns how long to pause, in milliseconds; never rejects. */
  async #round(): Promise<number> {
    try {
      await this.#step();
      this.#backoff.reset();
      if (this.#isLate) await this.#fail(this.#lateWords());
      return lookMs;
    } catch (error) {
      if (!this.#signal.aborted) await this.#onTrouble(error).catch(() => {}); // not written: tried again
      return this.#backoff.next();
    }
  }

  async #step(): Promise<void> {
    const { platform, profile } = this.#deps;
    const { cluster } = this.#record;
    const seen = await platform.observe(cluster, profile.template, this.#signal);
    if (seen.kind === 'absent') return this.#end();
    if (seen.kind === 'failed') this.#trouble = seen.message;
    if (this.#asked > 0 && this.#release.percent >= percentTaken)
      return this.#advance(phase, percentTaken, 100);
    this.#asked++;
    await platform.remove(cluster, this.#signal);
    await this.#advance(phase, percentTaken, 100);
    // Some platforms answer when it is gone.
    await this.#step();
  }

  /**
   * A refusal of the first call ends it: the cluster stays. After that a refusal may mean that an earlier call
   * worked, so it is trouble like any other, until the deadline.
   */
  async #onTrouble(error: unknown): Promise<void> {
    const words = messageOf(error);
    if (words !== this.#trouble)
      this.#deps.log.warn({ reason: oneLine(words, 200) }, 'release: trying again');
    this.#trouble = words;
    const { percent } = this.#release;
    if (isRefusal(error) && this.#asked <= 1 && percent < percentTaken) await this.#fail(words);
    else if (this.#isLate) await this.#fail(this.#lateWords());
    else await this.#advance(isRefusal(error) ? words : 'platform not answering', percent, percent);
  }

  get #isLate(): boolean {
    const { deadlineS } = this.#deps.profile;
    return this.#record.step === 'releasing' && this.#deps.now() - this.#sinceMs >= deadlineS * 1000;
  }

  #lateWords(): string {
    const words = `Not given back after ${Math.round((this.#deps.now() - this.#sinceMs) / 1000)} s`;
    return this.#trouble === '' ? words : `${words}: ${this.#trouble}`;
  }

  async #advance(words: string, percent: number, upTo: number): Promise<void> {
    const record = { ...this.#record, release: { ...this.#release, percent } };
    const left = releaseLeftS(this.#usualS, this.#elapsedS);
    const status = saidReleasing(record.cluster, oneLine(words, maxPhaseLength), percent, upTo, left);
    await this.#deps.desk.update(this.#button, button =>
      isTold(button.status, status, this.#usualS) ? undefined : { presses: [record], status },
    );
  }

  /** Gone: its range is free from here on. */
  async #end(): Promise<void> {
    const release = { ...this.#release, percent: 100, endedAt: this.#deps.now() };
    const record: PressRecord = { ...this.#record, step: 'released', release };
    const status = saidReleased(record.cluster);
    await this.#deps.desk.update(this.#button, () => ({ presses: [record], status }));
    this.#deps.log.info({ state: 'released' }, 'release ended');
  }

  /** The cluster counts as ready again, so that it can be given back with another press. */
  async #fail(words: string): Promise<void> {
    const line = oneLine(words, maxLineLength) || 'no words';
    const { release, ...before } = this.#record;
    const asker = this.#deps.journal.press(this.#button, release?.press ?? 0);
    const presses: PressRecord[] = [{ ...before, step: 'ready' }];
    if (asker !== undefined) presses.push({ ...asker, step: 'failed', line });
    const status = saidFailed(before.cluster, release?.percent ?? 0, 'PLATFORM', line);
    await this.#deps.desk.update(this.#button, () => ({ presses, status }));
    this.#deps.log.info({ state: 'failed', line }, 'release ended');
  }
}
