/** The command makes the committed files, the same each time; parts.test.ts compares their bytes with what the sources make. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { patience } from '../fixtures/patience.ts';

const room = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'dashbutton-stl-')));
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const stlFiles = (folder: string) => readdirSync(folder).filter(name => name.endsWith('.stl'));

test('two runs of "npm run enclosure" give the bytes that are committed', {
  timeout: patience(30_000),
}, async () => {
  const [first = ''] = folders;
  writeFileSync(join(first, 'house-old-door.stl'), 'of a part that is no more');
  const command = ['--import', 'tsx', room('enclosure/src/main.ts')];
  const runs = folders.map(folder =>
    promisify(execFile)(process.execPath, [...command, folder], { cwd: room('.') }),
  );
  for (const { stdout } of await Promise.all(runs)) expect(stdout).toMatch(/^19 files in /);
  const committed = room('enclosure/stl');
  for (const folder of folders) {
    expect(stlFiles(folder)).toEqual(stlFiles(committed));
    for (const name of stlFiles(committed)) {
      const same = readFileSync(join(folder, name)).equals(readFileSync(join(committed, name)));
      expect(same, `${name} is not what the sources make: npm run enclosure, then commit`).toBe(true);
    }
  }
});
