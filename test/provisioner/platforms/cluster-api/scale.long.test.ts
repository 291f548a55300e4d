/** Three hundred clusters being built at once, followed for half a minute: beyond the end of the first watch. */
import { test } from 'vitest';
import { patience } from '../../../fixtures/patience.ts';
import { checkScale } from '../fixtures/scale.ts';

const scale = { few: 30, many: 300, speed: 6, lookEveryMs: 500, limitMs: 60_000 };

test.each(['topology', 'manifests'] as const)('one watch serves all looks at three hundred clusters: %s', {
  timeout: patience(90_000),
}, async mode => {
  await checkScale(mode, scale);
});
