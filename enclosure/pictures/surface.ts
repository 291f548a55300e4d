/** A part's triangles made ready for drawing: where they are in the picture's space, and which way they face. */
import { cross, dot, type Matrix, minus, placed, plus, unit, type Vec } from './vector.ts';

export interface Mesh {
  /** x, y, z of each vertex in mm. */
  vertices: Float32Array;
  /** Three vertices each, counter-clockwise seen from outside. */
  triangles: Uint32Array;
}

export interface Surface {
  /** Nine numbers per triangle: its corners. */
  corners: Float64Array;
  /** Nine numbers per triangle: the direction the surface faces at each corner, of length 1. */
  normals: Float64Array;
}

/**
 * Faces that meet at less than this are one round surface, drawn smooth; at more they are an edge, drawn as a line.
 * Our circles have 7.5° between their facets at the coarsest; the flattest real edge is a bevel of 30°.
 */
export const creaseDegrees = 24;
const creaseCos = Math.cos((creaseDegrees * Math.PI) / 180);

/** Vertices closer than this are one vertex: a file's 32-bit numbers are no finer. In mm. */
const weldMm = 1e-3;

/** The mesh at its place, with a direction at each corner that rounds over facets and stops at edges. */
export function surfaceOf(mesh: Mesh, place: Matrix): Surface {
  const points = placedPoints(mesh, place);
  const count = mesh.triangles.length / 3;
  const corner = (triangle: number, k: number) => mesh.triangles[3 * triangle + k] ?? 0;
  const at = (vertex: number) => points[vertex] ?? [0, 0, 0];
  // Each triangle's normal, as long as twice its area: slivers then weigh next to nothing in the sums below.
  const large: Vec[] = [];
  const facing: Vec[] = [];
  const around = new Map<string, number[]>();
  const keys = points.map(p => p.map(x => Math.round(x / weldMm)).join());
  for (let t = 0; t < count; t++) {
    const [a, b, c] = [at(corner(t, 0)), at(corner(t, 1)), at(corner(t, 2))];
    large.push(cross(minus(b, a), minus(c, a)));
    facing.push(unit(large[t] ?? a));
    for (let k = 0; k < 3; k++) {
      const key = keys[corner(t, k)] ?? '';
      const list = around.get(key);
      if (list) list.push(t);
      else around.set(key, [t]);
    }
  }
  const surface = { corners: new Float64Array(9 * count), normals: new Float64Array(9 * count) };
  for (let t = 0; t < count; t++) {
    const own = facing[t] ?? [0, 0, 1];
    for (let k = 0; k < 3; k++) {
      let sum: Vec = [0, 0, 0];
      for (const other of around.get(keys[corner(t, k)] ?? '') ?? []) {
        if (dot(own, facing[other] ?? own) > creaseCos) sum = plus(sum, large[other] ?? own);
      }
      surface.corners.set(at(corner(t, k)), 9 * t + 3 * k);
      surface.normals.set(dot(sum, sum) > 0 ? unit(sum) : own, 9 * t + 3 * k);
    }
  }
  return surface;
}

function placedPoints(mesh: Mesh, place: Matrix): Vec[] {
  const { vertices } = mesh;
  return Array.from({ length: vertices.length / 3 }, (_, i) =>
    placed(place, [vertices[3 * i] ?? 0, vertices[3 * i + 1] ?? 0, vertices[3 * i + 2] ?? 0]),
  );
}

/** The corners of the box around all surfaces, eight of them. Throws when there is nothing. */
export function boxOf(surfaces: Surface[]): [Vec, Vec] {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const { corners } of surfaces) {
    for (let i = 0; i < corners.length; i++) {
      const [axis, value] = [i % 3, corners[i] ?? 0];
      low[axis] = Math.min(low[axis] ?? value, value);
      high[axis] = Math.max(high[axis] ?? value, value);
    }
  }
  if (low[0] === Infinity) throw new Error('a picture of nothing');
  return [low as unknown as Vec, high as unknown as Vec];
}
