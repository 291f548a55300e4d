/** The guard of the dialect, its own proof against the interpreter, and the real bundle. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildFirmware } from '../../firmware/build.ts';
import { howToEnable, interpreter } from '../espruino/interpreter.ts';
import { dialectProblems } from './dialect.ts';
import { bad, badOnChipOnly, good } from './dialect-samples.ts';

const maxBundleBytes = 20_000;

/** The end of what the interpreter says before it runs anything. */
const banner = 'espruino.com/Donate';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-dialect-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const rows = (table: Record<string, string[]>) =>
  Object.entries(table).flatMap(([what, programs]) => programs.map(code => ({ what, code })));
const found = (code: string) => dialectProblems(code).map(({ what }) => what);

describe('The dialect guard', () => {
  it.each(rows({ ...bad, ...badOnChipOnly }))('reports $what: $code', ({ what, code }) => {
    expect(found(code)).toContain(what);
  });

  it.each(good)('has nothing against %s', code => {
    expect(found(code)).toEqual([]);
  });

  it('says where, and why', () => {
    expect(dialectProblems('const a = 1;\nif (a)  f({ ...a });\nfunction f() {}\n')).toEqual([
      expect.objectContaining({ line: 2, column: 8, what: 'use before definition' }),
      expect.objectContaining({ line: 2, column: 12, what: 'spread', why: expect.stringMatching(/parse/) }),
    ]);
  });

  it('has samples that are right in a full JavaScript', async () => {
    const isScript = (code: string) => !/^(import|export) /.test(code);
    for (const code of [...rows(bad).map(row => row.code), ...good].filter(isScript)) {
      const printed: unknown[] = [];
      const print = (text: unknown) => printed.push(text);
      vm.runInNewContext(code, { print, setTimeout, queueMicrotask }, { importModuleDynamically: undefined });
      await expect.poll(() => printed, { message: code, interval: 1 }).toEqual(['OK']);
    }
  });
});

describe.skipIf(!interpreter)(`The dialect guard against the real interpreter (${howToEnable})`, () => {
  /** What the program says before it ends by itself, or within a second. */
  function said(code: string): string {
    const script = join(folder, 'sample.js');
    writeFileSync(script, code, 'utf8');
    const options = {
      cwd: folder,
      encoding: 'latin1',
      input: '',
      timeout: 1000,
      killSignal: 'SIGKILL',
    } as const;
    const { stdout } = spawnSync(interpreter ?? '', [script], options);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the console moves its cursor about
    const text = stdout.replace(/\x1b\[[0-9;]*[A-Za-z]|[\r>]/g, '');
    return text.slice(text.indexOf(banner) + banner.length).trim();
  }

  it.each(rows(bad))('$what goes wrong there: $code', ({ code }) => {
    expect(said(code)).not.toBe('OK');
  });

  it.each(good)('%s goes right there', code => {
    expect(said(code)).toBe('OK');
  });
});

describe('The bundle', () => {
  it('has nothing that the interpreter lacks', async () => {
    const { code } = await buildFirmware({ outfile: join(folder, 'bundle.js') });
    expect(dialectProblems(code)).toEqual([]);
    const readable = await buildFirmware({ outfile: join(folder, 'readable.js'), minify: false });
    expect(dialectProblems(readable.code)).toEqual([]);
  });

  it(`has at most ${maxBundleBytes} bytes`, async () => {
    const { bytes } = await buildFirmware({ outfile: join(folder, 'bundle.js') });
    expect(bytes).toBeLessThanOrEqual(maxBundleBytes);
  });
});
