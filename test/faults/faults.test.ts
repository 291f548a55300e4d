/** The short form of the fault suite; `npm run test:faults` is the long one. */
import { expect, test } from 'vitest';
import { digestOf, makePlan } from './plan.ts';
import { runFaults } from './run.ts';

/** Half a minute alone on two cores; several times as long on a busy machine (milliseconds). */
const limitMs = 300_000;

const seed = Number(process.env.SEED ?? 20_260_101);

test('the same seed makes the same plan, another seed another one', () => {
  expect(digestOf(makePlan(7, 'long'))).toBe(digestOf(makePlan(7, 'long')));
  expect(digestOf(makePlan(7, 'long'))).not.toBe(digestOf(makePlan(8, 'long')));
});

test('every accepted press ends as one cluster or one clear failure', { timeout: limitMs }, async () => {
  const { lines, violations } = await runFaults(seed, 'short', ['127.241', '127.242']);
  process.stdout.write(`${lines.join('\n')}\n`);
  expect(violations).toEqual([]);
});
