/** Both cases for every board with the default figures: does everything fit together? */
import { describe, expect, test } from 'vitest';
import { allCases } from './fixtures/cases.ts';
import { standChecks } from './fixtures/stand-checks.ts';
import { checks } from './fixtures/variants.ts';

describe.each(allCases())('$title', made => {
  test.each([...checks, ...Object.entries(standChecks)])('everything fits together: %s', (_, check) => {
    const found = check(made);
    expect(found, found.join('\n')).toEqual([]);
  });
});
