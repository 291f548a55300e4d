/** Both cases for every board with the default figures: does everything fit together? */
import { describe, expect, test } from 'vitest';
import { buttonChecks } from './button-checks.ts';
import { cases } from './cases.ts';
import { fitChecks } from './fit-checks.ts';
import { mateChecks } from './mate-checks.ts';

const checks = Object.entries({ ...fitChecks, ...mateChecks, ...buttonChecks });

describe.each(cases)('$title', made => {
  test.each(checks)('%s', (_, check) => {
    const found = check(made);
    expect(found, found.join('\n')).toEqual([]);
  });
});
