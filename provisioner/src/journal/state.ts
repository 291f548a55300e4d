/** All that a journal holds, in memory, and how it is read from what stands on disk. */
import { z } from 'zod';
import { messageOf, SetupError } from '../../../config/src/setup-error.ts';
import { oneLine } from '../common/line.ts';
import { decodeValue, metaKey } from './codec.ts';
import { noticeSchema } from './notice.ts';
import {
  type ButtonRecord,
  buttonRecordSchema,
  journalVersion,
  type PressRecord,
  pressRecordSchema,
} from './records.ts';
import { pressFromVersion1 } from './upgrade.ts';

/** An event that somebody has still to be told of. */
export const pendingNoticeSchema = z.strictObject({
  notice: noticeSchema,
  /** Who, by a name that stays the same from start to start. */
  to: z.array(z.string()),
  /** Who would not have it, and in which words: kept for a person, who may have it sent again. */
  refused: z.array(z.strictObject({ hook: z.string(), reason: z.string() })).exactOptional(),
});
export type PendingNotice = z.infer<typeof pendingNoticeSchema>;

/** One record and the checksum that stands with it on disk. */
export type Row = { sum: number } & (
  | { kind: 'press'; record: PressRecord }
  | { kind: 'button'; record: ButtonRecord }
  | { kind: 'notice'; record: PendingNotice }
);

/** Tells whether all of it is there. Written with every write. */
const metaSchema = z.strictObject({
  version: z.literal(journalVersion),
  /** Writes since the journal was made. */
  writes: z.int().min(0),
  /** Records beside this one, and the sum of their checksums, modulo 2^32. */
  records: z.int().min(0),
  sum: z.int().min(0),
});
export type Meta = z.infer<typeof metaSchema>;

const anyMetaSchema = z.looseObject({ version: z.int().min(1) });

export interface State {
  rows: Map<string, Row>;
  writes: number;
  /** Of all rows, modulo 2^32. */
  sum: number;
}

export function emptyState(): State {
  return { rows: new Map(), writes: 0, sum: 0 };
}

export function addSums(a: number, b: number): number {
  return (a + b) >>> 0;
}

export function metaOf({ rows, writes, sum }: State): Meta {
  return { version: journalVersion, writes, records: rows.size, sum };
}

/** What the schema of a key's record makes of it. @throws Error in a few words. */
export function rowOf(key: string, value: unknown, sum: number): Row {
  if (key.startsWith('press/')) return { kind: 'press', record: parse(pressRecordSchema, value), sum };
  if (key.startsWith('button/')) return { kind: 'button', record: parse(buttonRecordSchema, value), sum };
  if (key.startsWith('notice/')) return { kind: 'notice', record: parse(pendingNoticeSchema, value), sum };
  throw new Error('nothing of ours');
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/**
 * @param entries everything on disk, in the order of its keys; @param mark what the mark says.
 * @returns the records, and whether they have to be written anew because they are of version 1.
 * @throws SetupError when anything is damaged, missing, or from a newer version.
 */
export function readState(
  folder: string,
  entries: readonly (readonly [string, string])[],
  mark: number | undefined,
): { state: State; old: boolean } {
  const metaText = entries.find(([key]) => key === metaKey)?.[1];
  const others = entries.filter(([key]) => key !== metaKey);
  if (metaText === undefined) {
    if (others.length === 0 && (mark ?? 0) === 0) return { state: emptyState(), old: false };
    if (mark === undefined && !others.some(([key]) => key.startsWith('press/'))) {
      throw new SetupError(`${folder} holds something that is not a journal: choose another folder`);
    }
    throw damaged(folder, 'its record "meta" is gone');
  }
  const version1 = isVersion1(metaText);
  const state = emptyState();
  for (const [key, text] of others) {
    const row = attempt(folder, key, () => {
      if (version1) return rowOf(key, pressFromVersion1(key, JSON.parse(text)), 0);
      const { value, sum } = decodeValue(key, text);
      return rowOf(key, value, sum);
    });
    state.rows.set(key, row);
    state.sum = addSums(state.sum, row.sum);
  }
  if (version1) return { state, old: true };
  const meta = attempt(folder, metaKey, () => checkVersion(folder, decodeValue(metaKey, metaText).value));
  checkWhole(folder, state, meta, mark);
  state.writes = meta.writes;
  return { state, old: false };
}

/** Version 1 had no checksums. */
function isVersion1(metaText: string): boolean {
  return /^\{"version":1\}$/.test(metaText);
}

function checkVersion(folder: string, value: unknown): Meta {
  const { version } = parse(anyMetaSchema, value);
  if (version > journalVersion) {
    throw new SetupError(
      `the journal ${folder} has version ${version}, this program knows ${journalVersion}: update the program`,
    );
  }
  return parse(metaSchema, value);
}

function checkWhole(folder: string, state: State, meta: Meta, mark: number | undefined): void {
  const { size } = state.rows;
  if (size !== meta.records) {
    const difference = Math.abs(meta.records - size);
    throw damaged(
      folder,
      `${difference} of ${meta.records} records are ${size < meta.records ? 'gone' : 'too many'}`,
    );
  }
  if (state.sum !== meta.sum) throw damaged(folder, 'some of its records are older than they should be');
  if (mark !== undefined && meta.writes < mark) {
    throw damaged(folder, `its last ${mark - meta.writes} of ${mark} writes are gone`);
  }
}

function attempt<T>(folder: string, key: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw damaged(folder, `its record "${oneLine(key, 80)}" is damaged: ${oneLine(messageOf(error), 200)}`);
  }
}

/** What to do about damage is the same wherever it is. */
export function damaged(folder: string, why: string): SetupError {
  const advice = 'restore it from a copy; a journal is never repaired silently';
  return new SetupError(`the journal ${folder} cannot be opened: ${why} (${advice})`);
}
