/** A journal that was damaged at rest: found at open, whatever it was, and never answered with fewer records. */
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { firstDamage } from '../../provisioner/src/journal/check-log.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { newButton } from '../../provisioner/src/journal/records.ts';
import { notOpened } from '../../provisioner/src/journal/store.ts';
import { patience } from '../fixtures/patience.ts';
import { noticeOf, pressRecord } from './fixtures/records.ts';

/** More with DASHBUTTON_FLIPS. */
const flips = Number(process.env.DASHBUTTON_FLIPS ?? 200);

let folder: string;
let whole: string;
let copy: string;
let expected: string;

/** Tables of two generations and a log, each with records that the others do not have. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  whole = join(folder, 'whole');
  copy = join(folder, 'copy');
  for (let part = 0; part < 3; part++) {
    const journal = await Journal.open(whole);
    journal.connect({ addressees: () => ['a'], onNew: () => {} });
    for (let i = 1; i <= 100; i++) {
      const press = part * 100 + i;
      const button = { ...newButton(`house-0${i % 10}`), lastPress: press };
      await journal.write({ presses: [pressRecord(press)], button, notices: [noticeOf(press)] });
      if (press > 5)
        await journal.write({ presses: [pressRecord(press - 5, { step: 'ready', percent: 100 })] });
      if (press > 20) await journal.settled('a', [journal.notices()[0]?.id ?? '']);
    }
    expected = contents(journal);
    await journal.close();
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contents(journal: Journal): string {
  const presses = journal.presses().sort((a, b) => a.press - b.press);
  const buttons = Array.from({ length: 10 }, (_, i) => journal.button(`house-0${i}`));
  return JSON.stringify([presses, buttons, journal.notices()]);
}

/** LevelDB's own diary and its lock hold no records. */
function files(of: string): string[] {
  return readdirSync(of).filter(name => !name.startsWith('LOG') && name !== 'LOCK');
}

/** A fresh copy, changed. */
function damage(change: (path: (name: string) => string) => void): void {
  rmSync(copy, { recursive: true, force: true });
  cpSync(whole, copy, { recursive: true });
  change(name => join(copy, name));
}

/** Opens the copy. Resolves with what was found when it was not all there. */
async function found(): Promise<string | undefined> {
  let journal: Journal;
  try {
    journal = await Journal.open(copy);
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return messageOf(error);
  }
  expect(contents(journal)).toBe(expected);
  await journal.close();
  return undefined;
}

test(
  `${flips} times one changed byte, all over the files: refused, or all there`,
  async () => {
    const sizes = files(whole).map(name => [name, readFileSync(join(whole, name)).length] as const);
    expect(sizes.map(([name]) => name.replace(/\d+/, 'n')).sort()).toEqual(
      ['CURRENT', 'LAST-WRITE', 'MANIFEST-n', 'n.ldb', 'n.ldb', 'n.log'].sort(),
    );
    const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
    const count = new Map<string, number>();
    for (let i = 0; i < flips; i++) {
      const { name, at } = place(sizes, Math.floor(((i + Math.random()) * total) / flips));
      damage(path => {
        const bytes = readFileSync(path(name));
        bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(Math.random() * 255));
        writeFileSync(path(name), bytes);
      });
      const words = await found();
      if (words !== undefined)
        expect(words).toMatch(/^the journal .*(restore it from a copy|choose another)/);
      const kind = `${name.replace(/\d+/, 'n')}: ${words === undefined ? 'all there' : 'refused'}`;
      count.set(kind, (count.get(kind) ?? 0) + 1);
    }
    if (process.env.DASHBUTTON_FLIPS) process.stdout.write(`${JSON.stringify([...count])}\n`);
    expect(count.get('n.log: refused')).toBeGreaterThan(0);
    expect(count.get('n.ldb: refused')).toBeGreaterThan(0);
  },
  patience(flips * 100),
);

/** The byte at this offset in all files one behind the other. */
function place(sizes: readonly (readonly [string, number])[], offset: number): { name: string; at: number } {
  let at = offset;
  for (const [name, bytes] of sizes) {
    if (at < bytes) return { name, at };
    at -= bytes;
  }
  throw new Error('no such byte');
}

test('the message says which file, and where', async () => {
  const log = files(whole).find(name => name.endsWith('.log')) ?? '';
  damage(path => {
    const bytes = readFileSync(path(log));
    bytes[20_000] = (bytes[20_000] ?? 0) ^ 1;
    writeFileSync(path(log), bytes);
  });
  expect(await found()).toMatch(
    /cannot be opened: \d+\.log is damaged at byte 1\d{4} \(restore it from a copy; a journal is never repaired silently\)/,
  );
});

test('a table as well: its blocks, its index, its end', async () => {
  const table = files(whole).find(name => name.endsWith('.ldb')) ?? '';
  const { length } = readFileSync(join(whole, table));
  for (const at of [100, Math.floor(length / 2), length - 48 - 20, length - 47]) {
    damage(path => {
      const bytes = readFileSync(path(table));
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      writeFileSync(path(table), bytes);
    });
    expect(await found(), `byte ${at}`).toMatch(/cannot be opened: \d+\.ldb is damaged at byte \d+ /);
  }
});

test('each file that is gone is missed, and nothing made worse by looking', async () => {
  for (const name of files(whole).filter(each => each !== 'LAST-WRITE')) {
    damage(path => rmSync(path(name)));
    expect(await found(), name).toMatch(/cannot be opened/);
    // LevelDB begins a new log, and has forgotten the old one, before the mark can tell.
    if (name.endsWith('.log')) continue;
    copyFileSync(join(whole, name), join(copy, name));
    expect(await found(), `${name} is back`).toBeUndefined();
  }
});

test('a log whose end is gone, record by record: the mark tells how many writes', async () => {
  const name = files(whole).find(each => each.endsWith('.log')) ?? '';
  damage(path => truncateSync(path(name), 30_000));
  expect(await found()).toMatch(/its last \d+ of \d+ writes are gone/);
  damage(path => truncateSync(path(name), readFileSync(path(name)).length - 1));
  expect(await found()).toMatch(/its last 1 of \d+ writes are gone/);
});

test('without the mark it opens, and says what it cannot know; the mark is there again', async () => {
  damage(path => rmSync(path('LAST-WRITE')));
  const lines: string[] = [];
  const log = pino({}, { write: line => void lines.push(line) });
  const journal = await Journal.open(copy, { log });
  expect(contents(journal)).toBe(expected);
  await journal.close();
  expect(lines.join()).toMatch(/LAST-WRITE is missing/);
  expect(readdirSync(copy)).toContain('LAST-WRITE');
});

test('a damaged mark alone stops nobody: it is said, and written anew', async () => {
  damage(path => writeFileSync(path('LAST-WRITE'), '\0'.repeat(27)));
  const lines: string[] = [];
  const log = pino({}, { write: line => void lines.push(line) });
  const journal = await Journal.open(copy, { log });
  expect(contents(journal)).toBe(expected);
  await journal.close();
  expect(lines.join()).toMatch(/LAST-WRITE is damaged: whether the last writes are all there is not known/);
  expect(await found()).toBeUndefined();
});

test('a disk that does not answer for the mark is not taken for damage', async () => {
  // The kernel says EIO to whoever reads there from the beginning.
  damage(path => {
    rmSync(path('LAST-WRITE'));
    symlinkSync('/proc/self/mem', path('LAST-WRITE'));
  });
  const words = await found();
  expect(words).toMatch(/cannot be opened: EIO: .* \(its disk does not answer: look at the disk/);
  expect(words).not.toMatch(/restore/);
});

test.each([
  ['IO error: /j/000005.log: Input/output error', /its disk does not answer: look at the disk/],
  ['IO error: /j/LOCK: No space left on device', /make room on its disk.*nothing is lost/],
  ['Corruption: missing files', /restore it from a copy/],
])('what cannot be opened says what to do: %s', (words, advice) => {
  expect(notOpened('/j', words).message).toMatch(advice);
  expect(/restore/.test(notOpened('/j', words).message)).toBe(words.startsWith('Corruption'));
});

test('a record that vanished, an older one in its place, a stranger: LevelDB is content, the journal is not', async () => {
  const key = 'press/house-01/0000000100';
  const old = readRaw('press/house-01/0000000099');
  const cases: [string, (db: ClassicLevel) => Promise<unknown>, RegExp][] = [
    ['gone', db => db.del(key), /1 of \d+ records are gone/],
    [
      'another’s',
      async db => db.put(key, await old),
      /record "press\/house-01\/0000000100" is damaged: its checksum/,
    ],
    ['stranger', db => db.put('x', '1'), /record "x" is damaged/],
    ['no meta', db => db.del('meta'), /its record "meta" is gone/],
  ];
  await old;
  for (const [, change, words] of cases) {
    damage(() => {});
    const db = new ClassicLevel(copy);
    await change(db);
    await db.close();
    expect(await found()).toMatch(words);
  }
  // What it was before its last write, checksum and all.
  damage(() => {});
  const journal = await Journal.open(copy);
  const before = await closedRaw(journal, key);
  const again = await Journal.open(copy);
  await again.write({ presses: [pressRecord(100, { step: 'releasing', percent: 100 })] });
  await again.close();
  const db = new ClassicLevel(copy);
  await db.put(key, before);
  await db.close();
  expect(await found()).toMatch(/some of its records are older than they should be/);
});

async function closedRaw(journal: Journal, key: string): Promise<string> {
  await journal.close();
  const db = new ClassicLevel(copy);
  const value = await db.get(key);
  await db.close();
  return value ?? '';
}

async function readRaw(key: string): Promise<string> {
  damage(() => {});
  const db = new ClassicLevel(copy);
  const value = await db.get(key);
  await db.close();
  return value ?? '';
}

test('the check of a log: every flip is found, a cut is not damage, nor is what the disk never wrote', () => {
  const name = files(whole).find(entry => entry.endsWith('.log')) ?? '';
  const log = readFileSync(join(whole, name));
  // More than one block of the log's format.
  expect(log.length).toBeGreaterThan(40_000);
  expect(firstDamage(log)).toBeUndefined();
  for (let at = 0; at < log.length; at += 97) {
    const damaged = Buffer.from(log);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    expect(firstDamage(damaged), `byte ${at}`).toBeLessThanOrEqual(at);
  }
  // A length that reads too long hides the last record.
  const last = lastRecord(log);
  const longer = Buffer.from(log);
  longer.writeUInt16LE(longer.readUInt16LE(last + 4) + 256, last + 4);
  expect(firstDamage(longer)).toBe(last);
  for (const length of [0, 6, 7, 1000, 32_768, log.length - 1]) {
    expect(firstDamage(log.subarray(0, length))).toBeUndefined();
  }
  expect(firstDamage(Buffer.concat([log, Buffer.alloc(4096)]))).toBeUndefined();
  expect(firstDamage(Buffer.concat([log, Buffer.alloc(4096), log]))).toBe(log.length);
});

function lastRecord(log: Buffer): number {
  let at = 0;
  for (let next = 0; next + 7 <= log.length; ) {
    const left = 32_768 - (next % 32_768);
    if (left < 7) {
      next += left;
      continue;
    }
    at = next;
    next += 7 + log.readUInt16LE(next + 4);
  }
  return at;
}

test('a copy of the folder is a journal', async () => {
  damage(() => {});
  for (const name of readdirSync(whole)) copyFileSync(join(whole, name), join(copy, name));
  expect(await found()).toBeUndefined();
});
