import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  leftS,
  lookAgainS,
  percentOf,
  releaseLeftS,
  upToOf,
  usualS,
} from '../../provisioner/src/buttons/progress.ts';

const building = (done: number, total: number) => ({ kind: 'building' as const, phase: '', done, total });

test('percent follows the nodes and never falls', () => {
  expect(percentOf(building(0, 6), 5)).toBe(5);
  expect(percentOf(building(3, 6), 5)).toBe(48);
  expect(percentOf(building(6, 6), 5)).toBe(90);
  expect(percentOf(building(1, 6), 48)).toBe(48);
  expect(percentOf(building(0, 0), 5)).toBe(5);
  expect(percentOf(building(9, 6), 5)).toBe(90);
});

test('the step under way ends at the next half node, then at the API server', () => {
  expect([0, 1, 5, 6].map(done => upToOf(building(done, 6)))).toEqual([19, 33, 90, 95]);
  expect(upToOf(building(9, 6))).toBe(95);
  expect(upToOf(building(0, 0))).toBe(0);
});

test('the next look comes after half of the time left, soon when the end may come at any moment', () => {
  expect([160, 80, 3, 0, 36_000].map(left => lookAgainS(left, 'provisioning'))).toEqual([80, 40, 2, 2, 600]);
  expect([160, 6, 0].map(left => lookAgainS(left, 'verifying'))).toEqual([5, 3, 2]);
});

test('a release that is late is given as long again as it has taken', () => {
  expect([0, 5, 10, 30, 1e9].map(elapsed => releaseLeftS(20, elapsed))).toEqual([20, 15, 10, 30, 604_800]);
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
        expect(lookAgainS(left, 'provisioning')).toBeGreaterThanOrEqual(2);
        expect(lookAgainS(left, 'provisioning')).toBeLessThanOrEqual(600);
        expect(releaseLeftS(usual, elapsed)).toBeLessThanOrEqual(604_800);
      },
    ),
  );
});
