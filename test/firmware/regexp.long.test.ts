/** Regular expressions that the guard lets through mean the same to the interpreter as to Node. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { regexpProblems } from './fixtures/dialect-regexp.ts';
import { interpreter } from './interpreter/fixtures/interpreter.ts';
import { runOnInterpreter } from './interpreter/fixtures/runner.ts';

const cases = 400;

const atom = fc.constantFrom(
  'a',
  'b',
  '-',
  '[ab]',
  '[^a]',
  '.',
  '\\d',
  '\\w',
  '[a-c]',
  '\\s',
  '\\D',
  '[\\d-]',
  '\\.',
  '\\x61',
);
const piece = fc.tuple(atom, fc.constantFrom('', '', '', '*', '+')).map(parts => parts.join(''));
const pattern = fc
  .tuple(fc.constantFrom('', '^'), fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '$'))
  .map(([start, pieces, end]) => start + pieces.join('') + end)
  .filter(text => regexpProblems(text, '').length === 0);
const subject = fc.array(fc.constantFrom(...'abc1 .-'), { maxLength: 6 }).map(letters => letters.join(''));

describe.skipIf(!interpreter)('Regular expressions on the real interpreter (needs ESPRUINO)', () => {
  test('match as in Node, when the guard has nothing against them', async () => {
    const samples = fc.sample(fc.tuple(pattern, subject), { numRuns: cases, seed: 1306 });
    const bundle = samples
      .map(([p, s]) => `m=/${p}/.exec(${JSON.stringify(s)});print(m?"m"+m[0]:"none");`)
      .join('\n');
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-regexp-'));
    const { lines } = await runOnInterpreter({
      binary: interpreter ?? '',
      dir,
      bundle: `var m;${bundle}ESP32.deepSleep(1);`,
    });
    rmSync(dir, { recursive: true });
    const told = samples.map(([p, s], i) => `/${p}/ ${JSON.stringify(s)} ${lines[i]}`);
    const expected = samples.map(([p, s]) => {
      const match = new RegExp(p).exec(s);
      return `/${p}/ ${JSON.stringify(s)} ${match ? `m${match[0]}` : 'none'}`;
    });
    expect(told).toEqual(expected);
  });
});
