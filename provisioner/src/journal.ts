/**
 * The journal: every press and every button on disk, synced before anybody is told. LevelDB below, a copy of
 * everything in memory above, so that reading never waits. A write is in memory only once it is on disk.
 */
import { mkdirSync } from 'node:fs';
import { ClassicLevel } from 'classic-level';
import type { z } from 'zod';
import { errnoOf, messageOf, SetupError } from '../../config/src/setup-error.ts';
import { maxPressNumber } from '../../protocol/src/messages.ts';
import { findDamage } from './journal-check.ts';
import {
  type ButtonRecord,
  buttonRecordSchema,
  isBuilding,
  journalVersion,
  metaSchema,
  newButton,
  type PressRecord,
  pressRecordSchema,
} from './records.ts';

const metaKey = 'meta';
const pressDigits = String(maxPressNumber).length;

/** Padded, so that LevelDB's order is the order of the presses. */
export function pressKey(button: string, press: number): string {
  return `press/${button}/${String(press).padStart(pressDigits, '0')}`;
}

function buttonKey(button: string): string {
  return `button/${button}`;
}

/** What one write changes; all of it or nothing reaches the disk. */
export interface Change {
  presses?: readonly PressRecord[];
  button?: ButtonRecord;
}

export class Journal {
  readonly #db: ClassicLevel<string, string>;
  readonly #presses = new Map<string, PressRecord>();
  readonly #buttons = new Map<string, ButtonRecord>();

  private constructor(db: ClassicLevel<string, string>) {
    this.#db = db;
  }

  /**
   * Opens the journal, making it when there is none, and reads all of it.
   * @throws SetupError when another process has it open, when it is damaged, or from a newer version.
   */
  static async open(folder: string): Promise<Journal> {
    const db = await openDatabase(folder);
    const journal = new Journal(db);
    try {
      await journal.#load(folder);
      return journal;
    } catch (error) {
      await db.close();
      throw error instanceof SetupError
        ? error
        : new SetupError(`the journal ${folder} cannot be read: ${messageOf(error)}`);
    }
  }

  press(button: string, press: number): PressRecord | undefined {
    return this.#presses.get(pressKey(button, press));
  }

  /** What is known of a button; a new record when it was never heard. */
  button(button: string): ButtonRecord {
    return this.#buttons.get(buttonKey(button)) ?? newButton(button);
  }

  presses(): PressRecord[] {
    return [...this.#presses.values()];
  }

  /** Presses whose build or release has to go on. */
  unfinished(): PressRecord[] {
    return this.presses().filter(({ step }) => isBuilding(step) || step === 'releasing');
  }

  /** Resolves when the change is on the disk (fsync). Rejects when it is not, and then nothing changed here. */
  async write(change: Change): Promise<void> {
    const presses = change.presses ?? [];
    const operations = presses.map(record => ({
      type: 'put' as const,
      key: pressKey(record.button, record.press),
      value: JSON.stringify(record),
    }));
    if (change.button !== undefined) {
      const value = JSON.stringify(change.button);
      operations.push({ type: 'put', key: buttonKey(change.button.button), value });
    }
    await this.#db.batch(operations, { sync: true });
    for (const record of presses) this.#presses.set(pressKey(record.button, record.press), record);
    if (change.button !== undefined) this.#buttons.set(buttonKey(change.button.button), change.button);
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  async #load(folder: string): Promise<void> {
    const records = await this.#db.iterator().all();
    const meta = records.find(([key]) => key === metaKey);
    if (meta === undefined && records.length > 0) {
      throw new SetupError(`${folder} holds something that is not a journal: choose another folder`);
    }
    if (meta === undefined) {
      await this.#db.put(metaKey, JSON.stringify({ version: journalVersion }), { sync: true });
      return;
    }
    const { version } = check(metaSchema, folder, metaKey, meta[1]);
    if (version > journalVersion) {
      throw new SetupError(
        `the journal ${folder} has version ${version}, this program knows ${journalVersion}: update the program`,
      );
    }
    for (const [key, value] of records) {
      if (key.startsWith('press/')) {
        this.#presses.set(key, check(pressRecordSchema, folder, key, value));
      } else if (key.startsWith('button/')) {
        this.#buttons.set(key, check(buttonRecordSchema, folder, key, value));
      } else if (key !== metaKey) {
        throw new SetupError(`the journal ${folder} has an unknown record "${key}"`);
      }
    }
  }
}

async function openDatabase(folder: string): Promise<ClassicLevel<string, string>> {
  try {
    // Readable by its owner alone: it tells who builds what and when.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SetupError(`the journal folder ${folder} cannot be made: ${messageOf(error)}`);
  }
  const damage = findDamage(folder);
  if (damage !== undefined) throw damaged(folder, damage);
  const db = new ClassicLevel<string, string>(folder);
  try {
    await db.open();
    return db;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (errnoOf(cause) === 'LEVEL_LOCKED') {
      throw new SetupError(
        `another provisioner uses the journal ${folder}: stop it, or choose another folder`,
      );
    }
    throw damaged(folder, messageOf(cause ?? error));
  }
}

function damaged(folder: string, why: string): SetupError {
  const advice = 'restore it from a copy; a journal is never repaired silently';
  return new SetupError(`the journal ${folder} cannot be opened: ${why} (${advice})`);
}

function check<T>(schema: z.ZodType<T>, folder: string, key: string, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SetupError(`the journal ${folder} has a damaged record "${key}": not JSON`);
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const what = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  throw new SetupError(`the journal ${folder} has a damaged record "${key}": ${what}`);
}
