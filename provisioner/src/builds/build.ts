/** Brings one press to its end: look at the platform, decide, act, again. Any restart continues where it was. */
import { messageOf } from '../../../config/src/setup-error.ts';
import { isBuilding, type PressRecord } from '../journal/records.ts';
import { oneLine } from '../line.ts';
import { isRefusal, type Observation } from '../platforms/platform.ts';
import { Backoff, Waker } from '../wait.ts';
import { markOf, pastBuildsMs } from './clusters.ts';
import { Finish, phaseCalling } from './finish.ts';
import { type Act, type Create, nameTaken, nextAct } from './plan.ts';
import { percentCreating, percentOf, percentReserved, percentVerifying, upToOf, usualS } from './progress.ts';
import { isOurs } from './removal.ts';
import { Report } from './report.ts';
import type { Reservations } from './reservations.ts';
import { oursOf, targetOf, type Work, type WorkDeps } from './work.ts';

/** Looks per usual build: often enough that a phase is seen, seldom enough for a slow list (6 s were seen). */
const looksPerBuild = 40;
const minLookMs = 100;
const maxLookMs = 5_000;

/** After a create, an unseen cluster is given this part of the usual build before it counts as not made. */
const settlePart = 1 / 10;
const minSettleMs = 500;
const maxSettleMs = 30_000;

/** The longest pause while the platform does not answer, in milliseconds. */
const maxRetryMs = 30_000;

const poolFull = 'No free address range in the pool of this profile';

export interface BuildDeps extends WorkDeps {
  reservations: Reservations;
}

export class Build implements Work {
  readonly #deps: BuildDeps;
  readonly #report: Report;
  readonly #stop = new AbortController();
  readonly #waker = new Waker();
  readonly #backoff: Backoff;
  readonly #lookMs: number;
  readonly #settleMs: number;
  readonly #finish: Finish;
  readonly #create: Create = { state: 'none', words: '', tries: 0 };
  #absentSinceMs: number | undefined;
  /** Of the last look, empty when that went well. */
  #lastTrouble = '';
  /** What the last good look saw being waited for. */
  #lastPhase = '';

  constructor(deps: BuildDeps, { button, press, profile }: PressRecord) {
    this.#deps = deps;
    const usual = usualS(pastBuildsMs(deps.journal, profile), deps.profile.expectS);
    this.#report = new Report(deps, button, press, usual);
    this.#lookMs = Math.min(maxLookMs, Math.max(minLookMs, (usual * 1000) / looksPerBuild));
    this.#settleMs = Math.min(maxSettleMs, Math.max(minSettleMs, usual * 1000 * settlePart));
    this.#finish = new Finish(deps, this.#stop.signal);
    this.#backoff = new Backoff({ firstMs: this.#lookMs, maxMs: maxRetryMs, random: deps.random });
  }

  /** Runs to the end of the press, or until {@link stop}. Never rejects. */
  async run(): Promise<void> {
    // After the last pause the cluster may be on its way back already: that is not this one's work.
    while (!this.#signal.aborted && isBuilding(this.#record.step)) {
      const pauseMs = await this.#round();
      if (!isBuilding(this.#record.step)) break;
      // Not beyond the deadline, so that it is kept to the moment.
      const leftMs = this.#record.deadlineAt - this.#deps.now();
      await this.#waker.sleep(leftMs > 0 ? Math.min(pauseMs, leftMs) : pauseMs, this.#signal);
    }
    // A create call that still hangs has nobody left to tell.
    this.stop();
  }

  /** Leaves the press as it is: the next process goes on with it. */
  stop(): void {
    this.#stop.abort();
  }

  get #signal(): AbortSignal {
    return this.#stop.signal;
  }

  get #record(): PressRecord {
    return this.#report.record;
  }

  /** Where the first step ends that takes more than a moment. */
  get #firstUpTo(): number {
    const { platform, profile } = this.#deps;
    return upToOf({ done: 0, total: platform.stepsOf(profile.template) });
  }

  get #isLate(): boolean {
    return this.#deps.now() >= this.#record.deadlineAt;
  }

  /** One look and one act. Returns how long to pause, in milliseconds; never rejects. */
  async #round(): Promise<number> {
    try {
      // Late, it still looks once: the cluster may have become ready while no provisioner ran.
      await this.#step();
      this.#backoff.reset();
      this.#lastTrouble = '';
      if (this.#isLate && isBuilding(this.#record.step)) await this.#fail(this.#lateWords());
      return this.#lookMs * (0.75 + 0.5 * this.#deps.random());
    } catch (error) {
      if (this.#signal.aborted) return 0;
      return this.#trouble(error);
    }
  }

  async #step(): Promise<void> {
    const { step } = this.#record;
    if (step === 'accepted') return this.#reserve();
    const observation = await this.#look();
    if (observation === 'foreign') return this.#fail(nameTaken, true);
    const now = this.#deps.now();
    if (observation.kind !== 'absent') this.#absentSinceMs = undefined;
    else this.#absentSinceMs ??= now;
    const absentForMs = now - (this.#absentSinceMs ?? now);
    const create = { ...this.#create };
    await this.#act(nextAct({ step, observation, create, absentForMs, settleMs: this.#settleMs }));
  }

  /** What the platform shows of our cluster. Another one that has its name by now is not ours: ours is gone. */
  async #look(): Promise<Observation | 'foreign'> {
    const record = this.#record;
    const seen = await this.#deps.platform.observe(targetOf(this.#deps.profile, record), this.#signal);
    if (seen.kind === 'absent' || record.step === 'reserved') return seen;
    if (isOurs(oursOf(this.#deps, record), seen)) {
      if (record.id === undefined) await this.#report.keepId(seen.id);
      return seen;
    }
    return record.id === undefined ? 'foreign' : { kind: 'absent' };
  }

  async #act(act: Act): Promise<void> {
    switch (act.kind) {
      case 'wait':
        return;
      case 'create':
        return this.#isLate ? undefined : this.#startCreate();
      case 'follow': {
        const percent = percentOf(act.observation, this.#record.percent);
        const upTo = upToOf(act.observation);
        this.#lastPhase = act.observation.phase;
        return this.#report.advance({ step: 'building', phase: act.observation.phase, percent, upTo });
      }
      case 'verify':
        return this.#verify();
      case 'fail':
        return this.#fail(act.words);
    }
  }

  /** Writes the range and goes on at once. */
  async #reserve(): Promise<void> {
    const { reservations, profile } = this.#deps;
    const pool = { cidr: profile.rangePool, prefix: profile.rangePrefix };
    const write = (range: string) =>
      this.#report.advance({
        step: 'reserved',
        range,
        percent: percentReserved,
        phase: 'range reserved',
        upTo: this.#firstUpTo,
      });
    const range = await reservations.reserve(pool, write, this.#signal);
    if (range === undefined) await this.#report.fail('QUOTA', poolFull, false);
    else await this.#step();
  }

  /**
   * Journals that the platform may have been asked, then asks, without waiting: the call may block until the
   * cluster is built, and what it says in the end is only one more hint for the next look.
   */
  async #startCreate(): Promise<void> {
    const record = this.#record;
    const phase = this.#create.tries === 0 ? 'platform asked' : 'platform asked again';
    const upTo = this.#firstUpTo;
    await this.#report.advance({ step: 'creating', percent: percentCreating, phase, upTo });
    this.#create.tries++;
    this.#create.state = 'flying';
    const { platform, profile, site } = this.#deps;
    const description = markOf(site, record);
    platform
      .create({ ...targetOf(profile, record), range: record.range ?? '', description }, this.#signal)
      .then(
        () => this.#createEnded('done', ''),
        (error: unknown) => this.#createEnded(isRefusal(error) ? 'refused' : 'died', messageOf(error)),
      );
  }

  #createEnded(state: Create['state'], words: string): void {
    if (this.#signal.aborted) return;
    this.#deps.log.info({ state, words: oneLine(words, 200) }, 'create call ended');
    this.#create.state = state;
    this.#create.words = words;
    // What was not seen during the call says nothing about after it.
    this.#absentSinceMs = undefined;
    this.#waker.wake();
  }

  /** The platform says ready; believed when the cluster itself says so too. */
  async #verify(): Promise<void> {
    if (this.#record.step !== 'verifying') {
      const phase = phaseCalling;
      await this.#report.advance({ step: 'verifying', percent: percentVerifying, phase, upTo: 100 });
    }
    const finished = await this.#finish.round(this.#record);
    if (this.#signal.aborted) return;
    if ('phase' in finished) {
      this.#lastPhase = finished.phase;
      await this.#report.advance({ phase: finished.phase, upTo: 100 });
    } else await this.#report.ready(finished.access.address, finished.access.server);
  }

  /** Before the platform was asked for anything, it has nothing of ours: what is there is not to be removed. */
  #fail(words: string, foreign = false): Promise<void> {
    const asked = this.#record.step !== 'accepted' && this.#record.step !== 'reserved';
    return this.#report.fail('PLATFORM', words, asked && !foreign);
  }

  /**
   * A refusal ends the press while the platform has not been asked for anything. Later it is tried again until
   * the deadline like any other trouble: a password that was changed must not lose a cluster half built.
   */
  async #trouble(error: unknown): Promise<number> {
    const words = messageOf(error);
    const { step } = this.#record;
    const refused = isRefusal(error);
    if (words !== this.#lastTrouble) this.#deps.log.warn({ reason: oneLine(words, 200) }, 'trying again');
    this.#lastTrouble = words;
    // When even this cannot be written, the press stays as it is on disk, and the next round tries again.
    const written = (work: Promise<void>) => work.catch(() => {});
    if (refused && (step === 'accepted' || step === 'reserved')) await written(this.#fail(words));
    else if (this.#isLate) await written(this.#fail(this.#lateWords()));
    else {
      // Told to the button, so that a person sees why nothing moves.
      const phase = /^API server/.test(words) ? 'API server not answering yet' : 'platform not answering';
      await written(this.#report.advance({ phase: refused ? words : phase }));
    }
    return this.#backoff.next();
  }

  #lateWords(): string {
    const seconds = Math.round((this.#record.deadlineAt - this.#record.acceptedAt) / 1000);
    // A call that died early says nothing about a cluster that was seen being built after it.
    const why = this.#lastTrouble || this.#lastPhase || this.#create.words;
    return why === '' ? `Not ready after ${seconds} s` : `Not ready after ${seconds} s: ${why}`;
  }
}
