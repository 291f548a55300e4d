/**
 * A disk that is full: no file may grow (RLIMIT_FSIZE by prlimit, which needs no root), later it may again. What the
 * journal does with a failed fsync is the same to it as a failed write.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SetupError } from '../../config/src/setup-error.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { installed } from '../installed.ts';
import { type JournalProcess, lost, startJournalProcess } from './journal-process.ts';

let folder: string;
let writer: JournalProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
});

afterEach(async () => {
  await writer?.kill();
  writer = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** The soft limit for the size of any file the process writes; Node ignores the signal that comes with it. */
function limitFiles(pid: number | undefined, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

const timeout = 20_000;

test.skipIf(!installed('prlimit'))(
  'full: refused at once and said; room again: mended by itself, nothing lost',
  {
    timeout: 90_000,
  },
  async () => {
    const path = join(folder, 'journal');
    writer = startJournalProcess(path);
    const lines = (kind: string) => (writer?.lines ?? []).filter(line => line.startsWith(kind));
    for (let round = 1; round <= 2; round++) {
      const before = lines('ok').length;
      await expect.poll(() => lines('ok').length, { timeout }).toBeGreaterThan(before + 100);
      // The marker beside the journal is smaller than this; everything else is larger.
      limitFiles(writer.child.pid, 100);
      await expect.poll(() => lines('broken').length, { timeout }).toBe(round);
      const refused = lines('failed').length;
      await expect.poll(() => lines('failed').length, { timeout }).toBeGreaterThan(refused + 20);
      expect(lines('failed').at(-1)).toMatch(
        /^failed the journal .* cannot be written: .*File too large \(make room on its disk, or see whether this user may write there; it is tried again every 5 s\)$/,
      );
      const written = lines('ok').length;
      // Longer than one of its tries.
      await new Promise(resolve => setTimeout(resolve, 6_000));
      expect(lines('ok').length).toBe(written);
      expect(lines('mended').length).toBe(round - 1);
      limitFiles(writer.child.pid, 'unlimited');
      await expect.poll(() => lines('mended').length, { timeout }).toBe(round);
      await expect.poll(() => lines('ok').length, { timeout }).toBeGreaterThan(written + 100);
    }
    await writer.kill();
    const journal = await Journal.open(path);
    expect(lost(journal, writer.lines)).toEqual([]);
    await journal.close();
  },
);

test.skipIf(!installed('prlimit'))(
  'stopped while broken: it closes, and everything is there at the next start',
  {
    timeout: 60_000,
  },
  async () => {
    const path = join(folder, 'journal');
    writer = startJournalProcess(path);
    const lines = (kind: string) => (writer?.lines ?? []).filter(line => line.startsWith(kind));
    await expect.poll(() => lines('ok').length, { timeout }).toBeGreaterThan(100);
    limitFiles(writer.child.pid, 100);
    await expect.poll(() => lines('broken').length, { timeout }).toBe(1);
    await writer.kill();
    const journal = await Journal.open(path);
    expect(lost(journal, writer.lines)).toEqual([]);
    expect(journal.broken).toBeUndefined();
    await journal.close();
  },
);

test.skipIf(!installed('prlimit'))('a disk that is full at the start is not taken for damage', async () => {
  const path = join(folder, 'journal');
  await (await Journal.open(path)).close();
  limitFiles(process.pid, 10);
  const failure = await Journal.open(path).catch(error => error);
  limitFiles(process.pid, 'unlimited');
  expect(failure).toBeInstanceOf(SetupError);
  expect(failure.message).toMatch(
    /cannot be opened: .*File too large \(make room on its disk, .*nothing is lost\)$/,
  );
  await (await Journal.open(path)).close();
});

/** Why the journal does not write on behind a failure. When this fails LevelDB has become better. */
test.skipIf(!installed('prlimit'))(
  'LevelDB loses what it accepts behind a record that was written by half',
  async () => {
    const path = join(folder, 'level');
    const db = new ClassicLevel(path);
    const write = (key: string) => db.batch([{ type: 'put', key, value: key.repeat(5_000) }], { sync: true });
    await write('a');
    limitFiles(process.pid, 8_000);
    const failure = await write('b').catch(error => error);
    limitFiles(process.pid, 'unlimited');
    expect(String(failure)).toMatch(/File too large/);
    await write('c');
    await db.close();
    const again = new ClassicLevel(path);
    expect(await again.keys().all()).toEqual(['a']);
    await again.close();
  },
);
