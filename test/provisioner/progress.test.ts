import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leftS, lookAgainS, percentOf, usualS } from '../../provisioner/src/progress.ts';

const building = (done: number, total: number) => ({ kind: 'building' as const, phase: '', done, total });

test('percent follows the nodes and never falls', () => {
  expect(percentOf(building(0, 6), 5)).toBe(5);
  expect(percentOf(building(3, 6), 5)).toBe(48);
  expect(percentOf(building(6, 6), 5)).toBe(90);
  expect(percentOf(building(1, 6), 48)).toBe(48);
  expect(percentOf(building(0, 0), 5)).toBe(5);
  expect(percentOf(building(9, 6), 5)).toBe(90);
});

test('the usual time is the median of the last five builds, or what the profile expects', () => {
  expect(usualS([], 160)).toBe(160);
  expect(usualS([100_000], 160)).toBe(100);
  expect(usualS([9e9, 100_000, 300_000, 110_000, 90_000, 120_000], 160)).toBe(110);
  expect(usualS([10], 160)).toBe(1);
});

test('time left: by the clock at the usual pace, by the phases when ahead, never nothing while late', () => {
  expect(leftS(160, 0, 0)).toBe(160);
  expect(leftS(160, 50, 80)).toBe(80);
  expect(leftS(160, 90, 10)).toBe(16);
  expect(leftS(160, 50, 500)).toBe(20);
  expect(leftS(160, 100, 10)).toBe(0);
});

test('what is told stays within the protocol, whatever the numbers', () => {
  const any = fc.integer({ min: 0, max: 604_800 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 604_800 }),
      fc.integer({ min: 0, max: 100 }),
      any,
      (usual, percent, elapsed) => {
        const left = leftS(usual, percent, elapsed);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(usual);
        expect(Number.isInteger(left)).toBe(true);
        expect(lookAgainS(left)).toBeGreaterThanOrEqual(2);
        expect(lookAgainS(left)).toBeLessThanOrEqual(60);
      },
    ),
  );
});
