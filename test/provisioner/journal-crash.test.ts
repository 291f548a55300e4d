/** SIGKILL at any moment of writing: what was told is there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { lost, startJournalProcess } from './journal-process.ts';

/** More with DASHBUTTON_KILLS. */
const kills = Number(process.env.DASHBUTTON_KILLS ?? 50);

test(`${kills} times killed, nothing that was told is lost`, { timeout: kills * 10_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  const path = join(folder, 'journal');
  const told: string[] = [];
  for (let round = 0; round < kills; round++) {
    const writer = startJournalProcess(path);
    await expect.poll(() => writer.lines.length, { timeout: 20_000, interval: 10 }).toBeGreaterThan(0);
    await wait(Math.random() * 150);
    await writer.kill();
    told.push(...writer.lines);
    const journal = await Journal.open(path);
    expect(lost(journal, told)).toEqual([]);
    await journal.close();
  }
  if (process.env.DASHBUTTON_KILLS) process.stdout.write(`${told.length} writes told\n`);
  rmSync(folder, { recursive: true });
});
