import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pictures } from '../../simulator/pictures.ts';

it.each([
  ...pictures(),
])('docs/images/%s is what the firmware draws today (npm run pictures)', (name, content) => {
  expect(readFileSync(new URL(`../../docs/images/${name}`, import.meta.url), 'utf8')).toBe(content);
});
