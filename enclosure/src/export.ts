/** Binary STL: https://en.wikipedia.org/wiki/STL_(file_format)#Binary. Equal meshes give equal bytes. */
import type { Mesh } from './parts.ts';

const headerBytes = 80;
const triangleBytes = 50;

type Point = readonly [number, number, number];

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

function normal(a: Point, b: Point, c: Point): Point {
  const [u, v] = [minus(b, a), minus(c, a)];
  const n: Point = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const length = Math.hypot(...n);
  return length > 0 ? [n[0] / length, n[1] / length, n[2] / length] : [0, 0, 0];
}

/** The corners of triangle number `index`. */
export function triangle({ vertices, triangles }: Mesh, index: number): readonly [Point, Point, Point] {
  const corner = (which: number): Point => {
    const at = 3 * (triangles[3 * index + which] ?? 0);
    return [vertices[at] ?? 0, vertices[at + 1] ?? 0, vertices[at + 2] ?? 0];
  };
  return [corner(0), corner(1), corner(2)];
}

/** The bytes of a binary STL. `title` is its header, at most 80 ASCII characters, and no date: files must not differ. */
export function stl(mesh: Mesh, title: string): Uint8Array {
  const count = mesh.triangles.length / 3;
  const bytes = new Uint8Array(headerBytes + 4 + count * triangleBytes);
  const view = new DataView(bytes.buffer);
  // Readers take a file that begins with "solid" for the text format.
  bytes.set(new TextEncoder().encode(`dashbutton ${title}`.slice(0, headerBytes)));
  view.setUint32(headerBytes, count, true);
  for (let index = 0; index < count; index++) {
    const corners = triangle(mesh, index);
    const at = headerBytes + 4 + index * triangleBytes;
    [normal(...corners), ...corners].flat().forEach((value, which) => {
      view.setFloat32(at + 4 * which, value, true);
    });
  }
  return bytes;
}
