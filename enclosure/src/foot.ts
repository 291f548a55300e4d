/**
 * The foot: a wedge that the case stands in, face leaning back, held by the lower screws. It reaches far enough behind that a finger's
 * push ends on it. The same for all boards. Printed as it stands.
 */
import {
  circle,
  grow,
  loft,
  polygon,
  prism,
  type Range,
  rectangle,
  type Shape,
  Shapes,
  type Solid,
  Solids,
} from './kernel.ts';
import { floorInsideMm, type Layout } from './layout.ts';
import { boreRadiusMm, footHoles } from './screws.ts';
import { type CaseShape, footPlateMm, outline } from './shape.ts';
import { leanDegrees } from './viewing.ts';

/** Lip before the face: thickness, and how high both it and the sides reach up the case. */
const lip = { thickMm: 2.4, highMm: 3 };
/** Under the case's lowest edge; the heel's end. */
const underMm = 3.6;
const heelMm = 4;
/** From the case's lowest edge backwards over the table. */
export const heelReachMm = 37;
/**
 * Weight: M6 nuts (DIN 934: 10 across flats, 5 high, 2.5 g), side by side in a trough that the case closes. From the foot's front edge and
 * above the table to it, and around the nuts.
 */
export const nuts = {
  count: 11,
  flatsMm: 10,
  highMm: 5,
  grams: 2.5,
  fromFrontMm: 2.6,
  aboveMm: 1.8,
  fitMm: 0.5,
};
const nutCornersMm = (2 * nuts.flatsMm) / Math.sqrt(3);

/** Rubber feet, self-adhesive; marked on the bottom by rings. From its edges to their middles. */
export const rubber = { diameterMm: 10, highMm: 3, inMm: 8 };
const ringMm = 0.4;

const degreesToTable = 90 - leanDegrees;
const lean = (leanDegrees * Math.PI) / 180;

/** To the case's frame from the table's: x to the right, y away from the viewer, z up. */
const fromTable = (solid: Solid): Solid => solid.rotate([-degreesToTable, 0, 0]);

/** A point of the case, by its height and depth, as distance away and height over the table's zero. */
export const onTable = (y: number, d: number): readonly [awayMm: number, upMm: number] => [
  y * Math.sin(lean) + d * Math.cos(lean),
  y * Math.cos(lean) - d * Math.sin(lean),
];

/** The foot's outline on the table, and the table's height: all in the table's frame. */
export function footprint({ p, depthMm }: Layout, shape: CaseShape): { x: Range; away: Range; upMm: number } {
  const floor = floorInsideMm - p.sideMm;
  const [frontMm] = onTable(floor, -p.fitFootMm - lip.thickMm);
  const [lowestAway, lowestUp] = onTable(floor, depthMm);
  return { x: shape.footX, away: [frontMm, lowestAway + heelReachMm], upMm: lowestUp - underMm };
}

/** The middles of the rubber feet, in the table's frame. */
export function rubberFeet(at: Layout, shape: CaseShape): (readonly [x: number, away: number])[] {
  const { x, away } = footprint(at, shape);
  return [x[0] + rubber.inMm, x[1] - rubber.inMm].flatMap(across =>
    [away[0] + rubber.inMm, away[1] - rubber.inMm].map(back => [across, back] as const),
  );
}

/** Through x: a shape of away and up. */
const across = (shape: Shape, [from, until]: Range): Solid =>
  Solids.extrude(shape, until - from)
    .rotate([90, 0, 90])
    .translate([from, 0, 0]);

/** The wedge before anything is cut out, in the table's frame. */
function wedge(at: Layout, shape: CaseShape, plateTopMm: number): Solid {
  const { p, depthMm } = at;
  const { x, away, upMm } = footprint(at, shape);
  const floor = floorInsideMm - p.sideMm;
  const lipD = -p.fitFootMm - lip.thickMm;
  const plateD = depthMm + p.fitFootMm + footPlateMm;
  const plateTop = onTable(plateTopMm, plateD);
  const side = polygon([
    [away[0], upMm],
    [away[1], upMm],
    [away[1], upMm + heelMm],
    // From the plate down to the heel: the plate does not stand free.
    plateTop,
    onTable(plateTopMm, depthMm + p.fitFootMm),
    onTable(floor + lip.highMm, depthMm + p.fitFootMm),
    onTable(floor + lip.highMm, lipD),
    onTable(floor, lipD),
  ]);
  // Its corners round, as a finger finds them; not at the top, where it would be an overhang.
  const plan = rectangle(x, away).offset(-4, 'Miter', 2).offset(4, 'Round', 2, 48);
  const [low, high] = [upMm, upMm + 80];
  return across(side, x).intersect(Solids.extrude(plan, high - low).translate([0, 0, low]));
}

/** The nuts' row, in the table's frame: its middle and its ends. */
function nutRow(at: Layout, shape: CaseShape): { middle: readonly [number, number]; x: Range } {
  const { away, upMm } = footprint(at, shape);
  const half = (nuts.count * nuts.highMm) / 2;
  const x = (shape.ballastX[0] + shape.ballastX[1]) / 2;
  return {
    middle: [away[0] + nuts.fromFrontMm + nutCornersMm / 2, upMm + nuts.aboveMm + nuts.flatsMm / 2],
    x: [x - half, x + half],
  };
}

/** The nuts as one body, in the case's frame. */
export function nutBlock(at: Layout, shape: CaseShape): Solid {
  const { middle, x } = nutRow(at, shape);
  const hexagon = Shapes.circle(nutCornersMm / 2, 6).translate(middle[0], middle[1]);
  return fromTable(across(hexagon, x));
}

/** Their trough, open above, in the table's frame. */
function trough(at: Layout, shape: CaseShape): Solid {
  const { middle, x } = nutRow(at, shape);
  const half = nutCornersMm / 2 + nuts.fitMm;
  const side = rectangle(
    [middle[0] - half, middle[0] + half],
    [middle[1] - nuts.flatsMm / 2, middle[1] + 30],
  );
  return across(side, [x[0] - nuts.fitMm, x[1] + nuts.fitMm]);
}

/** What goes down into the foot: the case, and all that passes on its way. */
function caseSpace({ p, depthMm }: Layout, shape: CaseShape): Solid {
  const floor = floorInsideMm - p.sideMm;
  const lower = grow(outline(shape), p.fitFootMm).intersect(rectangle([-200, 200], [floor - 5, floor + 40]));
  return prism(lower, [-p.fitFootMm, depthMm + p.fitFootMm]);
}

/** Rings on the bottom where the rubber feet go. */
function rings(at: Layout, shape: CaseShape): Solid[] {
  const { upMm } = footprint(at, shape);
  const over = 0.2;
  return rubberFeet(at, shape).map(middle => {
    const ring = (radiusMm: number, deep: number) => [circle(middle, radiusMm), deep] as const;
    const half = ringMm + over;
    const radius = rubber.diameterMm / 2;
    const cone = loft(ring(radius + half, over), ring(radius, -ringMm));
    const core = loft(ring(radius - half, over), ring(radius, -ringMm));
    return cone.subtract(core).translate([0, 0, upMm]);
  });
}

export function foot(at: Layout, shape: CaseShape): Solid {
  const { p } = at;
  const heldUpTo = Math.max(...shape.screws.slice(0, shape.footScrews).map(([, y]) => y));
  // Above the roofs of the screwdriver's ways, a wall is left.
  const plateTopMm = heldUpTo + Math.SQRT2 * boreRadiusMm(p) + p.wallMm + 0.5;
  const cut = Solids.union([caseSpace(at, shape), footHoles(at, shape)]);
  const body = wedge(at, shape, plateTopMm).subtract(Solids.union([...rings(at, shape), trough(at, shape)]));
  return fromTable(body).subtract(cut);
}
