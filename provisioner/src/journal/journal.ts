/**
 * The journal: every press and every button on disk, synced before anybody is told. LevelDB below, a copy of
 * everything in memory above, so that reading never waits. A write is in memory only once it is on disk.
 *
 * When a write fails (a full disk), nothing is written any more until the journal has been closed, checked and read
 * again: behind a record that was written by half, LevelDB would write on, and lose it all at the next start.
 */
import { type Logger, silentLog } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import { sleep } from '../common/wait.ts';
import { buttonKey, pressKey } from './codec.ts';
import { copyOf } from './copy.ts';
import type { Notice } from './notice.ts';
import { type ButtonRecord, newButton, type PressRecord, stands } from './records.ts';
import type { State } from './state.ts';
import { diskAdvice, Store } from './store.ts';
import { type Addressees, type Change, type Settled, WriteBatch } from './write-batch.ts';

export type { Change } from './write-batch.ts';

/** How often a broken journal tries to mend itself: an operator who made room should not wait (milliseconds). */
export const mendEveryMs = 5_000;

/** Writes that share one sync; more make one batch too large to be quick. */
const maxTogether = 256;

/** The journal cannot be written now. Nothing was changed that anybody has seen. */
export class JournalError extends Error {
  override name = 'JournalError';
}

export interface JournalOptions {
  /** Milliseconds since 1970. Default: this machine's clock. */
  now?: () => number;
  /** Default: no logs. */
  log?: Logger;
}

/** Who is told of notices. */
export interface Outbox {
  /** Whom a notice is for: names that stay the same from start to start. Nobody: it is not kept. */
  addressees: Addressees;
  /** Notices were written. */
  onNew: () => void;
}

interface PendingWrite {
  change?: Change;
  settled?: Settled;
  resolve: () => void;
  reject: (error: Error) => void;
}

export class Journal {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #listeners = new Set<(broken: string | undefined) => void>();
  readonly #closing = new AbortController();
  #store: Store | undefined;
  /** What {@link #store} holds, or held last. */
  #state: State;
  #outbox: Outbox = { addressees: () => [], onNew: () => {} };
  #waiting: PendingWrite[] = [];
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  #mending: Promise<void> | undefined;
  #broken: string | undefined;

  private constructor(folder: string, store: Store, options: Required<JournalOptions>) {
    this.#folder = folder;
    this.#now = options.now;
    this.#log = options.log;
    this.#store = store;
    this.#state = store.state;
  }

  /**
   * Opens the journal, making it when there is none, and reads all of it.
   * @throws SetupError when another process has it open, when it is damaged, or from a newer version.
   */
  static async open(
    folder: string,
    { now = Date.now, log = silentLog }: JournalOptions = {},
  ): Promise<Journal> {
    return new Journal(folder, await Store.open(folder, log), { now, log });
  }

  /** Why nothing can be written now and what to do, in one line; undefined while all is well. */
  get broken(): string | undefined {
    return this.#broken;
  }

  /** `listener` is told whenever {@link broken} changes. @returns a function that ends that. */
  onChange(listener: (broken: string | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  press(button: string, press: number): PressRecord | undefined {
    const row = this.#state.rows.get(pressKey(button, press));
    return row?.kind === 'press' ? row.record : undefined;
  }

  /** What is known of a button; a new record when it was never heard. */
  button(button: string): ButtonRecord {
    const row = this.#state.rows.get(buttonKey(button));
    return row?.kind === 'button' ? row.record : newButton(button);
  }

  presses(): PressRecord[] {
    const presses: PressRecord[] = [];
    for (const row of this.#state.rows.values()) if (row.kind === 'press') presses.push(row.record);
    return presses;
  }

  /** Presses whose build, release or cleaning up has to go on. */
  unfinished(): PressRecord[] {
    return this.presses().filter(press => stands(press) && press.step !== 'ready');
  }

  /** The text of a copy of all that is on disk at this moment, also while it is broken: see copy.ts. */
  copy(site: string): string {
    return copyOf(this.#state, site, this.#now());
  }

  /** From now on notices are kept for those whom the outbox names. */
  connect(outbox: Outbox): void {
    this.#outbox = outbox;
  }

  /** Events that somebody has still to be told of, oldest first. @param hook those for this one only. */
  notices(hook?: string): Notice[] {
    const notices: Notice[] = [];
    for (const row of this.#state.rows.values()) {
      if (row.kind !== 'notice') continue;
      const { to, notice } = row.record;
      if (hook === undefined ? to.length > 0 : to.includes(hook)) notices.push(notice);
    }
    return notices;
  }

  /** Events that somebody would not have, oldest first. */
  refusedNotices(): { hook: string; reason: string; notice: Notice }[] {
    return [...this.#state.rows.values()].flatMap(row =>
      row.kind === 'notice'
        ? (row.record.refused ?? []).map(each => ({ ...each, notice: row.record.notice }))
        : [],
    );
  }

  /** Everybody for whom a notice waits. */
  waitingFor(): Set<string> {
    const hooks = new Set<string>();
    for (const row of this.#state.rows.values()) {
      if (row.kind !== 'notice') continue;
      for (const hook of row.record.to) hooks.add(hook);
      for (const { hook } of row.record.refused ?? []) hooks.add(hook);
    }
    return hooks;
  }

  /**
   * Resolves when the change is on the disk (fsync). The journal keeps each press's history by itself; whatever the
   * given records say of it is not looked at.
   * @throws JournalError when it is not, or not for certain: nothing changed here, but when the journal mends itself
   * it takes what the disk says. Error when a record does not fit its schema.
   */
  write(change: Change): Promise<void> {
    return this.#enqueue({ change });
  }

  /**
   * These notices, by id, need not be told to this one any more: it knows them, or with a reason would not have them.
   * @throws as {@link write}.
   */
  settled(hook: string, ids: readonly string[], reason?: string): Promise<void> {
    return this.#enqueue({ settled: { hook, ids, ...(reason === undefined ? {} : { reason }) } });
  }

  /** Notices that this one would not have are told to it once more. @throws as {@link write}. */
  async tellAgain(hook: string, ids: readonly string[]): Promise<void> {
    await this.#enqueue({ settled: { hook, ids, again: true } });
    this.#outbox.onNew();
  }

  /** Finishes the writes under way and lets go of the folder. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#mending;
    await this.#writing;
    const store = this.#store;
    this.#store = undefined;
    await store?.close();
  }

  #enqueue(work: Pick<PendingWrite, 'change' | 'settled'>): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(new JournalError(this.#broken));
    if (this.#closing.signal.aborted) return Promise.reject(new JournalError('the journal is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...work, resolve, reject });
      if (!this.#busy) this.#writing = this.#writeAll();
    });
  }

  /** All that wait while one batch is synced go into the next one. Never rejects. */
  async #writeAll(): Promise<void> {
    this.#busy = true;
    try {
      // Ends: every turn takes at least one.
      while (this.#waiting.length > 0) await this.#writeSome(this.#waiting.splice(0, maxTogether));
    } finally {
      // In the same turn in which nothing waited, so that nobody who comes now is left behind.
      this.#busy = false;
    }
  }

  async #writeSome(writes: PendingWrite[]): Promise<void> {
    const batch = new WriteBatch(this.#state, this.#now());
    const added = writes.filter(write => this.#add(batch, write));
    try {
      if (!batch.isEmpty) await this.#store?.commit(batch);
    } catch (error) {
      const why = this.#break(messageOf(error));
      for (const write of [...added, ...this.#waiting.splice(0)]) write.reject(new JournalError(why));
      return;
    }
    for (const write of added) write.resolve();
    if (added.some(({ change }) => (change?.notices?.length ?? 0) > 0)) this.#outbox.onNew();
  }

  /** One change that cannot be written does not take the others with it. */
  #add(batch: WriteBatch, { change, settled, reject }: PendingWrite): boolean {
    try {
      if (change !== undefined) batch.add(change, this.#outbox.addressees);
      if (settled !== undefined) batch.settle(settled);
      return true;
    } catch (error) {
      reject(new Error(`a record that could not be read back: ${messageOf(error)}`));
      return false;
    }
  }

  #break(reason: string): string {
    const advice = `${diskAdvice}; it is tried again every ${mendEveryMs / 1000} s`;
    const broken = `the journal ${this.#folder} cannot be written: ${reason} (${advice})`;
    this.#log.error({ reason: broken }, 'the journal is broken: presses are refused');
    this.#say(broken);
    this.#mending ??= this.#mend().finally(() => {
      this.#mending = undefined;
    });
    return broken;
  }

  /** Never rejects. Ends when it worked, or at close. */
  async #mend(): Promise<void> {
    let said = '';
    while (this.#broken !== undefined) {
      await sleep(mendEveryMs, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      try {
        await this.#reopen();
        this.#log.info({ journal: this.#folder }, 'the journal can be written again');
        this.#say(undefined);
      } catch (error) {
        const reason = messageOf(error);
        // A disk may be full for a night: once, until it is something else. LevelDB numbers its files on with each try.
        const trouble = reason.replace(/\d+/g, '');
        if (trouble !== said) this.#log.warn({ reason }, 'the journal is still broken');
        said = trouble;
      }
    }
  }

  /** What is on disk counts: also a write whose sync failed and whose caller was told so. */
  async #reopen(): Promise<void> {
    const old = this.#store;
    this.#store = undefined;
    await old?.close();
    const store = await Store.open(this.#folder, this.#log);
    try {
      await store.probe();
    } catch (error) {
      await store.close();
      throw error;
    }
    this.#store = store;
    this.#state = store.state;
  }

  #say(broken: string | undefined): void {
    this.#broken = broken;
    for (const listener of this.#listeners) listener(broken);
  }
}
