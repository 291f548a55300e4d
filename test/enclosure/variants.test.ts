/** Figures changed within their limits: everything that holds for the defaults holds for them too. */
import { describe, expect, test } from 'vitest';
import { stl } from '../../enclosure/src/export.ts';
import { limits, type Parameters } from '../../enclosure/src/parameters.ts';
import { toPart } from '../../enclosure/src/parts.ts';
import { buttonChecks } from './button-checks.ts';
import { allCases } from './cases.ts';
import { fitChecks } from './fit-checks.ts';
import { mateChecks } from './mate-checks.ts';
import { beginsInAir, bodies, overhangs, readStl, thinnest } from './measure.ts';

const extreme = (which: 'min' | 'max', names: readonly (keyof Parameters)[]) =>
  Object.fromEntries(names.map(name => [name, limits[name][which]])) as Partial<Parameters>;

const fits = (Object.keys(limits) as (keyof Parameters)[]).filter(name => name.startsWith('fit'));

const sets: Record<string, Partial<Parameters>> = {
  'thin walls, tight fits': {
    ...extreme('min', ['wallMm', 'faceMm', 'sideMm', 'lidMm', 'lipMm', 'lipHeightMm', 'postMm', 'flangeMm']),
    ...extreme('min', fits),
    screwHeadMm: 4.6,
    windowMarginMm: 0,
  },
  'thick walls, loose fits': {
    ...extreme('max', ['wallMm', 'sideMm', 'lipMm']),
    ...extreme('max', fits),
    faceMm: 4,
    lidMm: 4,
    flangeMm: 1.6,
    // A peg is as thick as the module's hole lets it be: the named exception to wallMm.
    fitPegMm: 0.1,
    buttonTravelMm: 1,
    buttonProudMm: 2,
    buttonGapMm: 0.4,
    bossMm: 7,
    windowMarginMm: 0.3,
  },
};

describe.each(Object.entries(sets))('%s', (_, changed) => {
  describe.each(allCases(changed))('$title', made => {
    test.each(Object.entries({ ...fitChecks, ...mateChecks, ...buttonChecks }))('%s', (_, check) => {
      const found = check(made);
      expect(found, found.join('\n')).toEqual([]);
    });

    test('each file is one body that needs no support', () => {
      for (const placed of made.parts) {
        const { file, mesh, bridges } = toPart(made, placed);
        const read = readStl(stl(mesh, file));
        expect(bodies(read), file).toBe(1);
        expect(overhangs(read, bridges), file).toEqual([]);
        expect(beginsInAir(read, bridges), file).toEqual([]);
      }
    });

    test('nothing is thinner than wallMm', () => {
      for (const { name, solid } of made.parts.filter(part => part.name !== 'coupon')) {
        const { mm, at } = thinnest(solid, 4);
        expect(mm, `${name} at ${at.join()}`).toBeGreaterThanOrEqual(made.p.wallMm - 0.01);
      }
    });
  });
});
