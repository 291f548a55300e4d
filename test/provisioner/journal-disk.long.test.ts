/** A disk that stays full; how it is noticed and mended: journal-disk.test.ts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { installed } from '../fixtures/installed.ts';
import { pause, until } from '../fixtures/patience.ts';
import { startJournalProcess } from './fixtures/journal-process.ts';

test.skipIf(!installed('prlimit'))(
  'a disk that stays full is warned of once, not at each try (needs prlimit)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const writer = startJournalProcess(join(folder, 'journal'));
    onTestFinished(() => writer.kill());
    const count = (kind: string) => writer.lines.filter(line => line.startsWith(kind)).length;
    await until(() => count('ok') > 20, 'some writes');
    // Room for LevelDB to begin anew, and not for the probe: so each try has files with other numbers.
    execFileSync('prlimit', ['--pid', String(writer.child.pid), '--fsize=60000:']);
    await until(() => count('still broken'), 'the first try');
    // Two more.
    await pause(11_000);
    expect(count('still broken')).toBe(1);
    expect(count('broken')).toBe(1);
  },
);
