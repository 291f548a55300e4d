import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pictures } from '../../../simulator/pictures.ts';

test.each([
  ...pictures(),
])('the picture is what the firmware draws today (npm run pictures makes it again): %s', (name, content) => {
  expect(readFileSync(new URL(`../../../docs/images/${name}`, import.meta.url), 'utf8')).toBe(content);
});
