/** How one press goes on record: its step in the journal and its status at the button, always both at once. */
import type { Logger } from '../../../config/src/log.ts';
import { type Code, maxLineLength, maxPhaseLength } from '../../../protocol/src/messages.ts';
import type { Journal } from '../journal/index.ts';
import type { PressRecord } from '../journal/records.ts';
import { oneLine } from '../line.ts';
import type { Desk } from '../presses/desk.ts';
import { isTold, type Said, saidBuilding, saidFailed, saidReady } from '../presses/statuses.ts';
import type { Rules } from '../settings/rules.ts';
import { clusterOf } from './clusters.ts';

export interface ReportDeps {
  journal: Journal;
  desk: Desk;
  log: Logger;
  now: () => number;
  rules: Rules;
}

/** What changes in the record, and the few words that go with it. */
export interface Progress {
  step?: PressRecord['step'];
  percent?: number;
  range?: string;
  phase: string;
  /** The percent at which this phase ends. Left out when nobody knows: then no display moves on by itself. */
  upTo?: number;
}

export class Report {
  readonly #deps: ReportDeps;
  readonly #button: string;
  readonly #press: number;
  readonly #usualS: number;

  /** @param usualS how long builds of this profile take, in seconds. */
  constructor(deps: ReportDeps, button: string, press: number, usualS: number) {
    this.#deps = deps;
    this.#button = button;
    this.#press = press;
    this.#usualS = usualS;
  }

  /** The press as the journal has it now. */
  get record(): PressRecord {
    return clusterOf(this.#deps.journal, this.#button, this.#press);
  }

  /** Writes how far it is and tells the button, when there is something new to tell. */
  async advance(progress: Progress): Promise<void> {
    const { phase, upTo = 0, ...change } = progress;
    const before = this.record;
    const record = { ...before, ...change, percent: Math.max(before.percent, change.percent ?? 0) };
    const words = oneLine(phase, maxPhaseLength);
    const status = saidBuilding(record, this.#usualS, this.#deps.now(), words, upTo);
    await this.#deps.desk.update(this.#button, button => {
      const told = isTold(button.status, status, this.#usualS);
      return told && before.step === record.step ? undefined : { presses: [record], status };
    });
  }

  /** Writes the platform's id of the cluster: from now on it is known by that. Nothing is said to the button. */
  async keepId(id: string): Promise<void> {
    await this.#deps.desk.update(this.#button, () => ({ presses: [{ ...this.record, id }] }));
  }

  /** @param server the API's URL. */
  ready(address: string, server: string): Promise<void> {
    const { now, rules } = this.#deps;
    const { timeToLiveS } = rules;
    const expiresAt = timeToLiveS === undefined ? {} : { expiresAt: now() + timeToLiveS * 1000 };
    const change = { step: 'ready' as const, percent: 100, address, server, ...expiresAt };
    return this.#end(change, record => saidReady(record, now(), rules));
  }

  /**
   * @param words the reason, in the words of whoever said no; cut to one line.
   * @param mayStand true when the platform may have something of the cluster, which is then removed.
   */
  fail(code: Code, words: string, mayStand: boolean): Promise<void> {
    const line = oneLine(words, maxLineLength) || 'no words';
    const cleanUp = mayStand ? { cleanUp: { since: this.#deps.now() } } : {};
    return this.#end({ step: 'failed', line, ...cleanUp }, ({ cluster, percent }) =>
      saidFailed(cluster, percent, code, line),
    );
  }

  async #end(change: Partial<PressRecord>, said: (record: PressRecord) => Said): Promise<void> {
    const record = { ...this.record, ...change, endedAt: this.#deps.now() };
    const status = said(record);
    await this.#deps.desk.update(this.#button, () => ({ presses: [record], building: null, status }));
    this.#deps.log.info({ state: status.state, address: status.address, line: status.line }, 'press ended');
  }
}
