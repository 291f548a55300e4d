/** Brings the journal's notices to one webhook: one at a time, in their order, each until it is taken. */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import { Backoff, sleep, Waker } from '../common/wait.ts';
import type { Journal } from '../journal/index.ts';
import type { Notice } from '../journal/notice.ts';
import type { Outcome, Poster } from './post.ts';

/** Waits between attempts, in milliseconds: a receiver that restarts is back soon, one that is dead is not hammered. */
const firstRetryMs = 5_000;
const maxRetryMs = 600_000;

/** What nobody took for so long, in which a provisioner tried, is old news (milliseconds). */
export const giveUpAfterMs = 86_400_000;

/** Notices that wait for one webhook; a dead one must not fill the disk. */
export const maxWaiting = 1_000;

/** When the journal cannot be written: how long until the next try, in milliseconds. It mends itself every 5 s. */
const journalRetryMs = 5_000;

/** A safety net: nothing is known that would need it (milliseconds). */
const idleMs = 60_000;

export interface DeliveryDeps {
  /** The webhook's name in the journal. */
  hook: string;
  poster: Poster;
  journal: Journal;
  /** Names the webhook in each line. */
  log: Logger;
  now: () => number;
  /** The time in which this process ran. */
  ran: () => number;
  random: () => number;
}

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #stopping = new AbortController();
  readonly #waker = new Waker();
  readonly #backoff: Backoff;
  /** When this process first saw each notice that waits, by `ran`. */
  #sinceMs = new Map<string, number>();
  readonly #running: Promise<void>;

  /** Starts at once. */
  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff({ firstMs: firstRetryMs, maxMs: maxRetryMs, random: deps.random });
    this.#running = this.#run();
  }

  /** There is something new. Does not shorten the wait for a webhook that just failed. */
  wake(): void {
    this.#waker.wake();
  }

  /** Ends a call under way; it is made again after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#deps.poster.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#dropBeyondLimit();
      const [notice] = this.#waiting();
      if (notice === undefined) await this.#waker.sleep(idleMs, signal);
      else await this.#bring(notice);
    }
  }

  async #bring(notice: Notice): Promise<void> {
    const { poster, log, now } = this.#deps;
    const { signal } = this.#stopping;
    const outcome = await poster.post(notice, now());
    if (outcome.kind === 'retry') {
      // A call that we ended ourselves says nothing about the webhook.
      if (!signal.aborted) await this.#later(outcome);
      return;
    }
    this.#backoff.reset();
    if (outcome.kind === 'taken') {
      log.debug({ notice: notice.id }, 'webhook told');
      return this.#settle([notice]);
    }
    const { reason } = outcome;
    log.warn(
      { notice: notice.id, reason },
      'webhook refuses the notice for good: put aside (dashbutton notices shows it); the next ones go on',
    );
    await this.#settle([notice], reason);
    await this.#forgetOldRefused();
  }

  async #forgetOldRefused(): Promise<void> {
    const { journal, hook, log } = this.#deps;
    const refused = journal.refusedNotices().filter(each => each.hook === hook);
    const old = refused.slice(0, Math.max(0, refused.length - maxWaiting)).map(({ notice }) => notice);
    if (old.length === 0) return;
    log.error(inShort(old), `more than ${maxWaiting} refused notices: dropped the oldest`);
    await this.#settle(old);
  }

  /** Everything behind the one that failed waits as well: so all that is too old goes together. */
  async #later({ reason, afterMs = 0 }: Extract<Outcome, { kind: 'retry' }>): Promise<void> {
    const { log } = this.#deps;
    const tooOld = this.#tooOld();
    if (tooOld.length > 0) {
      log.error({ ...inShort(tooOld), reason }, 'webhook not told: dropped what is more than a day old');
      await this.#settle(tooOld);
    }
    const waitMs = Math.max(this.#backoff.next(), Math.min(afterMs, maxRetryMs));
    const { button, press } = this.#waiting()[0] ?? {};
    log.warn({ button, press, reason, againS: Math.round(waitMs / 1000) }, 'webhook not told');
    await sleep(waitMs, this.#stopping.signal);
  }

  #tooOld(): Notice[] {
    const ranMs = this.#deps.ran();
    const waiting = this.#waiting();
    this.#sinceMs = new Map(waiting.map(({ id }) => [id, this.#sinceMs.get(id) ?? ranMs]));
    return waiting.filter(({ id }) => ranMs - (this.#sinceMs.get(id) ?? ranMs) >= giveUpAfterMs);
  }

  async #dropBeyondLimit(): Promise<void> {
    const waiting = this.#waiting();
    if (waiting.length <= maxWaiting) return;
    const dropped = waiting.slice(0, waiting.length - maxWaiting);
    const notices = dropped.map(({ id }) => id);
    this.#deps.log.error(
      { notices },
      `webhook not told: more than ${maxWaiting} notices wait, dropped the oldest`,
    );
    await this.#settle(dropped);
  }

  #waiting(): Notice[] {
    return this.#deps.journal.notices(this.#deps.hook);
  }

  /** Waits for a journal that cannot be written, so that nothing is told again and again meanwhile. */
  async #settle(notices: readonly Notice[], refusal?: string): Promise<void> {
    const { journal, hook, log } = this.#deps;
    const { signal } = this.#stopping;
    const ids = notices.map(({ id }) => id);
    while (!signal.aborted) {
      try {
        return await journal.settled(hook, ids, refusal);
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'the journal did not take that a webhook was told');
        await sleep(journalRetryMs, signal);
      }
    }
  }
}

/** Notices in a log: there may be a thousand. */
function inShort(notices: readonly Notice[]): { notices: number; first: string | undefined } {
  return { notices: notices.length, first: notices[0]?.id };
}
