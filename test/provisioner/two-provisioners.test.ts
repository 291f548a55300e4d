/** Two provisioners on one pool: no two ready clusters have one range. */
import { expect, test } from 'vitest';
import { pressInBoth } from './fixtures/pair.ts';

test.each([
  'ccp',
  'cluster-api',
] as const)('presses of two labs at once, one pool, no range twice: %s', async platform => {
  // Both begin at the same end of the pool, so some must have met.
  expect(await pressInBoth(platform, 4)).toBeGreaterThan(0);
});
