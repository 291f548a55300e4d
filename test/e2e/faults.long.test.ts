/** Every fault at every packet on the way of a press, on a virtual clock: all of the tables. */
import { afterAll, describe, test, vi } from 'vitest';
import { Rigs, sideBySide } from './fixtures/faults-check.ts';
import { allCases, runCase } from './fixtures/faults-tables.ts';

vi.setConfig({ maxConcurrency: sideBySide });

const rigs = new Rigs();
afterAll(() => rigs.close());

describe('every fault in a build that is followed', () => {
  test.concurrent.each(allCases('building'))('ends on the display as it should, %s', (_, each) =>
    runCase(rigs, 'building', each));
});

describe('every fault in a look at a build', () => {
  test.concurrent.each(allCases('looks'))('of a napping button ends as it should, %s', (_, each) =>
    runCase(rigs, 'looks', each));
});

describe('every fault in giving a cluster back', () => {
  test.concurrent.each(allCases('releases'))('ends on the display with its own word, %s', (_, each) =>
    runCase(rigs, 'releases', each));
});
