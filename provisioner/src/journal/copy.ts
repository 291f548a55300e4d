/**
 * A copy of a journal, as text in one file: a head, then a line for each record, as it stands on disk. It is no folder that
 * a provisioner could start with: what was accepted after it was taken is not in it, so only `journal recover` reads it.
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { messageOf, SetupError } from '../../../config/src/setup-error.ts';
import { oneLine } from '../common/line.ts';
import { decodeValue, encodeValue } from './codec.ts';
import { contentsOf, type JournalContents } from './contents.ts';
import { journalVersion } from './records.ts';
import { type Row, rowOf, type State } from './state.ts';

const copyVersion = 1;

const headSchema = z.strictObject({
  /** Tells what this file is. */
  dashbuttonJournalCopy: z.int().min(1),
  site: z.string(),
  /** When it was taken, in milliseconds since 1970. */
  at: z.int().min(0),
  journal: z.int().min(1),
  writes: z.int().min(0),
  records: z.int().min(0),
});

/** What a copy holds. */
export interface JournalCopy extends JournalContents {
  site: string;
  /** When it was taken, in milliseconds since 1970. */
  at: number;
  /** Of all records. */
  rows: ReadonlyMap<string, Row>;
}

/** The text of a copy of all that is on disk at this moment. Pure. */
export function copyOf({ rows, writes }: State, site: string, at: number): string {
  const head: z.infer<typeof headSchema> = {
    dashbuttonJournalCopy: copyVersion,
    ...{ site, at, journal: journalVersion, writes, records: rows.size },
  };
  const lines = [...rows].map(
    ([key, { record }]) => `${key} ${encodeValue(key, JSON.stringify(record)).text}`,
  );
  const body = [JSON.stringify(head), ...lines].join('\n');
  return `${body}\n${endOf(body)}\n`;
}

function endOf(body: string): string {
  return `end ${crc32(body).toString(16).padStart(8, '0')}`;
}

/** @param name of the file, for messages. @throws SetupError when it is no copy, not whole, or from a newer version. */
export function readCopy(text: string, name: string): JournalCopy {
  const [first = '', ...lines] = text.split('\n');
  const head = headIn(first, name);
  if (head.dashbuttonJournalCopy > copyVersion || head.journal > journalVersion)
    throw new SetupError(`${name} is of a newer version: update the program`);
  const damaged = (why: string) =>
    new SetupError(`${name} is damaged: ${why}; take another copy, or recover without one`);
  const end = lines.at(-2) ?? '';
  const body = text.slice(0, Math.max(0, text.length - end.length - 2));
  if (lines.at(-1) !== '' || end !== endOf(body)) throw damaged('it is not whole');
  const rows = new Map<string, Row>();
  for (const line of lines.slice(0, -2)) {
    const at = line.indexOf(' ');
    const key = line.slice(0, at);
    try {
      const decoded = decodeValue(key, line.slice(at + 1));
      rows.set(key, rowOf(key, decoded.value, decoded.sum));
    } catch (error) {
      throw damaged(`its record "${oneLine(key, 80)}": ${oneLine(messageOf(error), 200)}`);
    }
  }
  if (rows.size !== head.records) throw damaged(`${rows.size} of ${head.records} records are in it`);
  return { site: head.site, at: head.at, rows, ...contentsOf(rows) };
}

function headIn(line: string, name: string): z.infer<typeof headSchema> {
  try {
    return headSchema.parse(JSON.parse(line));
  } catch {
    throw new SetupError(`${name} is no copy of a journal: dashbutton journal copy makes one`);
  }
}
