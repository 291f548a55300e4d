/** The same as journal-crash.test.ts, more often: one moment in many is the wrong one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { patience } from '../fixtures/patience.ts';
import { killOften } from './fixtures/journal-process.ts';

/** More with DASHBUTTON_KILLS. */
const kills = Number(process.env.DASHBUTTON_KILLS ?? 50);

const folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  `killed ${kills} times, nothing that was told is lost`,
  async () => {
    const told = await killOften(join(folder, 'journal'), kills);
    if (process.env.DASHBUTTON_KILLS) process.stdout.write(`${told.length} writes told\n`);
  },
  patience(kills * 2_000),
);
