import { expect, test } from 'vitest';
import { isTold, type Said, saidBuilding, saidReady } from '../../provisioner/src/buttons/statuses.ts';
import { rulesOf } from '../../provisioner/src/settings/rules.ts';
import { pressRecord } from './fixtures/records.ts';

const record = pressRecord(1, { step: 'building', percent: 40, ranMs: 60_000 });
const said = saidBuilding(record, 100, 'provisioning nodes 1/3', 54);

test('what a build says', () => {
  expect(said).toEqual({
    state: 'provisioning',
    cluster: 'house-01-1',
    phase: 'provisioning nodes 1/3',
    percent: 40,
    upTo: 54,
    leftS: 40,
    lookAgainS: 20,
  });
  expect(saidBuilding(record, 100)).toMatchObject({ phase: 'being built', upTo: 40 });
});

const changes: [Partial<Said>, boolean][] = [
  [{}, true],
  [{ leftS: 31 }, true],
  [{ leftS: 30 }, false],
  [{ lookAgainS: 5 }, true],
  [{ percent: 41 }, false],
  [{ upTo: 55 }, false],
  [{ phase: 'x' }, false],
  [{ state: 'verifying' }, false],
  [{ cluster: 'x' }, false],
];

test.each(
  changes,
)('what a change is to a button that knows the rest: %j is known already: %s', (change, known) => {
  expect(isTold({ ...said, press: 1, seq: 1 }, { ...said, ...change }, 100)).toBe(known);
});

const standing = pressRecord(1, { step: 'ready', percent: 100, address: '10.1.2.3', endedAt: 0 });

test('a cluster without an end says where it is, and nothing wakes a button for it', () => {
  const ready = { state: 'ready', phase: 'control plane', leftS: 0, lookAgainS: 0, address: '10.1.2.3' };
  expect(saidReady(standing, 5_000_000, rulesOf())).toMatchObject(ready);
});

/** Seconds left of two hours with a warning of half an hour: the line, and when a sleeping button looks next. */
const ends: [number, string, number][] = [
  [7200, 'control plane', 5405],
  [1801, 'control plane', 6],
  [1800, 'given back in 30 min', 900],
  [900, 'given back in 15 min', 450],
  [600, 'given back in 10 min', 630],
  [89, 'given back in 89 s', 119],
  [0, 'given back in 1 s', 31],
];

test.each(ends)('what a button reads %i s before the end of its cluster: %s', (left, phase, lookAgainS) => {
  const record = { ...standing, expiresAt: 10_000_000 };
  const nowMs = 10_000_000 - left * 1000;
  const said = saidReady(record, nowMs, { warnBeforeS: 1800, wakeToWarn: true });
  expect(saidReady(record, nowMs, { warnBeforeS: 1800, wakeToWarn: false })).toEqual({
    ...said,
    lookAgainS: 0,
  });
  expect(said).toMatchObject({ phase, lookAgainS, leftS: Math.max(1, left) });
  expect(phase.length).toBeLessThanOrEqual(21);
});
