/** Figures at one end of their limits, for one case; variants.long.test.ts has both ends and all cases. */
import { describe, expect, test } from 'vitest';
import { boards } from '../../enclosure/src/boards.ts';
import { makeOne } from './fixtures/cases.ts';
import { checks, expectPrintable, expectThick, thick } from './fixtures/variants.ts';

const [firebeetle] = boards;
if (!firebeetle) throw new Error('a board is wanted');

/** Thick walls meet what is inside first: with a module on its board, and a switch of its own. */
const made = makeOne('cloud', firebeetle, thick);

describe('thick walls, loose fits: the cloud', () => {
  test.each(checks)('everything fits together: %s', (_, check) => {
    const found = check(made);
    expect(found, found.join('\n')).toEqual([]);
  });

  test('each file is one body that needs no support', () => expectPrintable(made));

  test('nothing is thinner than wallMm', () => expectThick(made));
});
