/** Twenty clusters being built at once; scale.long.test.ts has three hundred. */
import { test } from 'vitest';
import { checkScale } from '../fixtures/scale.ts';

const scale = { few: 4, many: 20, speed: 60, lookEveryMs: 200, limitMs: 20_000 };

test.each([
  'topology',
  'manifests',
] as const)('one watch serves all looks at twenty clusters: %s', async mode => {
  await checkScale(mode, scale);
});
