/**
 * Gives one cluster back, or removes what was made of a build that was called off: look at the platform, ask it, look
 * until the cluster is gone. A restart continues.
 */
import { messageOf } from '../../../config/src/setup-error.ts';
import { maxLineLength, maxPhaseLength } from '../../../protocol/src/messages.ts';
import { expectReleaseS, percentTaken, releaseLeftS, usualS } from '../buttons/progress.ts';
import {
  isTold,
  phaseBuildFailed,
  phaseCallingOff,
  type Said,
  saidFailed,
  saidReleased,
  saidReleasing,
} from '../buttons/statuses.ts';
import { oneLine } from '../common/line.ts';
import { briefOf, isRefusal } from '../common/platform.ts';
import { Backoff, sleep } from '../common/wait.ts';
import { clusterOf, pastReleasesMs } from '../journal/queries.ts';
import type { ButtonRecord, PressRecord } from '../journal/records.ts';
import { settleMsOf } from './clean-up.ts';
import { deleteOnce } from './delete.ts';
import { type Job, type JobDeps, oursOf } from './job.ts';
import { servedMs } from './life.ts';

/** Between two looks, and at most while the platform does not answer: as with a build (milliseconds). */
const lookMs = 1_000;
const maxRetryMs = 30_000;

/** A cluster whose time is over and that could not be removed is tried again after this (milliseconds). */
const retryExpiredMs = 600_000;

/** The journal says that this provisioner made the cluster, and `releasing`, before any of this begins. */
export class Release implements Job {
  readonly #deps: JobDeps;
  readonly #button: string;
  readonly #press: number;
  readonly #usualS: number;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  /** When this process took it up: its time limit does not count how long nobody was there to do it. */
  readonly #sinceMs: number;
  /** How often this process has asked the platform to remove the cluster. */
  #asked = 0;
  /** An order of ours, or of an earlier process, may have reached the platform: from then on no refusal means that the cluster stays. */
  #mayBeTaken: boolean;
  #trouble = '';
  /** Since when nothing is seen of a build that was called off. */
  #awaySinceMs: number | undefined;

  /** @param resumed an earlier process was at it. */
  constructor(deps: JobDeps, { button, press, profile }: PressRecord, resumed = false) {
    this.#deps = deps;
    this.#button = button;
    this.#press = press;
    this.#mayBeTaken = resumed;
    this.#sinceMs = deps.ran();
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
    return this.#record.release ?? { by: 'operator', press: 0, askedAt: this.#deps.now(), percent: 0 };
  }

  /** Since this process took it up: what was before it nobody has measured. */
  get #elapsedS(): number {
    return (this.#deps.ran() - this.#sinceMs) / 1000;
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
    const mayAsk = () => {
      if (this.#asked > 0 && this.#release.percent >= percentTaken) return false;
      this.#asked++;
      return true;
    };
    const ours = oursOf(this.#deps, this.#record);
    const asked = this.#asked;
    const removed = await deleteOnce(this.#deps.platform, ours, mayAsk, this.#signal).catch(error => {
      this.#mayBeTaken ||= this.#asked > asked && !isRefusal(error);
      throw error;
    });
    this.#mayBeTaken ||= removed.kind === 'asked';
    if (removed.kind === 'gone') return this.#gone();
    this.#awaySinceMs = undefined;
    if (removed.kind === 'going') this.#trouble = removed.words;
    await this.#advance(this.#phase, percentTaken, 100);
    // Some platforms answer when it is gone.
    if (removed.kind === 'asked') await this.#step();
  }

  /** An order of ours may still be on its way to the platform: one that nobody has seen yet is waited for. */
  async #gone(): Promise<void> {
    const { id, history } = this.#record;
    const wasAsked = history.some(({ step }) => step === 'creating');
    const settleMs = this.#wasReady || id !== undefined || !wasAsked ? 0 : settleMsOf(this.#deps.profile);
    const ranMs = this.#deps.ran();
    this.#awaySinceMs ??= ranMs;
    if (ranMs - this.#awaySinceMs >= settleMs) return this.#end();
    await this.#advance(this.#phase, percentTaken, 100);
  }

  /** False for a build that was called off. */
  get #wasReady(): boolean {
    return this.#record.address !== undefined;
  }

  get #phase(): string {
    return this.#wasReady ? 'giving it back' : phaseCallingOff;
  }

  /**
   * A refusal ends it while no order can have arrived: the cluster stays. After that a refusal may mean that an
   * earlier call worked, so it is trouble like any other, until the deadline.
   */
  async #onTrouble(error: unknown): Promise<void> {
    const words = messageOf(error);
    if (words !== this.#trouble)
      this.#deps.log.warn({ reason: oneLine(words, 500) }, 'release: trying again');
    this.#trouble = words;
    const { percent } = this.#release;
    if (isRefusal(error) && !this.#mayBeTaken && percent < percentTaken) await this.#fail(words);
    else if (this.#isLate) await this.#fail(this.#lateWords());
    else await this.#advance(isRefusal(error) ? words : briefOf(error), percent, percent);
  }

  get #isLate(): boolean {
    const { deadlineS } = this.#deps.profile;
    return this.#record.step === 'releasing' && this.#deps.ran() - this.#sinceMs >= deadlineS * 1000;
  }

  #lateWords(): string {
    const words = `Not given back after ${Math.round((this.#deps.ran() - this.#sinceMs) / 1000)} s`;
    return this.#trouble === '' ? words : `${words}: ${this.#trouble}`;
  }

  async #advance(words: string, percent: number, upTo: number): Promise<void> {
    const record = { ...this.#record, release: { ...this.#release, percent } };
    const left = releaseLeftS(this.#usualS, this.#elapsedS);
    const status = saidReleasing(record.cluster, oneLine(words, maxPhaseLength), percent, upTo, left);
    await this.#deps.outbox.update(this.#button, button => {
      const percentKnown = this.#release.percent === percent;
      if (percentKnown && (!this.#isListening(button) || isTold(button.status, status, this.#usualS))) return;
      return this.#updateFor(button, [record], status);
    });
  }

  /**
   * A release that the button did not ask for is told to it only when its display is about this cluster: else it
   * would talk across a build that is under way.
   */
  #isListening(button: ButtonRecord): boolean {
    return this.#release.by === 'button' || button.status.cluster === this.#record.cluster;
  }

  #updateFor(button: ButtonRecord, presses: readonly PressRecord[], status: Said) {
    return this.#isListening(button) ? { presses, status } : { presses };
  }

  /** Gone: its range is free from here on. */
  async #end(): Promise<void> {
    const release = { ...this.#release, percent: 100, endedAt: this.#deps.now() };
    const record: PressRecord = { ...this.#record, step: 'released', release };
    const status = saidReleased(record.cluster, this.#wasReady);
    await this.#deps.outbox.update(this.#button, button => this.#updateFor(button, [record], status));
    this.#deps.log.info({ state: 'released' }, 'release ended');
  }

  /**
   * The cluster counts as ready again, so that it can be given back with another press. A build that was called off has
   * failed: what is left of it is removed in the background, as of any other.
   */
  async #fail(words: string): Promise<void> {
    const line = oneLine(words, maxLineLength) || 'no words';
    if (!this.#wasReady) return this.#leave(line);
    const { release, ...before } = this.#record;
    const asker = this.#deps.journal.press(this.#button, release?.press ?? 0);
    const again =
      release?.by === 'time' ? { expiresAt: this.#deps.now() + retryExpiredMs, warnedForMs: servedMs } : {};
    const presses: PressRecord[] = [{ ...before, ...again, step: 'ready' }];
    if (asker !== undefined) presses.push({ ...asker, step: 'failed', line });
    const status = saidFailed(before.cluster, release?.percent ?? 0, 'PLATFORM', line);
    await this.#deps.outbox.update(this.#button, button => this.#updateFor(button, presses, status));
    this.#deps.log.info({ state: 'failed', line }, 'release ended');
  }

  async #leave(line: string): Promise<void> {
    const { release, ...before } = this.#record;
    const asker = this.#deps.journal.press(this.#button, release?.press ?? 0);
    const nowMs = this.#deps.now();
    const presses: PressRecord[] = [
      { ...before, step: 'failed', line, endedAt: nowMs, cleanUp: { since: nowMs } },
    ];
    if (asker !== undefined) presses.push({ ...asker, step: 'failed', line });
    const percent = release?.percent ?? 0;
    const status = saidFailed(before.cluster, percent, 'PLATFORM', line, phaseBuildFailed);
    await this.#deps.outbox.update(this.#button, button => this.#updateFor(button, presses, status));
    this.#deps.log.warn(
      { state: 'failed', line },
      'called off, but not removed yet: it goes on in the background',
    );
  }
}
