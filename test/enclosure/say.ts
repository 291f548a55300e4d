/** What checks say: nothing when all is well, otherwise what is wrong and by how much. */

import type { Solid } from '../../enclosure/src/kernel.ts';
import { between, closeMm, type Made, nothingMm3, sharedMm3, sliceAt } from './cases.ts';

/** Each check names what is wrong; nothing is right. */
export type Check = (made: Made) => string[];

/** Farther than any clearance: gaps are searched up to here, mm. */
export const searchMm = 5;

/** Along x and y. */
export const ways = [
  { way: 'to the right', x: 1, y: 0 },
  { way: 'to the left', x: -1, y: 0 },
  { way: 'upwards', x: 0, y: 1 },
  { way: 'downwards', x: 0, y: -1 },
] as const;

export const wrong = (holds: boolean, text: string): string[] => (holds ? [] : [text]);

export const near = (what: string, foundMm: number, wantedMm: number): string[] =>
  wrong(Math.abs(foundMm - wantedMm) <= closeMm, `${what}: ${foundMm.toFixed(3)} mm, not ${wantedMm} mm`);

export const apart = (what: string, mm3: number): string[] =>
  wrong(mm3 < nothingMm3, `${what} share ${mm3.toFixed(3)} mm³`);

/** A minimum distance says nothing of the other sides: moved by `byMm` each way, the one must be in the other. */
export const guided = (what: string, one: Solid, other: Solid, byMm: number): string[] =>
  ways.flatMap(({ way, x, y }) =>
    wrong(
      sharedMm3(one.translate([x * byMm, y * byMm, 0]), other) >= nothingMm3,
      `${what}: nothing stops it within ${byMm.toFixed(2)} mm ${way}`,
    ),
  );

/** Depths are looked at in such steps, mm: thinner than any wall, and no divisor of the figures, as slices in a plane are of chance. */
const stepMm = 0.237;
/** Below this an area is rounding, mm². */
const nothingMm2 = 0.02;

/**
 * Straight in from behind: at each depth, what is in front of it has been there on its way. Its shadow must not meet what is
 * fixed at that depth.
 */
export function goesIn(what: string, moving: Solid, fixed: Solid): string[] {
  const from = -moving.boundingBox().max[2];
  const until = -fixed.boundingBox().min[2];
  for (let d = from + 0.01; d < until; d += stepMm) {
    const areaMm2 = between(moving, [from - 1, d])
      .project()
      .intersect(sliceAt(fixed, d))
      .area();
    if (areaMm2 >= nothingMm2)
      return [`${what}: in the way ${d.toFixed(1)} mm behind the face, ${areaMm2.toFixed(2)} mm²`];
  }
  return [];
}
