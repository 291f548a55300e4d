/**
 * Time to live: warns a cluster's button, then gives the cluster back. How long a cluster has left is measured in time
 * in which this process ran; the wall's clock is believed once, at the first look, and never without a warning after
 * it. The journal knows when its end is, so a restart is no matter.
 */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { StatusOutbox, Update } from '../buttons/status-outbox.ts';
import { saidReady } from '../buttons/statuses.ts';
import type { Clock } from '../common/clock.ts';
import { type Journal, pressKey } from '../journal/index.ts';
import type { ButtonRecord, PressRecord } from '../journal/records.ts';
import type { Rules } from '../settings/rules.ts';
import { Life } from './life.ts';

/** How often all clusters are looked through, in milliseconds: a warning is in minutes, and a scan is cheap. */
const tickMs = 1_000;

/** The journal's end of a cluster may differ by so much from ours before it is written anew (milliseconds). */
const sameMs = 2_000;

/** How much of its warning a cluster may lose count of when this process is killed. */
const keepPart = 1 / 10;

export interface ExpiryDeps {
  journal: Journal;
  outbox: StatusOutbox;
  rulesOf: (record: PressRecord) => Rules;
  /** Its time is over: give it back. */
  onExpired: (record: PressRecord) => Promise<void>;
  log: Logger;
  clock: Clock;
  /** As `ClockWatch.readingsS`: one more for each jump a moment ago, before which an end may have been written. */
  readingsS: () => number[];
}

export class Expiry {
  readonly #deps: ExpiryDeps;
  readonly #timer: NodeJS.Timeout;
  readonly #startedRanMs: number;
  #lives = new Map<string, Life>();
  #busy = Promise.resolve();
  #ticking = false;

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
    this.#startedRanMs = deps.clock.ran();
    this.#timer = setInterval(() => {
      // A tick that takes longer than the interval is not overtaken by the next.
      if (!this.#ticking) this.#busy = this.#tick();
    }, tickMs);
  }

  /** The wall's clock has jumped. What it showed at the first look may have been wrong: in doubt a cluster lives longer. */
  jumped(): void {
    const { clock } = this.#deps;
    for (const life of this.#lives.values()) life.jumped(clock.now(), clock.ran() - this.#startedRanMs);
  }

  /** Resolves when the tick under way is done. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#busy;
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    const { journal, log } = this.#deps;
    const before = this.#lives;
    this.#lives = new Map();
    for (const record of journal.presses()) {
      if (record.step !== 'ready' || record.expiresAt === undefined) continue;
      const { button, press, cluster } = record;
      const key = pressKey(button, press);
      try {
        const life = this.#lifeOf(record, before.get(key));
        this.#lives.set(key, life);
        await this.#look(record, life);
      } catch (error) {
        // Not written: the next tick tries again.
        log.warn({ button, press, cluster, reason: messageOf(error) }, 'time to live');
      }
    }
    this.#ticking = false;
  }

  /** Anew when somebody else has written another end. */
  #lifeOf(record: PressRecord, known: Life | undefined): Life {
    if (known !== undefined && known.written === record.expiresAt) return known;
    const { timeToLiveS } = this.#deps.rulesOf(record);
    const { clock, readingsS } = this.#deps;
    return new Life(record, timeToLiveS, Math.min(...readingsS()) * 1000, clock.ran());
  }

  async #look(record: PressRecord, life: Life): Promise<void> {
    const { clock, rulesOf, onExpired } = this.#deps;
    const warnBeforeMs = rulesOf(record).warnBeforeS * 1000;
    life.live(clock.ran(), record.warnedAt === undefined ? undefined : warnBeforeMs);
    if (life.leftMs > warnBeforeMs) return this.#keep(record, life);
    if (record.warnedAt !== undefined && life.leftMs <= 0) return onExpired(record);
    if (record.warnedAt === undefined) life.atLeast(warnBeforeMs);
    await this.#warn(record, life);
  }

  /** After a jump the journal's end is told in the time of the clock as it is now. */
  async #keep({ button, press }: PressRecord, life: Life): Promise<void> {
    const kept = await this.#deps.outbox.update(button, (): Update | undefined => {
      const record = this.#readyAs(button, press, life);
      const changed = record === undefined ? undefined : this.#inTime(record, life);
      return changed === undefined ? undefined : { presses: [changed] };
    });
    life.wrote(kept?.presses?.[0]);
  }

  /** Only a button whose display is about this cluster is told; webhooks are told in any case. */
  async #warn({ button, press }: PressRecord, life: Life): Promise<void> {
    const { outbox, rulesOf, clock } = this.#deps;
    const kept = await outbox.update(button, ({ status: told }: ButtonRecord): Update | undefined => {
      const record = this.#readyAs(button, press, life);
      if (record === undefined) return undefined;
      const rules = rulesOf(record);
      const nowMs = clock.now();
      const status = saidReady({ ...record, expiresAt: nowMs + life.leftMs }, nowMs, rules);
      const shows = told.state === 'ready' && told.cluster === record.cluster;
      const news = shows && told.phase !== status.phase ? { status } : undefined;
      const lostMs = life.warnedForMs - (record.warnedForMs ?? 0);
      const first = record.warnedAt === undefined;
      const uncounted = lostMs > Math.max(1, rules.warnBeforeS * 1000 * keepPart);
      const moved = this.#inTime(record, life);
      if (!first && news === undefined && !uncounted && moved === undefined) return undefined;
      const warnedForMs = Math.round(life.warnedForMs);
      return {
        presses: [{ ...(moved ?? record), warnedAt: record.warnedAt ?? nowMs, warnedForMs }],
        ...news,
      };
    });
    life.wrote(kept?.presses?.[0]);
  }

  /** As it is now: an order to give it back may have come in before this was our turn. */
  #readyAs(button: string, press: number, { written }: Life): PressRecord | undefined {
    const record = this.#deps.journal.press(button, press);
    return record?.step === 'ready' && record.expiresAt === written ? record : undefined;
  }

  /** With its end as we have it; undefined when the journal says the same. */
  #inTime(record: PressRecord, life: Life): PressRecord | undefined {
    const expiresAt = Math.max(0, Math.round(this.#deps.clock.now() + life.leftMs));
    return Math.abs(expiresAt - life.written) < sameMs ? undefined : { ...record, expiresAt };
  }
}
