/** How one press goes on record: its step in the journal and its status at the button, always both at once. */
import type { Logger } from '../../config/src/log.ts';
import {
  type Code,
  maxLineLength,
  maxPhaseLength,
  type State,
  type Status,
} from '../../protocol/src/messages.ts';
import type { Desk } from './desk.ts';
import type { Journal } from './journal.ts';
import { oneLine } from './line.ts';
import { leftS, lookAgainS } from './progress.ts';
import type { PressRecord } from './records.ts';

/** The time left is told again when it has moved by this part of the usual build. */
const leftStep = 1 / 10;

export interface ReportDeps {
  journal: Journal;
  desk: Desk;
  log: Logger;
  now: () => number;
}

/** What changes in the record, and the few words that go with it. */
export interface Progress {
  step?: PressRecord['step'];
  percent?: number;
  range?: string;
  phase: string;
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
    const record = this.#deps.journal.press(this.#button, this.#press);
    if (record === undefined) throw new Error(`the journal has lost press ${this.#press} of ${this.#button}`);
    return record;
  }

  /** Writes how far it is and tells the button, when there is something new to tell. */
  async advance(progress: Progress): Promise<void> {
    const { phase, ...change } = progress;
    const before = this.record;
    const record = { ...before, ...change, percent: Math.max(before.percent, change.percent ?? 0) };
    const left = leftS(this.#usualS, record.percent, (this.#deps.now() - record.acceptedAt) / 1000);
    const status = {
      state: stateOf(record.step),
      cluster: record.cluster,
      phase: oneLine(phase, maxPhaseLength),
      percent: record.percent,
      leftS: left,
      lookAgainS: lookAgainS(left),
    };
    await this.#deps.desk.update(this.#button, button => {
      const told = isTold(button.status, status, this.#usualS);
      return told && before.step === record.step ? undefined : { presses: [record], status };
    });
  }

  ready(address: string): Promise<void> {
    const done = { percent: 100, address };
    return this.#end({ step: 'ready', ...done }, { state: 'ready', phase: 'ready', ...done });
  }

  /** @param words the reason, in the words of whoever said no; cut to one line. */
  fail(code: Code, words: string): Promise<void> {
    const line = oneLine(words, maxLineLength) || 'no words';
    const { percent } = this.record;
    return this.#end({ step: 'failed', line }, { state: 'failed', phase: 'failed', percent, code, line });
  }

  async #end(
    change: Partial<PressRecord>,
    status: Pick<Status, 'state' | 'phase' | 'percent'> & Partial<Status>,
  ): Promise<void> {
    const record = { ...this.record, ...change, endedAt: this.#deps.now() };
    await this.#deps.desk.update(this.#button, () => ({
      presses: [record],
      building: null,
      status: { cluster: record.cluster, leftS: 0, lookAgainS: 0, ...status },
    }));
    this.#deps.log.info({ state: status.state, address: status.address, line: status.line }, 'press ended');
  }
}

function stateOf(step: PressRecord['step']): State {
  if (step === 'accepted' || step === 'reserved') return 'accepted';
  return step === 'verifying' ? 'verifying' : 'provisioning';
}

/** True when the button knows this already; the time left alone is news only when it has moved visibly. */
function isTold(told: Status, now: Omit<Status, 'press' | 'seq'>, usual: number): boolean {
  const same = told.state === now.state && told.phase === now.phase && told.percent === now.percent;
  return (
    same && told.cluster === now.cluster && Math.abs(told.leftS - now.leftS) < Math.max(1, usual * leftStep)
  );
}
