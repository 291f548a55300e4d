/**
 * How one press goes on record: its step in the journal and its status at the button, always both at once. A build that
 * was called off meanwhile is not written about any more: all is decided on what the journal says at that moment.
 */
import type { Logger } from '../../../config/src/log.ts';
import { type Code, maxLineLength, maxPhaseLength } from '../../../protocol/src/messages.ts';
import type { StatusOutbox } from '../buttons/status-outbox.ts';
import {
  isTold,
  phaseBuildFailed,
  phaseLeft,
  type Said,
  saidBuilding,
  saidFailed,
  saidReady,
} from '../buttons/statuses.ts';
import { oneLine } from '../common/line.ts';
import type { Journal } from '../journal/index.ts';
import { clusterOf } from '../journal/queries.ts';
import { isBuilding, type PressRecord } from '../journal/records.ts';
import type { Rules } from '../settings/rules.ts';

export interface ReportDeps {
  journal: Journal;
  outbox: StatusOutbox;
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

/** How much of its deadline a build may lose count of when this process is killed. */
const keepPart = 1 / 50;

export class Report {
  readonly #deps: ReportDeps;
  readonly #button: string;
  readonly #press: number;
  readonly #usualS: number;
  readonly #ranMs: () => number;

  /**
   * @param usualS how long builds of this profile take, in seconds; @param ranMs how long this one has been under way
   * while a provisioner ran, in milliseconds.
   */
  constructor(deps: ReportDeps, button: string, press: number, usualS: number, ranMs: () => number) {
    this.#deps = deps;
    this.#button = button;
    this.#press = press;
    this.#usualS = usualS;
    this.#ranMs = ranMs;
  }

  /** The press as the journal has it now. */
  get record(): PressRecord {
    return clusterOf(this.#deps.journal, this.#button, this.#press);
  }

  /** Writes how far it is and tells the button, when there is something new to tell. */
  async advance(progress: Progress): Promise<void> {
    const { phase, upTo = 0, ...change } = progress;
    const words = oneLine(phase, maxPhaseLength);
    await this.#deps.outbox.update(this.#button, button => {
      const before = this.record;
      if (!isBuilding(before.step)) return undefined;
      const ranMs = this.#ranMs();
      const percent = Math.max(before.percent, change.percent ?? 0);
      const record = { ...before, ...change, percent, ranMs };
      const status = saidBuilding(record, this.#usualS, words, upTo);
      const unkept = ranMs - (before.ranMs ?? 0) > (before.deadlineAt - before.acceptedAt) * keepPart;
      const told = isTold(button.status, status, this.#usualS) && before.step === record.step;
      if (told) return unkept ? { presses: [record] } : undefined;
      return { presses: [record], status };
    });
  }

  /** Writes the platform's id of the cluster: from now on it is known by that. Nothing is said to the button. */
  async keepId(id: string): Promise<void> {
    await this.#write(record => ({ ...record, id }));
  }

  /** The range is somebody else's: what was made is removed first. */
  async giveWay(other: string): Promise<void> {
    const { clash } = this.record;
    const times = (clash?.times ?? 0) + 1;
    await this.#write(({ ...record }) => ({ ...record, clash: { times, with: other, open: true } }));
  }

  /** Nothing is left of it: it begins anew, with another range and another id. */
  async gaveWay(): Promise<void> {
    await this.#write(({ range: _, id: __, clash, ...record }) => ({
      ...record,
      step: 'creating',
      ...(clash === undefined ? {} : { clash: { ...clash, open: false } }),
    }));
  }

  async #write(change: (record: PressRecord) => PressRecord): Promise<void> {
    await this.#deps.outbox.update(this.#button, () =>
      isBuilding(this.record.step) ? { presses: [change(this.record)] } : undefined,
    );
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
   * @param mayStand true when the platform may have something of the cluster, which is then removed (or, when it was
   *   recovered, left to a person).
   */
  fail(code: Code, words: string, mayStand: boolean): Promise<void> {
    const line = oneLine(words, maxLineLength) || 'no words';
    const isRecovered = this.record.recovered === true;
    const forPerson = isRecovered ? { givenUp: true as const } : {};
    const cleanUp = mayStand ? { cleanUp: { since: this.#deps.now(), ...forPerson } } : {};
    const phase = isRecovered ? phaseLeft : phaseBuildFailed;
    return this.#end({ step: 'failed', line, ...cleanUp }, ({ cluster, percent }) =>
      saidFailed(cluster, percent, code, line, phase),
    );
  }

  async #end(change: Partial<PressRecord>, said: (record: PressRecord) => Said): Promise<void> {
    const written = await this.#deps.outbox.update(this.#button, () => {
      if (!isBuilding(this.record.step)) return undefined;
      const record = { ...this.record, ...change, ranMs: this.#ranMs(), endedAt: this.#deps.now() };
      return { presses: [record], building: null, status: said(record) };
    });
    if (written === undefined) return;
    const { state, address, line } = written.status;
    this.#deps.log.info({ state, address, line }, 'press ended');
  }
}
