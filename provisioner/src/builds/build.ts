/** Brings one press to its end: look at the platform, decide, act, again. Any restart continues where it was. */
import { messageOf } from '../../../config/src/setup-error.ts';
import {
  percentCreating,
  percentOf,
  percentReserved,
  percentVerifying,
  upToOf,
  usualS,
} from '../buttons/progress.ts';
import { oneLine } from '../common/line.ts';
import { briefOf, isRefusal, type Observation } from '../common/platform.ts';
import { Backoff, Waker } from '../common/wait.ts';
import { markOf, pastBuildsMs } from '../journal/queries.ts';
import { isBuilding, type PressRecord } from '../journal/records.ts';
import { isOurs } from './delete.ts';
import { type Job, type JobDeps, originOf, oursOf, targetOf } from './job.ts';
import { type Act, type Create, nameTaken, nextAct } from './plan.ts';
import { RangeTaken } from './range-clash.ts';
import { RangeGuard } from './range-guard.ts';
import { Report } from './report.ts';
import type { Reservations, Reserved } from './reservations.ts';
import { phaseCalling, Verification } from './verification.ts';

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

const poolFull = 'No free address range in the pool of this profile: give a cluster back';

const phaseAsked = 'platform asked';

/** A sentence of the platform in a log, in characters: its reason may stand at the end. */
const maxWordsLength = 500;

export interface BuildDeps extends JobDeps {
  reservations: Reservations;
}

function newCreate(): Create {
  return { state: 'none', words: '', tries: 0 };
}

export class Build implements Job {
  readonly #deps: BuildDeps;
  readonly #report: Report;
  readonly #stop = new AbortController();
  readonly #waker = new Waker();
  readonly #backoff: Backoff;
  readonly #lookMs: number;
  readonly #settleMs: number;
  readonly #verification: Verification;
  #create: Create = newCreate();
  /** Reserved by this process, and the platform showed no cluster of the name: ordered without another look. */
  #isNew = false;
  readonly #guard: RangeGuard;
  /** When this process took it up, and since when it sees nothing of the cluster; by {@link JobDeps.ran}. */
  readonly #sinceMs: number;
  #absentSinceMs: number | undefined;
  /** What earlier processes have spent on it, in milliseconds. */
  readonly #ranBeforeMs: number;
  /** Of the last look, empty when that went well. */
  #lastTrouble = '';
  /** What the last good look saw being waited for, and in the platform's own words what was in the way. */
  #lastPhase = '';
  #lastHeldUp = '';

  constructor(deps: BuildDeps, { button, press, profile, ranMs = 0 }: PressRecord) {
    this.#deps = deps;
    this.#sinceMs = deps.ran();
    this.#ranBeforeMs = ranMs;
    const usual = usualS(pastBuildsMs(deps.journal, profile), deps.profile.expectS);
    this.#report = new Report(deps, button, press, usual, () => this.#ranMs);
    this.#lookMs = Math.min(maxLookMs, Math.max(minLookMs, (usual * 1000) / looksPerBuild));
    this.#settleMs = Math.min(maxSettleMs, Math.max(minSettleMs, usual * 1000 * settlePart));
    this.#verification = new Verification(deps, this.#stop.signal);
    this.#guard = new RangeGuard(deps, this.#report, this.#stop.signal);
    this.#backoff = new Backoff({ firstMs: this.#lookMs, maxMs: maxRetryMs, random: deps.random });
  }

  /** Runs to the end of the press, or until {@link stop}. Never rejects. */
  async run(): Promise<void> {
    // After the last pause the cluster may be on its way back already: that is not this one's work.
    while (!this.#signal.aborted && isBuilding(this.#record.step)) {
      const pauseMs = await this.#round();
      if (!isBuilding(this.#record.step)) break;
      // Not beyond the deadline, so that it is kept to the moment.
      const leftMs = this.#deadlineMs - this.#ranMs;
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

  /** How long it may take. Both times were read off one clock at once, so this is true whatever that clock showed. */
  get #deadlineMs(): number {
    const { deadlineAt, acceptedAt } = this.#record;
    return deadlineAt - acceptedAt;
  }

  /** How long somebody could look after it: what counts for the deadline. */
  get #ranMs(): number {
    return this.#ranBeforeMs + Math.round(this.#deps.ran() - this.#sinceMs);
  }

  get #isLate(): boolean {
    return this.#ranMs >= this.#deadlineMs;
  }

  /** One look and one act. Returns how long to pause, in milliseconds; never rejects. */
  async #round(): Promise<number> {
    try {
      // Late, it still looks once: the cluster may have become ready since the last look.
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
    const { step, range, clash } = this.#record;
    if (clash?.open === true) return this.#makeWay();
    if (range === undefined) return this.#reserve();
    if (this.#isNew && this.#create.state === 'none') return this.#act({ kind: 'create' });
    const observation = await this.#look();
    if (observation === 'foreign') return this.#fail(nameTaken, true);
    const ranMs = this.#ranMs;
    if (observation.kind !== 'absent') this.#absentSinceMs = undefined;
    else this.#absentSinceMs ??= ranMs;
    const absentForMs = ranMs - (this.#absentSinceMs ?? ranMs);
    if (observation.kind === 'building' && !this.#guard.isAlone && (await this.#guard.clashes(false))) return;
    const create = { ...this.#create };
    await this.#act(nextAct({ step, observation, create, absentForMs, settleMs: this.#settleMs }));
  }

  /** What the platform shows of our cluster. Another one that has its name by now is not ours: ours is gone. */
  async #look(): Promise<Observation | 'foreign'> {
    const record = this.#record;
    const seen = await this.#deps.platform.observe(targetOf(this.#deps.profile, record), this.#signal, true);
    if (seen.kind === 'absent' || record.step === 'reserved') return seen;
    // Not ours, when our first order without a look was refused, and nothing says whose it is.
    const doubtful = this.#isNew && this.#create.state === 'refused' && this.#create.tries === 1;
    const nameless = doubtful && record.id === undefined && seen.description === '';
    if (!nameless && isOurs(oursOf(this.#deps, record), seen)) {
      if (record.id === undefined) await this.#report.keepId(seen.id);
      return seen;
    }
    return record.id === undefined ? 'foreign' : { kind: 'absent' };
  }

  async #act(act: Act): Promise<void> {
    const { step } = this.#record;
    switch (act.kind) {
      case 'wait': {
        const { state, brief = '' } = this.#create;
        if (state !== 'died' || step !== 'creating') return;
        return this.#report.advance({ phase: brief, upTo: this.#firstUpTo });
      }
      case 'create':
        return this.#isLate ? undefined : this.#startCreate();
      case 'follow': {
        const percent = percentOf(act.observation, this.#record.percent);
        const upTo = upToOf(act.observation);
        const { phase, trouble = '' } = act.observation;
        if (trouble !== '' && trouble !== this.#lastHeldUp) {
          this.#deps.log.warn({ reason: trouble }, 'the platform is held up');
        }
        this.#lastHeldUp = trouble;
        this.#lastPhase = phase;
        return this.#report.advance({ step: 'building', phase, percent, upTo });
      }
      case 'verify':
        return this.#verify();
      case 'fail':
        return this.#fail(act.words);
    }
  }

  /** Writes the range and goes on at once. */
  async #reserve(): Promise<void> {
    const { reservations, profile, random } = this.#deps;
    const { rangePool: cidr, rangePrefix: prefix, exclude = [] } = profile;
    const { cluster, clash, step } = this.#record;
    // Who has met somebody else at the beginning of the pool would meet him there again.
    const pool = { cidr, prefix, exclude, from: clash === undefined ? 0 : random() };
    const upTo = this.#firstUpTo;
    const write = ({ range, isNew }: Reserved) =>
      isNew
        ? // The order follows at once: one write for both, because each waits for the disk.
          this.#report.advance({ step: 'creating', range, percent: percentCreating, phase: phaseAsked, upTo })
        : this.#report.advance({
            step: step === 'accepted' ? 'reserved' : step,
            range,
            percent: percentReserved,
            phase: 'range reserved',
            upTo,
          });
    const reserved = await reservations.reserve(pool, cluster, write, this.#signal);
    if (reserved === undefined) return this.#report.fail('QUOTA', poolFull, false);
    this.#isNew = reserved.isNew;
    await this.#step();
  }

  /** What was made with a range that is somebody else's goes first; then it begins anew. */
  async #makeWay(): Promise<void> {
    if (!(await this.#guard.makeWay())) return;
    // What an order under way still says is about the cluster that is gone.
    this.#create = newCreate();
    this.#absentSinceMs = undefined;
    await this.#step();
  }

  /**
   * Journals that the platform may have been asked, then asks, without waiting: the call may block until the
   * cluster is built, and what it says in the end is only one more hint for the next look.
   */
  async #startCreate(): Promise<void> {
    const record = this.#record;
    const isFirst = this.#create.tries === 0;
    if (!isFirst || !this.#isNew) {
      const phase = isFirst ? phaseAsked : (this.#create.brief ?? 'platform asked again');
      const upTo = this.#firstUpTo;
      await this.#report.advance({ step: 'creating', percent: percentCreating, phase, upTo });
    }
    // Called off while that was written: then nothing is asked for any more. From here to the call nobody comes between.
    if (!isBuilding(this.#record.step)) return;
    const create = this.#create;
    create.tries++;
    create.state = 'flying';
    const { platform, profile, site } = this.#deps;
    const order = { range: record.range ?? '', description: markOf(site, record), origin: originOf(record) };
    platform.create({ ...targetOf(profile, record), ...order }, this.#signal).then(
      () => this.#createEnded(create, 'done', '', ''),
      (error: unknown) =>
        this.#createEnded(create, isRefusal(error) ? 'refused' : 'died', messageOf(error), briefOf(error)),
    );
  }

  #createEnded(create: Create, state: Create['state'], words: string, brief: string): void {
    if (this.#signal.aborted) return;
    // Asked again and again while something is away: said once.
    if (state !== 'died' || words !== create.words)
      this.#deps.log.info({ state, words: oneLine(words, maxWordsLength) }, 'create call ended');
    Object.assign(create, { state, words, brief });
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
    const finished = await this.#verification.round(this.#record);
    if (this.#signal.aborted) return;
    if ('phase' in finished) {
      this.#lastPhase = finished.phase;
      return this.#report.advance({ phase: finished.phase, upTo: 100 });
    }
    // The last look, at a list that was asked for after the platform had said ready.
    if ((await this.#guard.clashes(true)) || this.#signal.aborted) return;
    if (this.#guard.isAlone) await this.#report.ready(finished.access.address, finished.access.server);
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
    if (words !== this.#lastTrouble)
      this.#deps.log.warn({ reason: oneLine(words, maxWordsLength) }, 'trying again');
    this.#lastTrouble = words;
    // When even this cannot be written, the press stays as it is on disk, and the next round tries again.
    const written = (work: Promise<void>) => work.catch(() => {});
    if (error instanceof RangeTaken) await written(this.#fail(words));
    else if (refused && (step === 'accepted' || step === 'reserved')) await written(this.#fail(words));
    else if (this.#isLate) await written(this.#fail(this.#lateWords()));
    else {
      // Told to the button, so that a person sees why nothing moves.
      await written(this.#report.advance({ phase: refused ? words : briefOf(error) }));
    }
    return this.#backoff.next();
  }

  #lateWords(): string {
    const seconds = Math.round(this.#deadlineMs / 1000);
    // A call that died early says nothing about a cluster that was seen being built after it.
    const why = this.#lastTrouble || this.#lastPhase || this.#create.words;
    return why === '' ? `Not ready after ${seconds} s` : `Not ready after ${seconds} s: ${why}`;
  }
}
