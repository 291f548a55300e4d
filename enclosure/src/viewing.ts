/** How the case stands in front of people: how far its face leans back, and what the window must leave free for their eyes. */
import type { Parameters } from './parameters.ts';

/** Of the face, from upright. Square to it looks somebody whose eyes are so many degrees above the table. */
export const leanDegrees = 40;

/** From where all of the display is to be seen: above the table (somebody sitting: 39 to 45), and to each side. */
export const eyes = { fromDegrees: 0, untilDegrees: 50, asideDegrees: 45, stepDegrees: 5 } as const;

/**
 * The lit layer is under the panel's front glass. 0.7 mm of glass: what is left of 1.45 mm for two sheets of equal thickness, from
 * memory; 1.5 is soda-lime glass.
 */
export const glass = { overLitMm: 0.7, index: 1.5 } as const;

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Towards an eye, in mm to the right and up for each mm out of the face. */
export function towardsEye(
  aboveDegrees: number,
  asideDegrees: number,
  lean = leanDegrees,
): readonly [number, number] {
  const [above, aside, back] = [aboveDegrees, asideDegrees, lean].map(radians) as [number, number, number];
  const level = Math.cos(aside) * Math.cos(above);
  const out = level * Math.cos(back) + Math.sin(above) * Math.sin(back);
  const up = Math.sin(above) * Math.cos(back) - level * Math.sin(back);
  return [(Math.sin(aside) * Math.cos(above)) / out, up / out];
}

/** How far a line to an eye goes sideways inside of the glass (Snell), mm; `slope` as {@link towardsEye} gives it. */
export function inGlassMm(slope: readonly [number, number]): readonly [number, number] {
  const steep = Math.hypot(...slope);
  if (steep === 0) return [0, 0];
  const sine = steep / Math.hypot(steep, 1);
  const mm = (glass.overLitMm * sine) / Math.sqrt(glass.index ** 2 - sine ** 2);
  return [(mm * slope[0]) / steep, (mm * slope[1]) / steep];
}

/** From the lit area to the window's narrowest part, so that no line to an eye meets plastic, mm. */
export function windowMargins(p: Parameters): { sideMm: number; topMm: number; bottomMm: number } {
  const { windowLandMm, windowPlateMm, fitDisplayMm } = p;
  const bevelMm = windowPlateMm - windowLandMm;
  // Of a line: at the land's outer end, and where the bevel of 45° reaches the face.
  const needed = (slope: number, glassMm: number) =>
    glassMm +
    Math.max(slope * (fitDisplayMm + windowLandMm), slope * (fitDisplayMm + windowPlateMm) - bevelMm);
  let [side, top, bottom] = [0, 0, 0];
  for (let above = eyes.fromDegrees; above <= eyes.untilDegrees; above += eyes.stepDegrees) {
    for (let aside = 0; aside <= eyes.asideDegrees; aside += eyes.stepDegrees) {
      const slope = towardsEye(above, aside);
      const inGlass = inGlassMm(slope);
      side = Math.max(side, needed(slope[0], inGlass[0]));
      top = Math.max(top, needed(slope[1], inGlass[1]));
      bottom = Math.max(bottom, needed(-slope[1], -inGlass[1]));
    }
  }
  const spare = p.windowMarginMm;
  return { sideMm: side + spare, topMm: top + spare, bottomMm: bottom + spare };
}
