/** The smallest form of the fault suite: a few writes of the journal, a few random kills. */

import { expect, test } from 'vitest';
import { ownNetwork } from '../fixtures/addresses.ts';
import { digestOf, makePlan } from '../fixtures/faults/plan.ts';
import { runFaults } from '../fixtures/faults/run.ts';
import { patience } from '../fixtures/patience.ts';

const seed = Number(process.env.SEED ?? 20_260_101);

test('the same seed makes the same plan, another seed another one', () => {
  expect(digestOf(makePlan(7, 'long'))).toBe(digestOf(makePlan(7, 'long')));
  expect(digestOf(makePlan(7, 'long'))).not.toBe(digestOf(makePlan(8, 'long')));
});

test(
  'every accepted press ends as one cluster or one clear failure, whoever is killed',
  async () => {
    const { lines, violations } = await runFaults(seed, 'quick', [await ownNetwork(), await ownNetwork()]);
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(violations).toEqual([]);
  },
  patience(60_000),
);
