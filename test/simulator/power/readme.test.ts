/** README's figures are those of the bench, and those of the bench are of this firmware. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { figuresFor, readFigures } from '../../../bench/energy/figures.ts';
import { readmeWith } from '../../../bench/energy/readme.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

test("README's battery table is what the bench has written down (else: npm run bench:energy -- --write)", () => {
  expect(readmeWith(readme, readFigures())).toBe(readme);
});

test('a figure that moves by a tenth of a milliampere-hour is seen there, and a missed aim is named with its floor', () => {
  const figures = readFigures();
  const row = figuresFor(figures, 'firebeetle-2-esp32-e').rows.find(({ buildS }) => buildS === 180);
  Object.assign(row ?? {}, { ours: 1.4, ratio: 4.9, floorRatio: 16.6 });
  expect(readmeWith(readme, figures)).toContain('1.4 mAh (1/4.9), missed: at best 1/17');
  expect(() => readmeWith('# A page without marks', figures)).toThrow(/bench:energy/);
});
