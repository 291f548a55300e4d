/** Time to live: warns a cluster's button, then gives the cluster back. The journal knows when, so a restart is no matter. */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Journal } from '../journal/index.ts';
import type { ButtonRecord, PressRecord } from '../journal/records.ts';
import type { Desk, Update } from '../presses/desk.ts';
import { saidReady } from '../presses/statuses.ts';
import type { Rules } from '../settings/rules.ts';

/** How often all clusters are looked through, in milliseconds: a warning is in minutes, and a scan is cheap. */
const tickMs = 1_000;

export interface ExpiryDeps {
  journal: Journal;
  desk: Desk;
  rulesOf: (record: PressRecord) => Rules;
  /** Its time is over: give it back. */
  onExpired: (record: PressRecord) => Promise<void>;
  log: Logger;
  now: () => number;
}

export class Expiry {
  readonly #deps: ExpiryDeps;
  readonly #timer: NodeJS.Timeout;
  #busy = Promise.resolve();
  #ticking = false;

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => {
      // A tick that takes longer than the interval is not overtaken by the next.
      if (!this.#ticking) this.#busy = this.#tick();
    }, tickMs);
  }

  /** Resolves when the tick under way is done. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#busy;
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    const { journal, now, onExpired, log } = this.#deps;
    for (const record of journal.presses()) {
      if (record.step !== 'ready' || record.expiresAt === undefined) continue;
      try {
        if (now() >= record.expiresAt) await onExpired(record);
        else if (this.#isNear(record)) await this.#warn(record);
      } catch (error) {
        // Not written: the next tick tries again.
        const { button, press, cluster } = record;
        log.warn({ button, press, cluster, reason: messageOf(error) }, 'time to live');
      }
    }
    this.#ticking = false;
  }

  #isNear(record: PressRecord): boolean {
    const { now, rulesOf } = this.#deps;
    return (record.expiresAt ?? Number.POSITIVE_INFINITY) - now() <= rulesOf(record).warnBeforeS * 1000;
  }

  /** Only a button whose display is about this cluster is told; webhooks are told in any case. */
  async #warn({ button, press }: PressRecord): Promise<void> {
    const { desk, journal, rulesOf, now } = this.#deps;
    await desk.update(button, ({ status: told }: ButtonRecord): Update | undefined => {
      // As it is now: an order to give it back may have come in before this was our turn.
      const record = journal.press(button, press);
      if (record?.step !== 'ready') return undefined;
      const status = saidReady(record, now(), rulesOf(record));
      const shows = told.state === 'ready' && told.cluster === record.cluster;
      const first = record.warnedAt === undefined ? { presses: [{ ...record, warnedAt: now() }] } : undefined;
      const news = shows && told.phase !== status.phase ? { status } : undefined;
      return first === undefined && news === undefined ? undefined : { ...first, ...news };
    });
  }
}
