/** Figures changed within their limits: everything that holds for the defaults holds for them too, in every case. */
import { describe, expect, test } from 'vitest';
import { allCases } from './fixtures/cases.ts';
import { checks, expectPrintable, expectThick, sets } from './fixtures/variants.ts';

describe.each(Object.entries(sets))('%s', (_, changed) => {
  describe.each(allCases(changed))('$title', made => {
    test.each(checks)('everything fits together: %s', (_, check) => {
      const found = check(made);
      expect(found, found.join('\n')).toEqual([]);
    });

    test('each file is one body that needs no support', () => expectPrintable(made));

    test('nothing is thinner than wallMm', () => expectThick(made));
  });
});
