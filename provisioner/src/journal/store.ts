/** A journal's folder, opened: LevelDB, the mark beside it, and all that they hold. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { ClassicLevel } from 'classic-level';
import type { Logger } from '../../../config/src/log.ts';
import { errnoOf, messageOf, SetupError } from '../../../config/src/setup-error.ts';
import { findDamage } from './check.ts';
import { Mark, markName, readMark } from './mark.ts';
import { damaged, readState, type State } from './state.ts';
import { type Operation, WriteBatch } from './write-batch.ts';

type Database = ClassicLevel<string, string>;

/** Room for a hundred records or so: with less, a full disk would be full again at once (bytes). */
const probeBytes = 65_536;
const probeKey = 'probe';

/** What the operating system says when the files may be all right (glibc's and musl's words). */
const noFault =
  /No space left|File too large|quota exceeded|Read-only file system|Permission denied|Operation not permitted|Too many open files/i;

/** When the disk itself gave no answer, what is on it may be whole: no time to put an older copy there. Of glibc, or of Node. */
const noAnswer = /Input\/output error|\bEIO\b/i;

/** What to do then. */
export const diskAdvice = 'make room on its disk, or see whether this user may write there';

export class Store {
  readonly state: State;
  readonly #db: Database;
  readonly #mark: Mark;

  private constructor(db: Database, mark: Mark, state: State) {
    this.#db = db;
    this.#mark = mark;
    this.state = state;
  }

  /**
   * Opens the folder, making it when there is none, reads all of it, and makes records of version 1 new ones.
   * @throws SetupError when another process has it open, when it is damaged, or from a newer version.
   */
  static async open(folder: string, log: Logger): Promise<Store> {
    makeFolder(folder);
    const { db, state, old, mark } = await read(folder);
    let store: Store | undefined;
    try {
      const unknown = 'whether the last writes are all there is not known';
      if (mark === 'damaged') log.warn({ journal: folder }, `${markName} is damaged: ${unknown}`);
      else if (mark === undefined && state.writes > 0) {
        log.warn({ journal: folder }, `${markName} is missing: ${unknown}`);
      }
      store = new Store(db, new Mark(folder, state.writes), state);
      if (old || state.writes === 0) await store.#begin();
      return store;
    } catch (error) {
      await (store ?? db).close();
      throw new SetupError(`the journal ${folder} cannot be written: ${messageOf(error)} (${diskAdvice})`);
    }
  }

  /** All that a folder holds, which stays as it is. @throws SetupError as {@link open}; when there is no journal. */
  static async look(folder: string): Promise<State> {
    const made = existsSync(folder) && attempt(folder, () => readdirSync(folder)).length > 0;
    if (!made) {
      throw new SetupError(`there is no journal in ${folder}: look at "journal" in the settings`);
    }
    const { db, state } = await read(folder);
    await db.close();
    return state;
  }

  /** Resolves when the batch is on the disk (fsync) and in {@link state}. Rejects when it may not be. */
  async commit(batch: WriteBatch): Promise<void> {
    const { operations, apply } = batch.finish();
    await this.#batch(operations);
    apply();
    this.#mark.write(this.state.writes);
  }

  /** Writes something of some size that leaves no trace. */
  async probe(): Promise<void> {
    const { operations, apply } = new WriteBatch(this.state, 0).finish();
    const value = '-'.repeat(probeBytes);
    await this.#batch([{ type: 'put', key: probeKey, value }, { type: 'del', key: probeKey }, ...operations]);
    apply();
    this.#mark.write(this.state.writes);
  }

  async close(): Promise<void> {
    this.#mark.close();
    await this.#db.close();
  }

  #batch(operations: Operation[]): Promise<void> {
    return this.#db.batch(operations, { sync: true });
  }

  async #begin(): Promise<void> {
    const batch = new WriteBatch(this.state, 0);
    batch.addAll();
    await this.commit(batch);
  }
}

interface Found {
  db: Database;
  state: State;
  old: boolean;
  mark: Marked;
}

/** What the mark says; undefined when there is none. A damaged one says nothing, and is written anew. */
type Marked = number | 'damaged' | undefined;

async function read(folder: string): Promise<Found> {
  const damage = attempt(folder, () => findDamage(folder));
  if (damage !== undefined) throw damaged(folder, damage);
  const db = await openDatabase(folder);
  try {
    const mark = readMarkOf(folder);
    const entries = await db.iterator().all();
    return { db, mark, ...readState(folder, entries, mark === 'damaged' ? undefined : mark) };
  } catch (error) {
    await db.close();
    throw error instanceof SetupError ? error : notOpened(folder, messageOf(error));
  }
}

function readMarkOf(folder: string): Marked {
  try {
    const mark = readMark(folder);
    return mark === undefined || Number.isSafeInteger(mark) ? mark : 'damaged';
  } catch (error) {
    // One that cannot be read is another matter.
    if (errnoOf(error) !== undefined) throw error;
    return 'damaged';
  }
}

function makeFolder(folder: string): void {
  try {
    // Readable by its owner alone: it tells who builds what and when.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SetupError(`the journal folder ${folder} cannot be made: ${messageOf(error)}`);
  }
}

function attempt<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new SetupError(`the journal folder ${folder} cannot be read: ${messageOf(error)}`);
  }
}

/** One writer at a time: somebody else has it open. */
export class JournalInUse extends SetupError {}

async function openDatabase(folder: string): Promise<Database> {
  // Unpacked, so that every block of a table can be checked before LevelDB believes it.
  const db: Database = new ClassicLevel(folder, { compression: false });
  try {
    await db.open();
    return db;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (errnoOf(cause) === 'LEVEL_LOCKED') {
      throw new JournalInUse(
        `another provisioner uses the journal ${folder}: stop it, or choose another folder`,
      );
    }
    throw notOpened(folder, messageOf(cause ?? error));
  }
}

/** @param words of the operating system or of LevelDB. Pure. */
export function notOpened(folder: string, words: string): SetupError {
  const advice = noAnswer.test(words)
    ? 'its disk does not answer: look at the disk and at the kernel messages before anything else'
    : noFault.test(words)
      ? `${diskAdvice}; nothing is lost`
      : undefined;
  if (advice === undefined) return damaged(folder, words);
  return new SetupError(`the journal ${folder} cannot be opened: ${words} (${advice})`);
}
