/** Points, directions and placements in millimetres. Plain arrays: a picture has a few hundred thousand of them. */

export type Vec = readonly [number, number, number];

/** 4×4, row by row: a point is a column to its right. */
export type Matrix = readonly number[];

export function plus(a: Vec, b: Vec, factor = 1): Vec {
  return [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]];
}

export function minus(a: Vec, b: Vec): Vec {
  return plus(a, b, -1);
}

export function dot(a: Vec, b: Vec): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vec, b: Vec): Vec {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** Of length 1; a vector of length 0 stays as it is. */
export function unit(a: Vec): Vec {
  const length = Math.sqrt(dot(a, a));
  return length > 0 ? [a[0] / length, a[1] / length, a[2] / length] : a;
}

export const identity: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

export function moved(by: Vec): Matrix {
  return [1, 0, 0, by[0], 0, 1, 0, by[1], 0, 0, 1, by[2], 0, 0, 0, 1];
}

/** A turn about one axis, right-handed, in degrees. */
export function turned(axis: 'x' | 'y' | 'z', degrees: number): Matrix {
  // Quarter turns exactly: a wall that stands upright shall not lean by 1e-17.
  const quarter = degrees % 90 === 0;
  const [s, c] = [Math.sin, Math.cos].map(f => f((degrees * Math.PI) / 180)) as [number, number];
  const [sin, cos] = quarter ? [Math.round(s), Math.round(c)] : [s, c];
  if (axis === 'x') return [1, 0, 0, 0, 0, cos, -sin, 0, 0, sin, cos, 0, 0, 0, 0, 1];
  if (axis === 'y') return [cos, 0, sin, 0, 0, 1, 0, 0, -sin, 0, cos, 0, 0, 0, 0, 1];
  return [cos, -sin, 0, 0, sin, cos, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
}

/** First `b`, then `a`. */
export function after(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 16 }, (_, i) => {
    const [row, column] = [i - (i % 4), i % 4];
    return [0, 1, 2, 3].reduce((sum, k) => sum + (a[row + k] ?? 0) * (b[4 * k + column] ?? 0), 0);
  });
}

export function placed(m: Matrix, p: Vec): Vec {
  const row = (i: number) =>
    (m[i] ?? 0) * p[0] + (m[i + 1] ?? 0) * p[1] + (m[i + 2] ?? 0) * p[2] + (m[i + 3] ?? 0);
  return [row(0), row(4), row(8)];
}
