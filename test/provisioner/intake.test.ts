import { describe, expect, test } from 'vitest';
import { type Decision, decide, type Known } from '../../provisioner/src/intake.ts';
import { pressBody } from './lab.ts';

const now = 1_700_000_000;
const fresh = { ...pressBody(7), time: now };

const table: [string, Partial<Known>, Partial<typeof fresh>, Partial<Decision>][] = [
  ['a new number', {}, {}, { kind: 'accept' }],
  ['exactly as old as allowed', {}, { time: now - 120 }, { kind: 'accept' }],
  ['a second too old', {}, { time: now - 121 }, { kind: 'reject', code: 'STALE' }],
  ['exactly as far ahead as allowed', {}, { time: now + 120 }, { kind: 'accept' }],
  ['a second too far ahead', {}, { time: now + 121 }, { kind: 'reject', code: 'STALE' }],
  ['heard before', { heard: true, lastPress: 7 }, {}, { kind: 'repeat' }],
  ['heard before, and stale', { heard: true, lastPress: 7 }, { time: 0 }, { kind: 'repeat' }],
  ['heard before, while building', { heard: true, lastPress: 7, building: 7 }, {}, { kind: 'repeat' }],
  ['an old number that was never heard', { lastPress: 8 }, {}, { kind: 'replay' }],
  ['the last number, but never heard', { lastPress: 7 }, {}, { kind: 'replay' }],
  ['a replay while building', { lastPress: 8, building: 8 }, {}, { kind: 'replay' }],
  ['a new wish while building', { lastPress: 6, building: 6 }, {}, { kind: 'join', building: 6 }],
  ['a stale wish while building', { lastPress: 6, building: 6 }, { time: 0 }, { kind: 'join', building: 6 }],
  ['release', { lastPress: 6 }, { action: 'release' }, { kind: 'reject', code: 'PLATFORM' }],
  ['release while building', { building: 6 }, { action: 'release' }, { kind: 'reject', code: 'PLATFORM' }],
];

describe('intake', () => {
  test.each(table)('%s', (_, known, change, expected) => {
    const decision = decide({ lastPress: 0, heard: false, ...known }, { ...fresh, ...change }, now);
    expect(decision).toMatchObject(expected);
  });

  test('what a rejected button reads fits its display', () => {
    for (const time of [0, now * 1.2, now - 121]) {
      const decision = decide({ lastPress: 0, heard: false }, { ...fresh, time: Math.floor(time) }, now);
      expect(decision.kind === 'reject' && decision.line.length <= 80).toBe(true);
    }
  });
});
