import { expect, test } from 'vitest';
import { isTold, type Said, saidBuilding } from '../../provisioner/src/statuses.ts';
import { pressRecord } from './records.ts';

const record = pressRecord(1, { step: 'building', percent: 40, acceptedAt: 0 });
const said = saidBuilding(record, 100, 60_000, 'provisioning nodes 1/3', 54);

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
  expect(saidBuilding(record, 100, 60_000)).toMatchObject({ phase: 'being built', upTo: 40 });
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

test.each(changes)('%j is known already: %s', (change, known) => {
  expect(isTold({ ...said, press: 1, seq: 1 }, { ...said, ...change }, 100)).toBe(known);
});
