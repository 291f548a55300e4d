/** The samples of the dialect guard on the real interpreter: what it reports goes wrong there, what it lets through goes right. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patience } from '../fixtures/patience.ts';
import { bad, good } from './fixtures/dialect-samples.ts';
import { interpreter } from './interpreter/fixtures/interpreter.ts';

/** The end of what the interpreter says before it runs anything. */
const banner = 'espruino.com/Donate';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-dialect-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let samples = 0;

/** What the program says before it ends by itself, or within a second. */
async function said(code: string): Promise<string> {
  const script = join(folder, `sample-${++samples}.js`);
  writeFileSync(script, code, 'utf8');
  const options = {
    cwd: folder,
    encoding: 'latin1',
    timeout: patience(1000),
    killSignal: 'SIGKILL',
  } as const;
  const stdout = await new Promise<string>(done => {
    // Some of them never end: how it ended says nothing.
    execFile(interpreter ?? '', [script], options, (_error, told) => done(told)).stdin?.end();
  });
  // The 32-bit build answers the end of its input with bytes that are no text.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the console moves its cursor about
  const text = stdout.replace(/\x1b\[[0-9;]*[A-Za-z]|[\r>\x80-\xff]/g, '');
  return text.slice(text.indexOf(banner) + banner.length).trim();
}

describe.skipIf(!interpreter).concurrent('On the real interpreter (needs ESPRUINO)', () => {
  const rows = Object.entries(bad).flatMap(([what, programs]) => programs.map(code => ({ what, code })));

  test.each(rows)('what the guard reports goes wrong, $what: $code', async ({ code }) => {
    expect(await said(code)).not.toBe('OK');
  });

  test.each(good)('what the guard lets through goes right: %s', async code => {
    expect(await said(code)).toBe('OK');
  });
});
