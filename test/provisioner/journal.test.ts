import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SetupError } from '../../config/src/setup-error.ts';
import { Journal } from '../../provisioner/src/journal.ts';
import { firstDamage } from '../../provisioner/src/journal-check.ts';
import { newButton } from '../../provisioner/src/records.ts';
import { pressRecord } from './records.ts';

let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'dashbutton-')), 'journal');
});

afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

/** Opens, changes raw records, closes. */
async function raw(change: (db: ClassicLevel<string, string>) => Promise<unknown>): Promise<void> {
  const db = new ClassicLevel<string, string>(folder);
  await db.open();
  await change(db);
  await db.close();
}

test('what was written is read again, and nothing else', async () => {
  const first = await Journal.open(folder);
  const button = { ...newButton('house-01'), lastPress: 3, building: 3 };
  await first.write({ presses: [pressRecord(3, { step: 'reserved', range: '172.16.0.0/20' })], button });
  await first.write({ presses: [pressRecord(2, { step: 'ready', endedAt: 5, address: '10.0.0.1' })] });
  await first.close();
  const second = await Journal.open(folder);
  expect(second.presses().map(({ press, step }) => [press, step])).toEqual([
    [2, 'ready'],
    [3, 'reserved'],
  ]);
  expect(second.unfinished().map(press => press.press)).toEqual([3]);
  expect(second.button('house-01')).toEqual(button);
  expect(second.button('house-02').status.state).toBe('idle');
  await second.close();
});

test('nothing that was told is lost to a SIGKILL', { timeout: 20_000 }, async () => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('journal-child.ts', import.meta.url)), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let told = 0;
  child.stdout.on('data', chunk => {
    told = Number(String(chunk).trim().split('\n').at(-1));
    if (told > 200) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const journal = await Journal.open(folder);
  const numbers = journal.presses().map(record => record.press);
  expect(told).toBeGreaterThan(200);
  expect(numbers.slice(0, told)).toEqual(Array.from({ length: told }, (_, i) => i + 1));
  await journal.close();
});

test('a second provisioner is refused', async () => {
  const journal = await Journal.open(folder);
  await expect(Journal.open(folder)).rejects.toThrow(SetupError);
  await expect(Journal.open(folder)).rejects.toThrow(/^another provisioner uses the journal .*stop it/);
  await journal.close();
});

test('a newer version, a damaged record, a stranger’s folder and a file in the way: each one sentence', async () => {
  await (await Journal.open(folder)).close();
  await raw(db => db.put('meta', '{"version":2}'));
  await expect(Journal.open(folder)).rejects.toThrow(/has version 2, this program knows 1: update/);
  await raw(async db => {
    await db.put('meta', '{"version":1}');
    await db.put('press/house-01/0000000001', '{"step":"built"}');
  });
  await expect(Journal.open(folder)).rejects.toThrow(/damaged record "press\/house-01\/0000000001": button/);
  await raw(db => db.put('press/house-01/0000000001', 'x'));
  await expect(Journal.open(folder)).rejects.toThrow(/damaged record .*not JSON/);
  await raw(db => db.del('meta'));
  await expect(Journal.open(folder)).rejects.toThrow(/holds something that is not a journal/);
  writeFileSync(join(folder, '..', 'file'), '');
  await expect(Journal.open(join(folder, '..', 'file'))).rejects.toThrow(/journal folder .* cannot be made/);
});

test('a damaged database is not opened', async () => {
  await (await Journal.open(folder)).close();
  writeFileSync(join(folder, 'CURRENT'), 'garbage\n');
  await expect(Journal.open(folder)).rejects.toThrow(/^the journal .* cannot be opened/);
});

test('one changed byte anywhere in the log is found; a log that was cut off is read up to there', async () => {
  const journal = await Journal.open(folder);
  for (let press = 1; press <= 200; press++) await journal.write({ presses: [pressRecord(press)] });
  await journal.close();
  const name = readdirSync(folder).find(entry => entry.endsWith('.log')) ?? '';
  const log = readFileSync(join(folder, name));
  // More than one block of the log's format.
  expect(log.length).toBeGreaterThan(40_000);
  expect(firstDamage(log)).toBeUndefined();
  for (let at = 0; at < log.length; at += 997) {
    const damaged = Buffer.from(log);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    expect(firstDamage(damaged)).toBeLessThanOrEqual(at);
  }
  for (const length of [0, 6, 7, 1000, 32_768, log.length - 1]) {
    expect(firstDamage(log.subarray(0, length))).toBeUndefined();
  }
  log[20_000] = (log[20_000] ?? 0) ^ 1;
  writeFileSync(join(folder, name), log);
  await expect(Journal.open(folder)).rejects.toThrow(/cannot be opened: .*\.log is damaged at byte \d+/);
  writeFileSync(join(folder, name), log.subarray(0, 19_000));
  const cut = await Journal.open(folder);
  expect(cut.presses().length).toBeGreaterThan(50);
  await cut.close();
});
