/**
 * After a failed build: removes what the platform may still have of it, so that a failure costs no machines. In the
 * background, and without a word to the button, which was told of the failure. A restart continues.
 */
import { messageOf } from '../../../config/src/setup-error.ts';
import { oneLine } from '../common/line.ts';
import { Backoff, sleep } from '../common/wait.ts';
import { clusterOf } from '../journal/queries.ts';
import type { PressRecord } from '../journal/records.ts';
import type { Profile } from '../settings/config.ts';
import { deleteOnce } from './delete.ts';
import { type Job, type JobDeps, oursOf } from './job.ts';

/** Between two looks, doubling: nobody waits for this, and a platform in trouble is left in peace (milliseconds). */
const firstLookMs = 1_000;
const maxLookMs = 600_000;

/** A removal that shows no effect is asked for again after so many looks: the platform may have forgotten it. */
const looksPerOrder = 5;

/** After a day of tries of one process a person has to look (milliseconds). The range stays reserved; the next start tries again. */
const giveUpAfterMs = 86_400_000;

/**
 * A cluster that was asked for and never seen may still appear, because the platform lists it a moment after the
 * call. It counts as never made when it has stayed away for this part of a usual build, at least and at most
 * (milliseconds).
 */
const settlePart = 1 / 5;
const minSettleMs = 1_000;
const maxSettleMs = 30_000;

/** How long a cluster that was asked for has to stay away before it counts as never made, in milliseconds. */
export function settleMsOf({ expectS }: Pick<Profile, 'expectS'>): number {
  return Math.min(maxSettleMs, Math.max(minSettleMs, expectS * 1000 * settlePart));
}

export class CleanUp implements Job {
  readonly #deps: JobDeps;
  readonly #settleMs: number;
  readonly #button: string;
  readonly #press: number;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  /** When this process took it up, and when it began to see nothing of the cluster; by {@link JobDeps.ran}. */
  readonly #sinceMs: number;
  #awaySinceMs: number | undefined;
  #looks = 0;

  constructor(deps: JobDeps, { button, press }: PressRecord) {
    this.#deps = deps;
    this.#button = button;
    this.#press = press;
    this.#sinceMs = deps.ran();
    this.#settleMs = settleMsOf(deps.profile);
    this.#backoff = new Backoff({ firstMs: firstLookMs, maxMs: maxLookMs, random: deps.random });
  }

  /** Runs until nothing is left, a day is over, or {@link stop}. Never rejects. */
  async run(): Promise<void> {
    while (!this.#signal.aborted && this.#goesOn) {
      const settling = await this.#round();
      const pauseMs = settling ? firstLookMs : this.#backoff.next();
      if (this.#goesOn) await sleep(pauseMs, this.#signal);
    }
    if (needsCleanUp(this.#record) && !this.#signal.aborted) {
      await this.#write({ givenUp: true }).catch(() => {}); // for who looks on; the log says it too
      this.#deps.log.error('given up: remove this cluster by hand, then dashbutton release it');
    }
  }

  /** Leaves it as it is: the next process goes on with it. */
  stop(): void {
    this.#stop.abort();
  }

  get #goesOn(): boolean {
    return needsCleanUp(this.#record) && this.#deps.ran() - this.#sinceMs < giveUpAfterMs;
  }

  get #signal(): AbortSignal {
    return this.#stop.signal;
  }

  get #record(): PressRecord {
    return clusterOf(this.#deps.journal, this.#button, this.#press);
  }

  /** One look. True while an absent cluster may still appear. Never rejects. */
  async #round(): Promise<boolean> {
    const { platform, now, ran } = this.#deps;
    try {
      const mayAsk = () => this.#looks++ % looksPerOrder === 0;
      const removed = await deleteOnce(platform, oursOf(this.#deps, this.#record), mayAsk, this.#signal);
      if (removed.kind !== 'gone') {
        this.#awaySinceMs = undefined;
        return false;
      }
      this.#looks = 0;
      this.#awaySinceMs ??= ran();
      const wanted = this.#record.id === undefined ? this.#settleMs : 0;
      if (ran() - this.#awaySinceMs < wanted) return true;
      await this.#write({ endedAt: now() });
      this.#deps.log.info('nothing is left of the failed cluster');
    } catch (error) {
      // An order that did not arrive was none.
      this.#looks = 0;
      if (!this.#signal.aborted) await this.#onTrouble(oneLine(messageOf(error), 200)).catch(() => {}); // tried again
    }
    return false;
  }

  async #onTrouble(trouble: string): Promise<void> {
    if (this.#record.cleanUp?.trouble === trouble) return;
    this.#deps.log.warn({ reason: trouble }, 'removing a failed cluster: trying again');
    await this.#write({ trouble });
  }

  async #write(change: Partial<NonNullable<PressRecord['cleanUp']>>): Promise<void> {
    await this.#deps.outbox.update(this.#button, () => {
      const record = this.#record;
      const { givenUp: _, ...before } = { since: this.#deps.now(), ...record.cleanUp };
      const cleanUp = { ...before, ...change };
      return { presses: [{ ...record, cleanUp }] };
    });
  }
}

/** True for a failed press of which the platform may still have something that nobody but we can have an eye on. */
export function needsCleanUp({ step, cleanUp, recovered }: PressRecord): boolean {
  if (step !== 'failed' || cleanUp === undefined || cleanUp.endedAt !== undefined) return false;
  return !(recovered === true && cleanUp.givenUp === true);
}
