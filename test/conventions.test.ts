/** The rules of CONTRIBUTING.md that a program can check, on every file below test/. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { testCallsIn } from './fixtures/run/calls.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .sort()
  .map(name => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
const testFiles = files.filter(({ name }) => name.endsWith('.test.ts'));

/** Every call of a test or a group, with its file in front. */
const calls = testFiles.flatMap(({ name: file, text }) => testCallsIn(text).map(call => ({ file, ...call })));

/** Own words of a title: what is left without `%s`, `$name` and what a template fills in. */
const wordsOf = (title: string) =>
  title.replace(/%[a-z#%]|\$[a-zA-Z_.]+/g, ' ').match(/[A-Za-zÀ-ÿ]{2,}/g) ?? [];

/** Lines of a file that fit, as `file:line text`. */
const linesWith = (pattern: RegExp, { name, text }: { name: string; text: string }) =>
  text.split('\n').flatMap((line, i) => (pattern.test(line) ? [`${name}:${i + 1} ${line.trim()}`] : []));

test('the files of tests are found at all', () => {
  expect(testFiles.length).toBeGreaterThan(150);
  expect(calls.length).toBeGreaterThan(1_000);
});

test('a test is called test, and a title stands where it is used, so that grep finds it', () => {
  expect(calls.filter(({ name }) => name === 'it')).toEqual([]);
  expect(calls.filter(({ name, title }) => name === 'test' && title === undefined)).toEqual([]);
});

test('a title stands once in its file', () => {
  const seen = new Set<string>();
  const doubled = calls.filter(({ file, name, title }) => {
    if (name !== 'test') return false;
    const key = `${file} ${title}`;
    return seen.size === seen.add(key).size;
  });
  expect(doubled).toEqual([]);
});

test('a title has at least two words of its own', () => {
  const short = calls.filter(({ name, title }) => name === 'test' && wordsOf(title ?? '').length < 2);
  expect(short).toEqual([]);
});

test('what may be skipped says what it needs', () => {
  const silent = calls.filter(
    ({ modifiers, title = '' }) =>
      (modifiers.includes('skipIf') || modifiers.includes('runIf')) && !/\(needs |…/.test(title),
  );
  expect(silent).toEqual([]);
});

test('fixtures stand apart from tests', () => {
  const stray = files.filter(({ name }) => !name.endsWith('.test.ts') && !/(^|\/)fixtures\//.test(name));
  expect(stray.map(({ name }) => name)).toEqual([]);
  expect(testFiles.filter(({ name }) => /(^|\/)fixtures\//.test(name))).toEqual([]);
});

test('no test measures time; limits come from patience()', () => {
  const clocks = testFiles.flatMap(file => linesWith(/performance\.now\(|process\.hrtime/, file));
  expect(clocks).toEqual([]);
  const limits = files.flatMap(file =>
    linesWith(/^\s*\}?,? ?[\d_]{4,}\);?$|\btimeout: [\d_]{4,}\b|Timeout: [\d_]{4,} \}, (async )?\(/, file),
  );
  expect(limits).toEqual([]);
});

test('programs are compiled once, not translated at each start', () => {
  const starts = files
    .filter(({ name }) => name !== 'conventions.test.ts')
    .flatMap(file => linesWith(/'--import', 'tsx'|cli\/bin\.js'/, file));
  // The command as people start it, and the enclosure's own.
  expect(starts.map(line => line.split(':', 1)[0])).toEqual([
    'cli/bin.test.ts',
    'enclosure/files.long.test.ts',
    'provisioner/deploy.test.ts',
  ]);
});
