/** The build step, with small programs of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildFirmware } from '../../firmware/build.ts';
import { dialectProblems } from './fixtures/dialect.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-build-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function build(source: string, minify = true) {
  const entry = join(folder, 'entry.ts');
  writeFileSync(entry, source);
  return buildFirmware({ entry, minify, outfile: join(folder, 'dist/out.js') });
}

describe('The build of the firmware', () => {
  test('lowers what can be lowered to what the interpreter has', async () => {
    const { code, path, bytes } = await build(`
      declare function print(text: unknown): void;
      class Counter { counts: number[] = []; add(n?: { by: number }) { this.counts.push(n?.by ?? 1); } }
      let c: Counter | undefined;
      c ??= new Counter();
      c.add({ by: 2 ** 3 });
      print(c.counts);`);
    expect(dialectProblems(code)).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe(code);
    expect(bytes).toBe(Buffer.byteLength(code));
  });

  test('puts the version in, from package.json', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const { code } = await build(
      'declare const __VERSION__: string; declare const print: any; print(__VERSION__);',
    );
    expect(code).toContain(`print("${version}")`);
  });

  test.each([
    ['destructuring', 'const { a } = globalThis as any;\nexport const b = a;', 1],
    ['a default', '\nexport function f(a = 1) { return a; }\n(globalThis as any).f = f;', 2],
    ['rest', '\n\n(globalThis as any).f = (...a: unknown[]) => a;', 3],
    ['async', '(globalThis as any).f = async () => 1;', 1],
    ['a big integer', '(globalThis as any).f = 1n;', 1],
    ['a missing file', "import './missing.ts';", 1],
  ])('fails on %s with the file and the line', async (_, source, line) => {
    await expect(build(source)).rejects.toThrow(new RegExp(`entry\\.ts:${line}:`));
  });

  test.each([
    true,
    false,
  ])('writes printable ASCII only, and the same bytes each time (minified: %s)', async minify => {
    // A serial line takes 3 for an interruption and 127 for "delete the character before".
    const source = 'declare const print: any; print("\\xe9 caf\u00e9 \\x03 \\x7f", `\\x04`);';
    const first = await build(source, minify);
    expect(first.code).toMatch(/^[\n -~]+$/);
    expect(first.code).toMatch(/\\x7f/i);
    expect((await build(source, minify)).code).toBe(first.code);
  });

  test("shortens property names that are the program's own, and says the chip's long names once", async () => {
    const { code } = await build(`
      import { chip } from '${resolve('firmware/src/hal.ts')}';
      const state = { forgotten: 1, batteryMv: 2 };
      state.forgotten++;
      state.batteryMv++;
      chip.setTimeout(() => chip.print(JSON.stringify(Math.round(0.5))), state.forgotten);
      chip.setTimeout(() => {}, state.batteryMv);`);
    expect(code).not.toContain('forgotten');
    expect(code).toContain('batteryMv');
    expect(code.match(/setTimeout/g)).toHaveLength(1);
    expect(dialectProblems(code)).toEqual([]);
  });

  test('refuses a name that would hide a global of the chip', async () => {
    const source = `
      import { chip } from '${resolve('firmware/src/hal.ts')}';
      function print(text: string) { chip.print(text); }
      print('a');`;
    await expect(build(source)).rejects.toThrow('"function print"');
  });

  test('gives away neither `of`, which the interpreter reserves, nor the short globals of the chip', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `name${i}`);
    const { code } = await build(
      `declare const print: any;
      ${names.map((name, i) => `function ${name}() { return print(${i}); }`).join('\n')}
      ${names.map(name => `${name}(); ${name}();`).join('\n')}`,
    );
    expect(code).toMatch(/(?<![\w$])(og|oe)\(/); // two letters are in use …
    expect(code).not.toMatch(/(?<![\w$])(of|E|D4)(?![\w$])/); // … but not these
  });
});
