/** Countersunk M2.5 screws from behind: the holes that they pass, the posts that they cut into, and their bodies. */
import type { Xy } from './boards.ts';
import { circle, cylinder, grow, loft, prism, Shapes, type Solid, Solids } from './kernel.ts';
import type { Layout } from './layout.ts';
import { type CaseShape, insideShape, outline } from './shape.ts';

const overMm = 0.5;
/** The head is so much smaller than its hole, radius. */
const headAirMm = 0.2;
const threadMm = 2.5;

const sinkMm = ({ p }: Layout) => (p.screwHeadMm - p.screwClearMm) / 2;

/** To be cut out of what a screw passes. */
export function screwHoles(at: Layout, screws: readonly Xy[]): Solid {
  const { p, rimD, depthMm } = at;
  return Solids.union(
    screws.flatMap(screw => [
      cylinder(screw, p.screwClearMm, [rimD - overMm, depthMm + overMm]),
      loft(
        [circle(screw, p.screwClearMm / 2), depthMm - sinkMm(at)],
        [circle(screw, p.screwHeadMm / 2 + overMm), depthMm + overMm],
      ),
    ]),
  );
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
  const { p, depthMm } = at;
  const headD = depthMm - sinkMm(at);
  return shape.screws.map(screw => {
    const head = loft(
      [circle(screw, threadMm / 2), headD],
      [circle(screw, p.screwHeadMm / 2 - headAirMm), depthMm],
    );
    return head.add(cylinder(screw, threadMm, [depthMm - p.screwLengthMm, headD]));
  });
}
