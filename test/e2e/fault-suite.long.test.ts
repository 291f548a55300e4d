/** The short form of the fault suite: a kill at every write of the journal. `npm run test:faults` is the long one. */

import { expect, test } from 'vitest';
import { ownNetwork } from '../fixtures/addresses.ts';
import { runFaults } from '../fixtures/faults/run.ts';
import { patience } from '../fixtures/patience.ts';

const seed = Number(process.env.SEED ?? 20_260_101);

test(
  'every accepted press ends as one cluster or one clear failure, killed at every write',
  async () => {
    const { lines, violations } = await runFaults(seed, 'short', [await ownNetwork(), await ownNetwork()]);
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(violations).toEqual([]);
  },
  patience(120_000),
);
