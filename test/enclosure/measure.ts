/**
 * Measurements of meshes and solids, made with as little as possible of the code that made them: closedness and
 * overhangs from the triangles of the STL alone.
 */
import { triangle } from '../../enclosure/src/export.ts';
import type { Solid } from '../../enclosure/src/kernel.ts';
import type { Bridge, Mesh } from '../../enclosure/src/parts.ts';

type Point = readonly [number, number, number];

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Point, b: Point) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Point, b: Point): Point => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** What a binary STL says, its corners joined where their coordinates are equal: as a slicer reads it. */
export function readStl(bytes: Uint8Array): Mesh {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(80, true);
  if (bytes.byteLength !== 84 + 50 * count)
    throw new Error('the length does not fit the number of triangles');
  const index = new Map<string, number>();
  const vertices: number[] = [];
  const triangles = new Uint32Array(3 * count);
  for (let corner = 0; corner < 3 * count; corner++) {
    const at = 84 + 50 * Math.floor(corner / 3) + 12 + 12 * (corner % 3);
    const point = [0, 4, 8].map(offset => view.getFloat32(at + offset, true));
    const key = point.join();
    const known = index.get(key) ?? index.size;
    if (known === index.size) {
      index.set(key, known);
      vertices.push(...point);
    }
    triangles[corner] = known;
  }
  return { vertices: Float32Array.from(vertices), triangles };
}

/** Triangles without an area. */
export function degenerate(mesh: Mesh): number {
  return indices(mesh).filter(index => {
    const [a, b, c] = triangle(mesh, index);
    return a.join() === b.join() || b.join() === c.join() || c.join() === a.join();
  }).length;
}

/** Pieces that are connected by triangles. A hollow has an inner piece. */
export function bodies({ vertices, triangles }: Mesh): number {
  const count = vertices.length / 3;
  const body = groups(count);
  for (let at = 0; at < triangles.length; at += 3) {
    for (const next of [1, 2]) body.join(triangles[at + next] ?? 0, triangles[at] ?? 0);
  }
  return new Set(Array.from({ length: count }, (_, vertex) => body.of(vertex))).size;
}

const indices = ({ triangles }: Mesh) => Array.from({ length: triangles.length / 3 }, (_, index) => index);

/** Cubic millimetres inside, positive when the triangles face outwards. */
export function volume(mesh: Mesh): number {
  return indices(mesh).reduce((sum, index) => {
    const [a, b, c] = triangle(mesh, index);
    return sum + dot(a, cross(b, c)) / 6;
  }, 0);
}

export function bounds({ vertices }: Mesh): { min: Point; max: Point } {
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  vertices.forEach((value, at) => {
    const axis = (at % 3) as 0 | 1 | 2;
    min[axis] = Math.min(min[axis], value);
    max[axis] = Math.max(max[axis], value);
  });
  return { min, max };
}

export interface Overhang {
  areaMm2: number;
  /** From upright, degrees: 90 is a ceiling. */
  degrees: number;
  at: Point;
}

/** On the bed, mm. */
const bedMm = 0.01;
/** Faces of exactly 45° are a little more or less in single precision; slivers have no direction worth the name. */
const tolerance = { degrees: 0.5, areaMm2: 0.001 };

/** Faces that hang over by more than `maxDegrees`, neither on the bed nor within one of the bridges. */
export function overhangs(mesh: Mesh, bridges: readonly Bridge[], maxDegrees = 45): Overhang[] {
  return indices(mesh).flatMap(index => {
    const corners = triangle(mesh, index);
    const [a, b, c] = corners;
    const n = cross(minus(b, a), minus(c, a));
    const areaMm2 = Math.hypot(...n) / 2;
    if (areaMm2 < tolerance.areaMm2) return [];
    const degrees = (Math.asin(Math.max(-1, Math.min(1, -n[2] / (2 * areaMm2)))) * 180) / Math.PI;
    const onBed = corners.every(corner => corner[2] < bedMm);
    const bridged = bridges.some(bridge => corners.every(corner => within(corner, bridge)));
    return degrees <= maxDegrees + tolerance.degrees || onBed || bridged ? [] : [{ areaMm2, degrees, at: a }];
  });
}

function within(point: Point, { min, max }: Bridge): boolean {
  return [0, 1, 2].every(axis => {
    const value = point[axis] ?? 0;
    return value >= (min[axis] ?? 0) - bedMm && value <= (max[axis] ?? 0) + bedMm;
  });
}

/**
 * Places where printing would begin in the air: lowest points, above the bed, with a face that looks down. Neighbours of equal height
 * are one place. An overhang of 45° may end in such a point, which overhangs() does not see.
 */
export function beginsInAir(mesh: Mesh, bridges: readonly Bridge[]): Point[] {
  const { vertices, triangles } = mesh;
  const count = vertices.length / 3;
  const height = (vertex: number) => vertices[3 * vertex + 2] ?? 0;
  const point = (vertex: number): Point => [
    vertices[3 * vertex] ?? 0,
    vertices[3 * vertex + 1] ?? 0,
    height(vertex),
  ];
  const place = groups(count);
  const edges: [number, number][] = [];
  const looksDown = new Set<number>();
  for (let at = 0; at < triangles.length; at += 3) {
    const corners = [0, 1, 2].map(which => triangles[at + which] ?? 0);
    const [a, b, c] = corners.map(point) as [Point, Point, Point];
    if (cross(minus(b, a), minus(c, a))[2] < -tolerance.areaMm2)
      for (const corner of corners) looksDown.add(corner);
    for (const [which, next] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const) {
      const [from, to] = [corners[which] ?? 0, corners[next] ?? 0];
      if (Math.abs(height(from) - height(to)) < bedMm) place.join(from, to);
      else edges.push(height(from) < height(to) ? [to, from] : [from, to]);
    }
  }
  const notLowest = new Set(edges.map(([upper]) => place.of(upper)));
  return Array.from({ length: count }, (_, vertex) => vertex)
    .filter(vertex => height(vertex) > bedMm && looksDown.has(vertex) && !notLowest.has(place.of(vertex)))
    .map(point)
    .filter(at => !bridges.some(bridge => within(at, bridge)));
}

/** Numbers that belong together. */
function groups(count: number): { of(one: number): number; join(one: number, other: number): void } {
  const parent = Array.from({ length: count }, (_, one) => one);
  const of = (one: number): number => {
    let at = one;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] ?? at] ?? at;
      at = parent[at] ?? at;
    }
    return at;
  };
  return {
    of,
    join: (one, other) => {
      parent[of(one)] = of(other);
    },
  };
}

export interface Thickness {
  mm: number;
  at: Point;
  rays: number;
}

/** Two faces are the sides of a wall when they look away from each other by 180° ± 37°. */
const opposed = -0.8;
/** Rays start a little inside: of their own face nothing is to be hit. */
const startMm = 0.002;
/** Nothing is measured beyond this. */
const longestMm = 6;

function longestFirst([a, b, c]: readonly [Point, Point, Point]): readonly [Point, Point, Point] {
  const [ab, bc, ca] = [minus(b, a), minus(c, b), minus(a, c)].map(edge => Math.hypot(...edge));
  if ((bc ?? 0) >= (ab ?? 0) && (bc ?? 0) >= (ca ?? 0)) return [b, c, a];
  return (ca ?? 0) > (ab ?? 0) ? [c, a, b] : [a, b, c];
}

/**
 * The thinnest wall: from points on every triangle, at most `stepMm` apart, a ray goes inwards until it leaves the
 * solid. It counts when the face there looks the opposite way. Limits of the method: a wall that is thin only in a spot between
 * rays is missed, and so is one that runs to an edge (a wedge of more than 37°, as at every chamfer).
 */
export function thinnest(solid: Solid, stepMm: number): Thickness {
  const { vertProperties, triVerts } = solid.getMesh();
  const mesh = { vertices: vertProperties, triangles: triVerts };
  let least: Thickness = { mm: longestMm, at: [0, 0, 0], rays: 0 };
  let rays = 0;
  for (const index of indices(mesh)) {
    const [a, b, c] = longestFirst(triangle(mesh, index));
    const n = cross(minus(b, a), minus(c, a));
    const twice = Math.hypot(...n);
    if (twice < 2 * tolerance.areaMm2) continue;
    const inwards: Point = [-n[0] / twice, -n[1] / twice, -n[2] / twice];
    const longest = Math.hypot(...minus(b, a));
    // Long thin triangles are many: along them in steps, across them as far as there is something.
    const along = Math.ceil(longest / stepMm);
    const across = Math.ceil(twice / longest / stepMm);
    for (let i = 0; i < along; i++) {
      for (let j = 0; j < across; j++) {
        rays++;
        const [s, t] = [(i + 0.5) / along, (j + 0.5) / across];
        const [u, v] = [s * (1 - t), t];
        const at = [0, 1, 2].map(
          k => (a[k] ?? 0) + u * ((b[k] ?? 0) - (a[k] ?? 0)) + v * ((c[k] ?? 0) - (a[k] ?? 0)),
        ) as [number, number, number];
        const from = at.map((value, k) => value + startMm * (inwards[k] ?? 0)) as [number, number, number];
        const to = at.map((value, k) => value + longestMm * (inwards[k] ?? 0)) as [number, number, number];
        const hit = solid.rayCast(from, to)[0];
        if (!hit) continue;
        const mm = Math.hypot(...minus(hit.position, at));
        if (mm < least.mm && dot(hit.normal, inwards) > -opposed) least = { mm, at, rays };
      }
    }
  }
  return { ...least, rays };
}
