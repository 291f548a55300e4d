/**
 * A disk that is full: no file may grow (RLIMIT_FSIZE by prlimit, which needs no root), later it may again. What the
 * journal does with a failed fsync is the same to it as a failed write.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { test as base, describe, expect } from 'vitest';
import { SetupError } from '../../config/src/setup-error.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { installed } from '../fixtures/installed.ts';
import { until } from '../fixtures/patience.ts';
import { type JournalProcess, lost, startJournalProcess } from './fixtures/journal-process.ts';

const test = base.extend(
  'folder',
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from here; none is needed.
  ({}, { onCleanup }) => {
    const folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    onCleanup(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  },
);

/** The soft limit for the size of any file the process writes; Node ignores the signal that comes with it. */
function limitFiles(pid: number | undefined, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

/** Two of the tests limit this process itself, so all come one after the other but those of the first group. */
const without = !installed('prlimit');

describe.skipIf(without)('a process whose disk is full (needs prlimit)', () => {
  test.concurrent('refused at once and said, and so at each try to mend it; room again: mended by itself, nothing lost', async ({
    folder,
  }) => {
    const writer = await startWriter(folder);
    try {
      limitFiles(writer.child.pid, 100);
      await told(writer, 'broken', 1);
      await told(writer, 'failed', 20);
      expect(linesOf(writer, 'failed').at(-1)).toMatch(
        /^failed the journal .* cannot be written: .*File too large \(make room on its disk, or see whether this user may write there; it is tried again every 5 s\)$/,
      );
      const written = linesOf(writer, 'ok').length;
      await told(writer, 'still broken', 1);
      expect(linesOf(writer, 'ok').length).toBe(written);
      expect(linesOf(writer, 'mended')).toEqual([]);
      limitFiles(writer.child.pid, 'unlimited');
      await told(writer, 'mended', 1);
      await told(writer, 'ok', written + 100);
    } finally {
      await writer.kill();
    }
    await nothingLost(folder, writer);
  });

  test.concurrent('full, mended, and full again: each time it mends itself, nothing lost', async ({
    folder,
  }) => {
    const writer = await startWriter(folder);
    try {
      for (let round = 1; round <= 2; round++) {
        limitFiles(writer.child.pid, 100);
        await told(writer, 'broken', round);
        const written = linesOf(writer, 'ok').length;
        limitFiles(writer.child.pid, 'unlimited');
        await told(writer, 'mended', round);
        await told(writer, 'ok', written + 100);
      }
    } finally {
      await writer.kill();
    }
    await nothingLost(folder, writer);
  });

  test.concurrent('killed while broken: everything is there at the next start', async ({ folder }) => {
    const writer = await startWriter(folder);
    try {
      limitFiles(writer.child.pid, 100);
      await told(writer, 'broken', 1);
    } finally {
      await writer.kill();
    }
    await nothingLost(folder, writer);
  });
});

const journalIn = (folder: string) => join(folder, 'journal');

/** One that has written a hundred times. */
async function startWriter(folder: string): Promise<JournalProcess> {
  const writer = startJournalProcess(journalIn(folder));
  try {
    await told(writer, 'ok', 100);
    return writer;
  } catch (error) {
    await writer.kill();
    throw error;
  }
}

function linesOf({ lines }: JournalProcess, kind: string): string[] {
  return lines.filter(line => line.startsWith(kind));
}

async function told(writer: JournalProcess, kind: string, times: number): Promise<void> {
  const said = () => linesOf(writer, kind).length;
  await until(
    () => said() >= times,
    () => `"${kind}" ${times} times, told ${said()} times`,
  );
}

async function nothingLost(folder: string, { lines }: JournalProcess): Promise<void> {
  const journal = await Journal.open(journalIn(folder));
  expect(lost(journal, lines)).toEqual([]);
  expect(journal.broken).toBeUndefined();
  await journal.close();
}

test.skipIf(without)(
  'a disk that is full at the start is not taken for damage (needs prlimit)',
  async ({ folder }) => {
    const path = journalIn(folder);
    await (await Journal.open(path)).close();
    limitFiles(process.pid, 10);
    const failure = await Journal.open(path).catch(error => error);
    limitFiles(process.pid, 'unlimited');
    expect(failure).toBeInstanceOf(SetupError);
    expect(failure.message).toMatch(
      /cannot be opened: .*File too large \(make room on its disk, .*nothing is lost\)$/,
    );
    await (await Journal.open(path)).close();
  },
);

/** Why the journal does not write on behind a failure. When this fails LevelDB has become better. */
test.skipIf(without)(
  'LevelDB loses what it accepts behind a record that was written by half (needs prlimit)',
  async ({ folder }) => {
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
