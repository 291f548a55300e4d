/**
 * The house's roof. It goes on last, from behind: the gable at its rear fills the top of the back, overlaps the back's upper edge, and the
 * top screw holds it. Printed on its rear, where all of it stands on the bed.
 */
import {
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
import type { Layout } from './layout.ts';
import { screwHoles } from './screws.ts';
import { type CaseShape, outline, roundEdge } from './shape.ts';

/** Across the slope, beyond the walls, in front of the face; tiles on a slope, and how far each stands out. */
const roof = { thickMm: 5.4, eavesMm: 5, frontMm: 3, tiles: 6, tileMm: 0.9 };
const chimney = { x: [12.5, 20.5] as Range, deepMm: 12, aboveApexMm: -2, rimMm: 1.2, rimHighMm: 3 };
/** Least height of the gable under the apex, and height of the straight parts of the step at its lower edge. */
const gable = { highMm: 15.5, straightMm: 0.8 };
/** From a wall's outside to the screw in the middle: inside of the wall, and half a post's width. */
const screwFromWallMm = 2.6;
const edge = roundEdge(2.6, 5);
const sides = [-1, 1] as const;

/** The walls' upper edges: where they meet, and how long they are. Both slopes are 45°. */
export interface Slopes {
  apexMm: number;
  longMm: number;
}

/** How far under the apex the screw is that holds the roof. */
export const topScrewMm = ({ p }: Layout): number => (p.sideMm + screwFromWallMm) * Math.SQRT2;

/** Along a slope from the ridge, and outwards from it. `side` is 1 at the right. */
function onSlope(
  { apexMm }: Slopes,
  side: 1 | -1,
  alongMm: number,
  outMm: number,
): readonly [number, number] {
  const [along, out] = [alongMm * Math.SQRT1_2, outMm * Math.SQRT1_2];
  return [side * (along + out), apexMm - along + out];
}

/** Ridge and tiles as drawn from the front, each convex; `insetMm` is taken from what is outside. */
function pieces(slopes: Slopes, fitMm: number, insetMm: number): Shape[] {
  const long = slopes.longMm + roof.eavesMm;
  const on = (side: 1 | -1, along: number, out: number) => onSlope(slopes, side, along, out);
  const top = roof.thickMm - insetMm;
  const up = (mm: number): readonly [number, number] => [0, slopes.apexMm + mm * Math.SQRT2];
  const ridge = polygon([up(fitMm), on(1, 0, top), up(top), on(-1, 0, top)]);
  const tiles = sides.flatMap(side =>
    Array.from({ length: roof.tiles }, (_, tile) => {
      const from = (tile * long) / roof.tiles;
      const until = ((tile + 1) * long) / roof.tiles - (tile === roof.tiles - 1 ? insetMm : 0);
      return polygon([
        // Both undersides meet under the ridge.
        tile === 0 ? up(fitMm) : on(side, from, fitMm),
        on(side, from, top),
        on(side, until, top + roof.tileMm),
        on(side, until, fitMm),
      ]);
    }),
  );
  return [ridge, ...tiles];
}

/** Above the step between the gable and the back, `downMm` lower. The step lets the gable hold the back's edge. */
function aboveStep(at: Layout, { apexMm }: Slopes, downMm: number): Solid {
  const { rimD, depthMm, p } = at;
  const stepMm = p.lidMm - 2 * gable.straightMm;
  const highMm = Math.max(gable.highMm, topScrewMm(at) + p.screwHeadMm / 2 + p.wallMm + stepMm);
  const y = apexMm - highMm - downMm;
  const above = (byMm: number) => rectangle([-60, 60], [y + byMm, y + 60]);
  const [outer, inner] = [depthMm - gable.straightMm, rimD + gable.straightMm];
  return Solids.union([
    prism(above(0), [outer, depthMm + 1]),
    loft([above(stepMm), inner], [above(0), outer]),
    prism(above(stepMm), [rimD - p.lipHeightMm - 1, inner]),
  ]);
}

/** What the back must leave free for the gable. */
export function gableSpace(at: Layout, slopes: Slopes): Solid {
  return aboveStep(at, slopes, at.p.fitRoofMm * Math.SQRT2);
}

export function roofSolid(at: Layout, slopes: Slopes, shape: CaseShape): Solid {
  const { p, rimD, depthMm } = at;
  const layers = [...edge.map(([inset, d]) => [inset, d - roof.frontMm] as const), [0, depthMm] as const];
  const count = 1 + 2 * roof.tiles;
  const tiles = Array.from({ length: count }, (_, piece) =>
    loft(
      ...layers.map(
        ([inset, d]) => [pieces(slopes, p.fitRoofMm, inset)[piece] ?? new Shapes([]), d] as const,
      ),
    ),
  );
  // Over the slit between roof and walls, so that roof and gable are one.
  const gableShape = grow(outline(shape), roof.thickMm / 2).intersect(
    rectangle([-60, 60], [slopes.apexMm - 40, 99]),
  );
  const wall = prism(gableShape, [rimD, depthMm]).intersect(aboveStep(at, slopes, 0));
  return Solids.union([
    ...tiles,
    wall,
    prism(chimneyShape(slopes), [depthMm - chimney.deepMm, depthMm]),
  ]).subtract(screwHoles(at, shape));
}

function chimneyShape({ apexMm }: Slopes): Shape {
  const [x0, x1] = chimney.x;
  const top = apexMm + roof.thickMm * Math.SQRT2 + chimney.aboveApexMm;
  // Its foot is inside the slab.
  const foot = (x: number) => apexMm - x + roof.thickMm * 0.7;
  const { rimMm, rimHighMm } = chimney;
  const stack = polygon([
    [x0, foot(x0)],
    [x1, foot(x1)],
    [x1, top],
    [x0, top],
  ]);
  return Shapes.union([stack, rectangle([x0 - rimMm, x1 + rimMm], [top - rimHighMm, top])]);
}

export const roofColour = '#b4472f';
