/** Both cases for every board, as the tests look at them, and what all of them ask. */
import { boards, usbGripMm } from '../../enclosure/src/boards.ts';
import { box, prism, type Range, type Shape, Shapes, type Solid } from '../../enclosure/src/kernel.ts';
import { around, contents } from '../../enclosure/src/layout.ts';
import { type Parameters, parameters } from '../../enclosure/src/parameters.ts';
import { type Case, makeCase } from '../../enclosure/src/parts.ts';

export const caseNames = ['house', 'cloud'] as const;

/** Below this two bodies do not share space: rounding of coordinates, mm³. */
export const nothingMm3 = 0.01;
/** Rounding of lengths, and the flats of round things, mm. */
export const closeMm = 0.011;

export interface Made extends Case {
  title: string;
  p: Parameters;
}

/** The four cases with these figures changed. */
export function allCases(changed: Partial<Parameters> = {}): Made[] {
  const p = parameters(changed);
  return caseNames.flatMap(name =>
    boards.map(board => ({ ...makeCase(name, board, p), p, title: `${name}, ${board.name}` })),
  );
}

/** The default cases, made once for each test file. */
export const cases = allCases();

/** A part of a case in its place. */
export function part({ parts, shape }: Case, name: 'front' | 'back' | 'button' | 'roof' | 'coupon'): Solid {
  const wanted = name === 'button' ? shape.buttonName : name;
  const found = parts.find(one => one.name === wanted);
  if (!found) throw new Error(`no ${wanted}`);
  return found.solid;
}

/** The parts that are screwed together: all but the coupon. */
export const printed = (made: Case) => made.parts.filter(({ name }) => name !== 'coupon');

export const inside = (made: Case, ...names: string[]) =>
  contents(made.at).filter(({ name }) => names.length === 0 || names.includes(name));

/** @throws Error when there is no such content. */
export function content(made: Case, name: string): Solid {
  const found = inside(made, name)[0]?.solid;
  if (!found) throw new Error(`no ${name}`);
  return found;
}

export const sharedMm3 = (a: Solid, b: Solid): number => a.intersect(b).volume();

/** What of a solid is between two depths. */
export const between = (solid: Solid, d: Range): Solid => solid.intersect(box([-200, 200], [-200, 200], d));

/** A solid's cut at a depth behind the face. */
export const sliceAt = (solid: Solid, d: number): Shape => solid.slice(-d);

/** The room that the front's walls enclose 1 mm before its rear rim, from its face to the back, as the finished parts have it. */
export function cavity(made: Case): Solid {
  const { min, max } = part(made, 'front').boundingBox();
  const walls = sliceAt(part(made, 'front'), -min[2] - 1);
  const filled = walls.toPolygons().map(points => new Shapes([points], 'NonZero'));
  const room = Shapes.union(filled).subtract(walls);
  return prism(room, [-max[2], -min[2]]);
}

/** The largest plug's grip, as it sits in the board's socket: from its mouth to far outside. */
export function usbPlug(made: Case): Solid {
  const { min, max } = content(made, 'USB socket').boundingBox();
  const middle = [1, 2].map(axis => ((min[axis] ?? 0) + (max[axis] ?? 0)) / 2);
  const [across, deep] = usbGripMm;
  return box([-90, min[0]], around(middle[0] ?? 0, across), around(-(middle[1] ?? 0), deep));
}
