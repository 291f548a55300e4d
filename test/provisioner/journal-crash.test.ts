/** SIGKILL at any moment of writing: what was told is there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { killOften } from './fixtures/journal-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('killed six times, nothing that was told is lost', async () => {
  expect((await killOften(join(folder, 'journal'), 6)).length).toBeGreaterThan(0);
});
