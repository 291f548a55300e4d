/**
 * The solid-modelling kernel (manifold-3d, whose results are watertight by construction), and the few shapes made of it.
 * The case's frame: x to the right, y up, z towards the viewer, mm; the front's outer face is z = 0 and `d` is the
 * depth behind it, so z = -d.
 */
import Module, { type CrossSection, type Manifold } from 'manifold-3d';

const library = await Module();
library.setup();

export type Solid = Manifold;
export type Shape = CrossSection;
export type Range = readonly [from: number, to: number];
export const { Manifold: Solids, CrossSection: Shapes } = library;

/** Straight pieces of a full circle. A multiple of four keeps a circle's extremes on its diameter. */
const circleSegments = 48;
/** Of a circle with a radius from here on, mm: its corners would be seen. */
const large = { radiusMm: 10, segments: 112 };

const sorted = ([a, b]: Range): Range => (a < b ? [a, b] : [b, a]);

export function box(x: Range, y: Range, d: Range): Solid {
  const [x0, x1] = sorted(x);
  const [y0, y1] = sorted(y);
  const [d0, d1] = sorted(d);
  return Solids.cube([x1 - x0, y1 - y0, d1 - d0]).translate([x0, y0, -d1]);
}

/** `shape` from one depth to the other. */
export function prism(shape: Shape, d: Range): Solid {
  const [d0, d1] = sorted(d);
  return Solids.extrude(shape, d1 - d0).translate([0, 0, -d1]);
}

export function cylinder([x, y]: readonly [number, number], diameterMm: number, d: Range): Solid {
  return prism(circle([x, y], diameterMm / 2), d);
}

export function circle([x, y]: readonly [number, number], radiusMm: number): Shape {
  return Shapes.circle(radiusMm, radiusMm < large.radiusMm ? circleSegments : large.segments).translate(x, y);
}

export function rectangle(x: Range, y: Range): Shape {
  const [x0, x1] = sorted(x);
  const [y0, y1] = sorted(y);
  return Shapes.square([x1 - x0, y1 - y0]).translate(x0, y0);
}

/** The inside of a line through points, whichever way it goes around. */
export function polygon(points: readonly (readonly [number, number])[]): Shape {
  return new Shapes([points.map(([x, y]) => [x, y])], 'NonZero');
}

/** Outwards (inwards when negative); corners stay corners. */
export function grow(shape: Shape, byMm: number): Shape {
  return byMm === 0 ? shape : shape.offset(byMm, 'Miter', 4);
}

/** Outwards or inwards; outer corners become round. */
export function growRound(shape: Shape, byMm: number): Shape {
  return shape.offset(byMm, 'Round', 2, circleSegments);
}

/** Middle and radius of a circle, mm. */
export type Round = readonly [xMm: number, yMm: number, radiusMm: number];

/**
 * The convex shape around circles, outwards by `growMm`. Its corners keep their number and their directions: between two of them that
 * differ in `growMm` alone all faces are even, which offset() does not give (it leaves slivers).
 */
export function roundHull(circles: readonly Round[], growMm = 0): Shape {
  return Shapes.hull(circles.map(([x, y, r]) => Shapes.circle(r + growMm, circleSegments).translate(x, y)));
}

/** Without whatever is thinner than `widthMm` (opening: in, then out again). */
export function withoutThin(shape: Shape, widthMm: number): Shape {
  return growRound(growRound(shape, -widthMm / 2), widthMm / 2);
}

/** The convex body through convex shapes at depths. */
export function loft(...sections: readonly (readonly [shape: Shape, d: number])[]): Solid {
  return Solids.hull(
    sections.flatMap(([shape, d]) =>
      shape.toPolygons().flatMap(polygon => polygon.map(([x, y]): [number, number, number] => [x, y, -d])),
    ),
  );
}

/** A groove with sides of 45° along the edge of a convex shape, to be cut out of the front: it needs no support there. */
export function grooveAround(shape: Shape, depthMm: number): Solid {
  const over = 0.2;
  const outer = loft([grow(shape, depthMm + over), -over], [shape, depthMm]);
  return outer.subtract(loft([grow(shape, -depthMm - over), -over], [shape, depthMm]));
}

/** The same along a line. */
export function grooveLine(from: Range, to: Range, depthMm: number): Solid {
  const over = 0.2;
  const half = depthMm + over;
  const corners = [from, to].flatMap(([x, y]) =>
    [-half, half].flatMap(dx => [-half, half].map((dy): [number, number, number] => [x + dx, y + dy, over])),
  );
  // The bottom is a line: a flat one would be a ceiling.
  return Solids.hull([...corners, [...from, -depthMm], [...to, -depthMm]]);
}

/** Of a groove that runs out: pieces along it, the part of its way on which it becomes flatter, and how flat it ends. */
const runningOut = { pieces: 12, share: 0.6, endMm: 0.1 };

/** The same along a part of a circle, running out at its end: directions in degrees, 0 is to the right. */
export function arcGroove([x, y, r]: Round, [from, until]: Range, depthMm: number): Solid {
  const over = 0.2;
  const { pieces, share, endMm } = runningOut;
  const cone = (piece: number): [number, number, number][] => {
    const way = piece / pieces;
    const angle = ((from + (until - from) * way) * Math.PI) / 180;
    const [atX, atY] = [x + r * Math.cos(angle), y + r * Math.sin(angle)];
    const mm = endMm + (depthMm - endMm) * Math.min(1, (1 - way) / share);
    const rim = circle([atX, atY], mm + over)
      .toPolygons()
      .flat();
    return [...rim.map(([cx, cy]): [number, number, number] => [cx, cy, over]), [atX, atY, -mm]];
  };
  return Solids.union(
    Array.from({ length: pieces }, (_, piece) => Solids.hull([...cone(piece), ...cone(piece + 1)])),
  );
}
