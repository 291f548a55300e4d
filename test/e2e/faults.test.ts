/**
 * Something happens to a packet on the way of a press, on a virtual clock: of each packet one case for each end that
 * it can come to. `faults.long.test.ts` has all of them.
 */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { Rigs, sideBySide } from './fixtures/faults-check.ts';
import { faults, rowsOf } from './fixtures/faults-kinds.ts';
import { followed } from './fixtures/faults-lab.ts';
import { allCases, building, runCase, someCases } from './fixtures/faults-tables.ts';

vi.setConfig({ maxConcurrency: sideBySide });

const rigs = new Rigs();
afterAll(() => rigs.close());

describe('the tables of faults', () => {
  test('have all packets of a build that is followed over one connection', async () => {
    const { passed } = await rigs.run({ story: followed });
    const seen = new Set(passed.map(({ way, name }) => `${way} ${name}`));
    // Said when the board has all it wanted; nobody reads it any more.
    seen.delete('up DISCONNECT');
    for (const table of Object.values(building)) {
      const rows = rowsOf('', table).map(([, row]) => row);
      expect(new Set(rows.map(({ way, packet }) => `${way} ${packet}`))).toEqual(seen);
      expect(new Set(rows.map(({ fault }) => fault))).toEqual(new Set(Object.keys(faults)));
    }
  });

  test.each([
    'building',
    'looks',
    'releases',
  ] as const)('are met here in each packet, fault and end: %s', journey => {
    const [all, some] = [allCases(journey), someCases(journey)];
    const ends = (cases: typeof all) =>
      new Set(cases.map(([, { often, row }]) => `${often} ${row.way} ${row.packet} ${row.end}`));
    expect(ends(some)).toEqual(ends(all));
    const kinds = new Set(some.map(([, { row }]) => row.fault));
    expect([...kinds].sort()).toEqual(Object.keys(faults).sort());
  });
});

describe('a fault in a build that is followed', () => {
  const cases = someCases('building');
  test.concurrent.each(cases)('ends on the display as it should, %s', (_, each) =>
    runCase(rigs, 'building', each));
});

describe('a fault in a look at a build', () => {
  const cases = someCases('looks');
  test.concurrent.each(cases)('of a napping button ends as it should, %s', (_, each) =>
    runCase(rigs, 'looks', each));
});

describe('a fault in giving a cluster back', () => {
  const cases = someCases('releases');
  test.concurrent.each(cases)('ends on the display with its own word, %s', (_, each) =>
    runCase(rigs, 'releases', each));
});
