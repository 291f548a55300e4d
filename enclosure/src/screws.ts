/** Countersunk M2.5 screws from behind: the holes that they pass, the posts that they cut into, and their bodies. */
import type { Xy } from './boards.ts';
import {
  box,
  circle,
  cylinder,
  grow,
  loft,
  polygon,
  prism,
  type Shape,
  Shapes,
  type Solid,
  Solids,
} from './kernel.ts';
import type { Layout } from './layout.ts';
import type { Parameters } from './parameters.ts';
import { type CaseShape, footPlateMm, insideShape, outline } from './shape.ts';

const overMm = 0.5;
/** The head is so much smaller than its hole, radius. */
const headAirMm = 0.2;
const threadMm = 2.5;

const sinkMm = ({ p }: Layout) => (p.screwHeadMm - p.screwClearMm) / 2;

/** Where a screw's head ends: on the back, or on the foot when it holds that too. */
const outerD = ({ p, depthMm }: Layout, shape: CaseShape, index: number) =>
  index < shape.footScrews ? depthMm + p.fitFootMm + footPlateMm : depthMm;

/** To be cut out of back and roof where the screws pass. */
export function screwHoles(at: Layout, shape: CaseShape): Solid {
  const { p, rimD, depthMm } = at;
  return Solids.union(
    shape.screws.flatMap((screw, index) => {
      const clear = cylinder(screw, p.screwClearMm, [rimD - overMm, depthMm + overMm]);
      // With the foot behind it, it has no countersink, and the hole's edge lies on the bed.
      return index < shape.footScrews
        ? [clear, chamferBehind(circle(screw, p.screwClearMm / 2), depthMm, p)]
        : [clear, countersink(at, screw, depthMm)];
    }),
  );
}

function countersink(at: Layout, screw: Xy, untilD: number): Solid {
  const { p } = at;
  return loft(
    [circle(screw, p.screwClearMm / 2), untilD - sinkMm(at)],
    [circle(screw, p.screwHeadMm / 2 + overMm), untilD + overMm],
  );
}

/** Of the way for a screwdriver, and a head. */
export const boreRadiusMm = (p: Parameters): number => p.screwHeadMm / 2 + 0.4;

/**
 * To be cut out of the foot, which is printed leaning: the holes and the ways to them have roofs of 45°, and the heads lie on the lower
 * halves of countersinks.
 */
export function footHoles(at: Layout, shape: CaseShape): Solid {
  const { p, rimD } = at;
  return Solids.union(
    shape.screws.slice(0, shape.footScrews).flatMap((screw, index) => {
      const until = outerD(at, shape, index);
      const bore = roofed(screw, boreRadiusMm(p));
      const [x, y] = screw;
      const upper = box([x - 20, x + 20], [y, y + 20], [0, until + 1]);
      return [
        prism(roofed(screw, p.screwClearMm / 2), [rimD, until + overMm]),
        prism(bore, [until, until + 60]),
        prism(bore, [until - sinkMm(at), until + overMm]).intersect(upper),
        countersink(at, screw, until)
          .intersect(prism(bore, [rimD, until + overMm]))
          .subtract(upper),
      ];
    }),
  );
}

/** A circle under a roof of 45°. */
function roofed([x, y]: Xy, radiusMm: number): Shape {
  const side = radiusMm * Math.SQRT1_2;
  const roof = polygon([
    [x - side, y + side],
    [x + side, y + side],
    [x, y + radiusMm * Math.SQRT2],
  ]);
  return Shapes.union([circle([x, y], radiusMm), roof]);
}

/** An opening in the back, convex: wider where it lies on the bed. */
export function chamferBehind(opening: Shape, depthMm: number, { bedChamferMm }: Parameters): Solid {
  return loft([opening, depthMm - bedChamferMm], [grow(opening, bedChamferMm + overMm), depthMm + overMm]);
}

/** Into the walls, so that what fills a pocket is one with them. */
const intoWallMm = 0.1;

/** The front's posts, from its face to its rim, and what they cut off from the room, at corners: a slit that nothing could fill or clean. */
export function bosses({ p, rimD }: Layout, shape: CaseShape): Solid {
  const posts = Shapes.union(shape.screws.map(screw => circle(screw, p.bossMm / 2)));
  const [, ...pockets] = insideShape(p, shape)
    .subtract(posts)
    .decompose()
    .sort((one, other) => other.area() - one.area());
  const filled = pockets.map(pocket => grow(pocket, intoWallMm));
  return prism(Shapes.union([posts, ...filled]).intersect(outline(shape, p.sideMm / 2)), [
    p.faceMm - overMm,
    rimD,
  ]);
}

/** Holes for the thread. They end before the face. */
export function pilots({ p, rimD }: Layout, screws: readonly Xy[]): Solid {
  const depthMm = Math.min(p.screwLengthMm, rimD - p.faceMm - p.wallMm);
  return Solids.union(screws.map(screw => cylinder(screw, p.screwPilotMm, [rimD - depthMm, rimD + overMm])));
}

/** The screws themselves, screwed in. */
export function screwBodies(at: Layout, shape: CaseShape): Solid[] {
  const { p } = at;
  return shape.screws.map((screw, index) => {
    const until = outerD(at, shape, index);
    const headD = until - sinkMm(at);
    const head = loft(
      [circle(screw, threadMm / 2), headD],
      [circle(screw, p.screwHeadMm / 2 - headAirMm), until],
    );
    return head.add(cylinder(screw, threadMm, [until - p.screwLengthMm, headD]));
  });
}
