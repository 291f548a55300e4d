/** Walls with rays as dense as it takes to find any spot that is too thin for a nozzle. */
import { describe, expect, test } from 'vitest';
import { allCases } from './fixtures/cases.ts';
import { thinnest } from './fixtures/measure.ts';

describe.each(allCases())('$title', made => {
  test.each(made.parts)('$name is nowhere thinner than wallMm, looked at every 1.2 mm', ({ name, solid }) => {
    const { mm, at, rays } = thinnest(solid, 1.2);
    expect(rays).toBeGreaterThan(800);
    expect(mm, `${name} at ${at.join()}`).toBeGreaterThanOrEqual(made.p.wallMm - 0.01);
  });
});
