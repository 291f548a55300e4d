/** docs/chip.md against the tests and options that it names. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { newest } from '../../../simulator/board/options.ts';
import { testCallsIn } from '../../fixtures/run/calls.ts';

const page = readFileSync(new URL('../../../docs/chip.md', import.meta.url), 'utf8');
const here = new URL('./', import.meta.url);

/** Titles of this folder's quick tests, by file. */
const titles = new Map(
  readdirSync(here)
    .filter(name => name.endsWith('.test.ts') && !name.endsWith('.long.test.ts'))
    .map(name => {
      const calls = testCallsIn(readFileSync(new URL(name, here), 'utf8'));
      return [name, calls.flatMap(call => (call.name === 'test' && call.title ? [call.title] : []))] as const;
    }),
);
const known = new Set([...titles.values()].flat());

const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, inside = '']) => inside);

/** The cells of each row of a fact: fact, source, known, later, tests. */
const rows = page
  .split('\n')
  .filter(line => line.startsWith('| ') && !/^\| (fact|---) /.test(line))
  .map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim()),
  );

test('every row has a source, says how it is known, and names a test', () => {
  expect(rows.length).toBeGreaterThan(35);
  const poor = rows.filter(
    cells => cells.length !== 5 || !cells[1] || !cells[2] || quoted(cells[4] ?? '').length === 0,
  );
  expect(poor).toEqual([]);
});

test('how a fact is known is one of the words that the page explains', () => {
  const ways = /\b(read|emulated|Linux|32-bit|reported|calculated)\b/;
  expect(rows.filter(([, , way = '']) => !ways.test(way))).toEqual([]);
});

test('every test that a row names exists', () => {
  expect(rows.flatMap(cells => quoted(cells[4] ?? '')).filter(title => !known.has(title))).toEqual([]);
});

test('every test of the chip is named on the page', () => {
  const ofChip = [...titles].flatMap(([name, own]) => (/^chip-(?!page)/.test(name) ? own : []));
  expect(ofChip.filter(title => !page.includes(`\`${title}\``))).toEqual([]);
});

test('every option for a newer interpreter is named in a row', () => {
  const named = new Set(rows.flatMap(cells => quoted(cells[3] ?? '')));
  expect(Object.keys(newest).filter(name => !named.has(name))).toEqual([]);
});
