/** The shadow on the table, taken once on a grid: most of a picture is table. */
import { type Camera, unproject } from './camera.ts';
import { type Light, samplesPerDot } from './light.ts';
import { boxOf, type Surface } from './surface.ts';
import type { Vec } from './vector.ts';

export interface Table {
  /** How bright the table is at a dot of the picture, 1 where no shadow falls. */
  at(camera: Camera, x: number, y: number): number;
}

/** Squares along a side of the grid: about 1 mm each for one case; fewer for a small picture. */
const fullSquares = 400;
const leastSquares = 120;

/** The lowest lamps stand so low that a shadow is at most this much longer than what throws it is high (light.ts). */
const longestShadow = 2.5;

/** A table that the lowest surface just touches. */
export function tableUnder(surfaces: Surface[], light: Light, scale: number): Table {
  const squares = Math.max(leastSquares, Math.round(fullSquares * Math.min(1, scale)));
  const [low, high] = boxOf(surfaces);
  const reach = longestShadow * (high[2] - low[2]);
  const [left, front] = [low[0] - reach, low[1] - reach];
  const squareMm = Math.max(high[0] - low[0], high[1] - low[1]) / squares + (2 * reach) / squares;
  const open = brightness(light, [0, 0, 1e6]);
  const side = squares + 1;
  const grid = Float64Array.from({ length: side * side }, (_, i) => {
    const point: Vec = [left + (i % side) * squareMm, front + Math.floor(i / side) * squareMm, low[2]];
    return brightness(light, point) / open;
  });
  return {
    at(camera, x, y) {
      const far = unproject(camera, x, y, 1);
      const steps = (low[2] - camera.eye[2]) / (far[2] - camera.eye[2]);
      // Above the horizon.
      if (!(steps > 0)) return 1;
      const u = (camera.eye[0] + steps * (far[0] - camera.eye[0]) - left) / squareMm;
      const v = (camera.eye[1] + steps * (far[1] - camera.eye[1]) - front) / squareMm;
      if (!(u >= 0 && v >= 0 && u < squares && v < squares)) return 1;
      const [column, row] = [Math.floor(u), Math.floor(v)];
      const i = row * side + column;
      const [a, b] = [u - column, v - row];
      const near = (grid[i] ?? 1) * (1 - a) + (grid[i + 1] ?? 1) * a;
      const next = (grid[i + side] ?? 1) * (1 - a) + (grid[i + side + 1] ?? 1) * a;
      return near * (1 - b) + next * b;
    },
  };
}

function brightness(light: Light, point: Vec): number {
  let sum = 0;
  for (let sample = 0; sample < samplesPerDot; sample++) sum += light.at(point, [0, 0, 1], sample);
  return sum / samplesPerDot;
}
