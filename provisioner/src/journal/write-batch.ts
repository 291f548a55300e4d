/** One batch in the making: what some writes change, on top of what is in memory; nothing of it is seen before it is on disk. */

import { buttonKey, encodeValue, metaKey, noticeKey, noticeNumber, pressKey } from './codec.ts';
import type { Notice } from './notice.ts';
import { type ButtonRecord, type PressRecord, stands } from './records.ts';
import { addSums, metaOf, type PendingNotice, type Row, rowOf, type State } from './state.ts';

/** What one write changes; all of it or nothing reaches the disk. */
export interface Change {
  presses?: readonly PressRecord[];
  button?: ButtonRecord;
  /** Events to tell the webhooks of. */
  notices?: readonly Notice[];
}

/**
 * Notices that one webhook need not be told of any more, because it knows them or (with `reason`) would not have them; or
 * `again`: those that it would not have, to be told of once more.
 */
export interface Settled {
  hook: string;
  ids: readonly string[];
  reason?: string;
  again?: true;
}

export type Addressees = (notice: Notice) => readonly string[];

export type Operation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

/** Newest ended presses that are kept for each button: the estimate and an operator need no more. */
export const keptEnded = 50;

/** A build has about ten steps; more are a loop of ours, which must not fill the disk. */
export const maxHistory = 64;

interface Put {
  key: string;
  row: Row;
  text: string;
}

export class WriteBatch {
  readonly #state: State;
  readonly #nowMs: number;
  /** undefined: to be deleted. */
  readonly #changed = new Map<string, Put | undefined>();

  constructor(state: State, nowMs: number) {
    this.#state = state;
    this.#nowMs = nowMs;
  }

  get isEmpty(): boolean {
    return this.#changed.size === 0;
  }

  /** Adds a change, or nothing of it. @throws Error when a record could not be read back: a mistake of ours. */
  add({ presses = [], button, notices = [] }: Change, addressees: Addressees): void {
    const puts = presses.map(press =>
      this.#putOf(pressKey(press.button, press.press), this.#withHistory(press)),
    );
    if (button !== undefined) puts.push(this.#putOf(buttonKey(button.button), button));
    // Looks through everything, so only when there is something to number.
    let number = notices.length === 0 ? 0 : this.#lastNotice();
    for (const notice of notices) {
      const to = [...addressees(notice)];
      if (to.length > 0) puts.push(this.#putOf(noticeKey(++number), { notice, to }));
    }
    for (const put of puts) this.#changed.set(put.key, put);
    const ended = presses.filter(press => !stands(press));
    const now = new Set(ended.map(press => pressKey(press.button, press.press)));
    for (const name of new Set(ended.map(press => press.button))) this.#forgetOld(name, now);
  }

  settle({ hook, ids, reason, again }: Settled): void {
    const settled = new Set(ids);
    // Collected first: it changes what it walks through.
    for (const [key, row] of [...this.#rows('notice/')]) {
      if (row.kind !== 'notice' || !settled.has(row.record.notice.id)) continue;
      const { notice, to, refused = [] } = row.record;
      const isRefused = refused.some(each => each.hook === hook);
      if (again ? !isRefused : !to.includes(hook) && !isRefused) continue;
      const others = refused.filter(each => each.hook !== hook);
      const left = again ? [...to, hook] : to.filter(name => name !== hook);
      const kept = reason === undefined ? others : [...others, { hook, reason }];
      const isDone = left.length === 0 && kept.length === 0;
      const record = { notice, to: left, ...(kept.length === 0 ? {} : { refused: kept }) };
      this.#changed.set(key, isDone ? undefined : this.#putOf(key, record));
    }
  }

  /** These records as they are, with the histories that they have. @throws Error as {@link add}. */
  restore(
    presses: readonly PressRecord[],
    buttons: readonly ButtonRecord[],
    notices: readonly PendingNotice[],
  ): void {
    const puts = [
      ...presses.map(press => this.#putOf(pressKey(press.button, press.press), press)),
      ...buttons.map(button => this.#putOf(buttonKey(button.button), button)),
      ...notices.map((notice, i) => this.#putOf(noticeKey(i + 1), notice)),
    ];
    for (const put of puts) this.#changed.set(put.key, put);
  }

  /** Every record anew: for an upgrade. */
  addAll(): void {
    for (const [key, { record }] of this.#state.rows) this.#changed.set(key, this.#putOf(key, record));
    const buttons = [...this.#state.rows.values()].flatMap(row =>
      row.kind === 'press' ? [row.record.button] : [],
    );
    for (const name of new Set(buttons)) this.#forgetOld(name, new Set());
  }

  /** The batch for LevelDB, and the state that follows when it is on disk. */
  finish(): { operations: Operation[]; apply: () => void } {
    const { rows } = this.#state;
    let { sum } = this.#state;
    let records = rows.size;
    const operations: Operation[] = [];
    for (const [key, put] of this.#changed) {
      const before = rows.get(key);
      sum = addSums(sum, (put?.row.sum ?? 0) - (before?.sum ?? 0));
      records += (put === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
      operations.push(put === undefined ? { type: 'del', key } : { type: 'put', key, value: put.text });
    }
    const writes = this.#state.writes + 1;
    const meta = { ...metaOf(this.#state), writes, records, sum };
    operations.push({ type: 'put', key: metaKey, value: encodeValue(metaKey, JSON.stringify(meta)).text });
    return { operations, apply: () => this.#apply(writes, sum) };
  }

  #apply(writes: number, sum: number): void {
    const state = this.#state;
    for (const [key, put] of this.#changed) {
      if (put === undefined) state.rows.delete(key);
      else state.rows.set(key, put.row);
    }
    Object.assign(state, { writes, sum });
  }

  #putOf(key: string, record: PressRecord | ButtonRecord | PendingNotice): Put {
    const json = JSON.stringify(record);
    const { text, sum } = encodeValue(key, json);
    // Read back now: a record that the next start would refuse must not get in.
    return { key, row: rowOf(key, JSON.parse(json), sum), text };
  }

  #withHistory(press: PressRecord): PressRecord {
    const stored = this.#row(pressKey(press.button, press.press));
    const before = stored?.kind === 'press' ? stored.record : undefined;
    const history = [...(before?.history ?? [])];
    if (before?.step !== press.step) history.push({ step: press.step, at: this.#nowMs });
    // The first one says when it all began.
    if (history.length > maxHistory) history.splice(1, history.length - maxHistory);
    return { ...press, history };
  }

  /**
   * Deletes the ended presses of a button that ended before the newest of them. What ends just now is there for
   * whoever ended it, also when the clock has gone back meanwhile. What stands, or may, is never deleted.
   */
  #forgetOld(button: string, now: ReadonlySet<string>): void {
    const ended: { key: string; press: number; at: number }[] = [];
    for (const [key, row] of this.#rows(`press/${button}/`)) {
      if (row.kind !== 'press' || stands(row.record)) continue;
      const { press, history } = row.record;
      ended.push({ key, press, at: now.has(key) ? Number.POSITIVE_INFINITY : (history.at(-1)?.at ?? 0) });
    }
    ended.sort((a, b) => (a.at === b.at ? b.press - a.press : b.at - a.at));
    for (const { key } of ended.slice(keptEnded)) this.#changed.set(key, undefined);
  }

  #lastNotice(): number {
    let last = 0;
    for (const [key] of this.#rows('notice/')) last = Math.max(last, noticeNumber(key));
    return last;
  }

  #row(key: string): Row | undefined {
    return this.#changed.has(key) ? this.#changed.get(key)?.row : this.#state.rows.get(key);
  }

  /** All rows as they will be, whose keys begin like this. */
  *#rows(prefix: string): Generator<[string, Row]> {
    for (const [key, row] of this.#state.rows) {
      if (key.startsWith(prefix) && !this.#changed.has(key)) yield [key, row];
    }
    for (const [key, put] of this.#changed) {
      if (put !== undefined && key.startsWith(prefix)) yield [key, put.row];
    }
  }
}
