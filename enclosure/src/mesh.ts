/** Solids as triangles for files, in the precision of files. */
import type { Solid } from './kernel.ts';

export interface Mesh {
  /** x, y, z of each vertex, mm. The part lies on z = 0. */
  vertices: Float32Array;
  /** Three vertices a triangle, counter-clockwise from outside. */
  triangles: Uint32Array;
}

/** Steps of coordinates, mm: single precision holds each of them exactly up to 1,024 mm. */
const gridMm = 1 / 16384;

/**
 * A solid's triangles. An STL file knows no vertices, only coordinates, so those that would be read as one become one here, and
 * triangles that lose their area go.
 * @throws Error when the result is not closed; a shape with two faces that only touch would do that.
 */
export function toMesh(solid: Solid): Mesh {
  const { vertProperties, triVerts, numProp } = solid.getMesh();
  if (numProp !== 3) throw new Error('a mesh with more than positions');
  const numbers = new Map<string, number>();
  const vertices: number[] = [];
  const number = (vertex: number): number => {
    // Adding 0 makes -0 an ordinary zero: both must be the same bytes.
    const at = [0, 1, 2].map(
      axis => Math.round((vertProperties[3 * vertex + axis] ?? 0) / gridMm) * gridMm + 0,
    );
    const key = at.join();
    const known = numbers.get(key) ?? numbers.size;
    if (known === numbers.size) {
      numbers.set(key, known);
      vertices.push(...at);
    }
    return known;
  };
  const triangles: number[] = [];
  for (let at = 0; at < triVerts.length; at += 3) {
    const corners = [0, 1, 2].map(which => number(triVerts[at + which] ?? 0));
    if (new Set(corners).size === 3) triangles.push(...corners);
  }
  const mesh = { vertices: Float32Array.from(vertices), triangles: Uint32Array.from(triangles) };
  const open = openEdges(mesh);
  if (open > 0) throw new Error(`the mesh has ${open} edges without exactly one neighbour`);
  return mesh;
}

/** Edges that do not have exactly one neighbour running the other way: 0 in a watertight surface. */
export function openEdges({ triangles }: Mesh): number {
  const edges = new Map<number, number>();
  const key = (from: number, to: number) => from * 2 ** 26 + to;
  const each = (edge: (from: number, to: number) => void) => {
    for (let at = 0; at < triangles.length; at += 3) {
      const [a, b, c] = [triangles[at] ?? 0, triangles[at + 1] ?? 0, triangles[at + 2] ?? 0];
      edge(a, b);
      edge(b, c);
      edge(c, a);
    }
  };
  each((from, to) => edges.set(key(from, to), (edges.get(key(from, to)) ?? 0) + 1));
  let open = 0;
  each((from, to) => {
    if (edges.get(key(from, to)) !== 1 || edges.get(key(to, from)) !== 1) open++;
  });
  return open;
}
