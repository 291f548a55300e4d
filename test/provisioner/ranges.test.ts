import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rangesInUse } from '../../provisioner/src/builds/reservations.ts';
import { nextFree, overlap, parseBlock } from '../../provisioner/src/common/cidr.ts';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';

test('the next free range', () => {
  expect(nextFree('172.16.0.0/12', 20, [])).toBe('172.16.0.0/20');
  expect(nextFree('172.16.0.0/12', 20, ['172.16.0.0/20'])).toBe('172.16.16.0/20');
  // Somebody's single small range blocks ours; a hole is used; foreign ranges do not matter.
  expect(nextFree('172.16.0.0/12', 20, ['172.16.3.0/24', '172.16.32.0/20'])).toBe('172.16.16.0/20');
  expect(nextFree('172.16.0.0/12', 20, ['10.0.0.0/8', 'fd00::/8', 'nonsense'])).toBe('172.16.0.0/20');
  // A range around the pool, and host bits that somebody left in.
  expect(nextFree('172.16.0.0/12', 20, ['172.0.0.0/8'])).toBeUndefined();
  expect(nextFree('172.16.0.0/12', 20, ['172.16.1.77/16'])).toBe('172.17.0.0/20');
  expect(nextFree('192.168.0.0/24', 24, [])).toBe('192.168.0.0/24');
  expect(nextFree('255.255.255.0/24', 25, ['255.255.255.0/25'])).toBe('255.255.255.128/25');
  expect(nextFree('255.255.255.0/24', 25, ['255.255.255.0/24'])).toBeUndefined();
});

test('looked for from anywhere in the pool, and on from its beginning', () => {
  expect(nextFree('172.16.0.0/12', 20, [], 0.5)).toBe('172.24.0.0/20');
  expect(nextFree('172.16.0.0/12', 20, ['172.24.0.0/13'], 0.5)).toBe('172.16.0.0/20');
  expect(nextFree('172.16.0.0/20', 20, [], 0.99)).toBe('172.16.0.0/20');
  expect(nextFree('172.16.0.0/20', 20, ['172.16.0.0/28'], 0.99)).toBeUndefined();
});

test('two networks overlap when they have an address in common', () => {
  expect(overlap('10.0.0.0/8', '10.255.255.0/24')).toBe(true);
  expect(overlap('10.0.0.0/9', '10.128.0.0/9')).toBe(false);
  expect(overlap('10.0.0.0/8', 'fd00::/8')).toBe(false);
});

const cidr = fc
  .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 14, max: 30 }))
  .map(([low, prefix]) => `10.${(low >> 12) & 15}.${(low >> 4) & 255}.${(low & 15) << 4}/${prefix}`);

test('a range is inside the pool, overlaps nothing, and is found as long as there is one', () => {
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 60 }), fc.integer({ min: 14, max: 22 }), (used, prefix) => {
      const pool = '10.0.0.0/12';
      const free = nextFree(pool, prefix, used);
      const taken = used.map(parseBlock).filter(block => block !== undefined);
      const hits = (first: number, last: number) =>
        taken.some(block => block.first <= last && first <= block.last);
      const whole = parseBlock(pool);
      const size = 2 ** (32 - prefix);
      // The slow and obvious way.
      let expected: number | undefined;
      for (let first = whole?.first ?? 0; first < (whole?.last ?? 0); first += size) {
        if (!hits(first, first + size - 1)) {
          expected = first;
          break;
        }
      }
      expect(free === undefined ? undefined : parseBlock(free)?.first).toBe(expected);
    }),
    { numRuns: 300 },
  );
});

test('builds and clusters hold their range, a failed build has freed it', () => {
  const at = (step: PressRecord['step'], range?: string) => ({
    step,
    ...(range === undefined ? {} : { range }),
  });
  const presses = [
    at('accepted'),
    at('reserved', 'a'),
    at('building', 'b'),
    at('ready', 'c'),
    at('failed', 'd'),
  ];
  expect(rangesInUse(presses as PressRecord[])).toEqual(['a', 'b', 'c']);
});
