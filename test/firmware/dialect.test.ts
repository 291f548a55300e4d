/** The guard of the dialect, and the real bundle. dialect.long.test.ts proves the guard against the interpreter. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildFirmware } from '../../firmware/build.ts';
import { until } from '../fixtures/patience.ts';
import { dialectProblems } from './fixtures/dialect.ts';
import { bad, badOnChipOnly, good } from './fixtures/dialect-samples.ts';

const maxBundleBytes = 25_600;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-dialect-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const rows = (table: Record<string, string[]>) =>
  Object.entries(table).flatMap(([what, programs]) => programs.map(code => ({ what, code })));
const found = (code: string) => dialectProblems(code).map(({ what }) => what);

describe('The dialect guard', () => {
  test.each(rows({ ...bad, ...badOnChipOnly }))('is against $what, and says so: $code', ({ what, code }) => {
    expect(found(code)).toContain(what);
  });

  test.each(good)('has nothing against %s', code => {
    expect(found(code)).toEqual([]);
  });

  test('says where, and why', () => {
    expect(dialectProblems('const a = 1;\nif (a)  f({ ...a });\nfunction f() {}\n')).toEqual([
      expect.objectContaining({ line: 2, column: 8, what: 'use before definition' }),
      expect.objectContaining({ line: 2, column: 12, what: 'spread', why: expect.stringMatching(/parse/) }),
    ]);
  });

  test('has samples that are right in a full JavaScript', async () => {
    const isScript = (code: string) => !/^(import|export) /.test(code);
    for (const code of [...rows(bad).map(row => row.code), ...good].filter(isScript)) {
      const printed: unknown[] = [];
      const print = (text: unknown) => printed.push(text);
      vm.runInNewContext(code, { print, setTimeout, queueMicrotask }, { importModuleDynamically: undefined });
      await until(() => printed.length > 0, code);
      expect(printed, code).toEqual(['OK']);
    }
  });
});

describe('The bundle', () => {
  test('has nothing that the interpreter lacks', async () => {
    const { code } = await buildFirmware({ outfile: join(folder, 'bundle.js') });
    expect(dialectProblems(code)).toEqual([]);
    const readable = await buildFirmware({ outfile: join(folder, 'readable.js'), minify: false });
    expect(dialectProblems(readable.code)).toEqual([]);
  });

  test(`fits the flash: at most ${maxBundleBytes} bytes`, async () => {
    const { bytes } = await buildFirmware({ outfile: join(folder, 'bundle.js') });
    expect(bytes).toBeLessThanOrEqual(maxBundleBytes);
  });
});
