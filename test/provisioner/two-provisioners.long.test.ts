/** Two provisioners on one pool, fifty presses each at the same time; ROUNDS says how often. */
import { expect, test } from 'vitest';
import { pressInBoth } from './fixtures/pair.ts';

const rounds = Number(process.env.ROUNDS ?? 1);

test.each([
  'ccp',
  'cluster-api',
] as const)('fifty presses of each of two labs at once, no range twice: %s', async platform => {
  let gaveWay = 0;
  for (let round = 0; round < rounds; round++) gaveWay += await pressInBoth(platform, 50);
  expect(gaveWay).toBeGreaterThan(0);
});
