/** A z-buffer: which triangle of which surface is nearest at each dot. */
import { type Camera, project } from './camera.ts';
import type { Surface } from './surface.ts';

export interface Layer {
  width: number;
  height: number;
  /** Which surface is seen, counted from 1; 0 is none. */
  id: Uint16Array;
  /** 1/distance of what is seen, 0 for nothing. */
  near: Float64Array;
  /** Three numbers per dot: which way the surface faces there. */
  normal: Float32Array;
}

/** Draws all surfaces, in dots of the camera's picture. */
export function rasterize(surfaces: Surface[], camera: Camera, width: number, height: number): Layer {
  const size = width * height;
  const layer: Layer = {
    width,
    height,
    id: new Uint16Array(size),
    near: new Float64Array(size),
    normal: new Float32Array(3 * size),
  };
  surfaces.forEach((surface, index) => {
    draw(layer, surface, index + 1, camera);
  });
  return layer;
}

function draw(layer: Layer, { corners, normals }: Surface, id: number, camera: Camera): void {
  const dots = new Float64Array(corners.length);
  for (let i = 0; i < corners.length; i += 3) {
    dots.set(project(camera, [corners[i] ?? 0, corners[i + 1] ?? 0, corners[i + 2] ?? 0]), i);
  }
  for (let t = 0; t < dots.length; t += 9) {
    eachDot(dots, t, layer.width, layer.height, (index, a, b, c) => {
      const near = a * (dots[t + 2] ?? 0) + b * (dots[t + 5] ?? 0) + c * (dots[t + 8] ?? 0);
      if (near <= (layer.near[index] ?? 0)) return;
      layer.near[index] = near;
      layer.id[index] = id;
      for (let k = 0; k < 3; k++) {
        layer.normal[3 * index + k] =
          a * (normals[t + k] ?? 0) + b * (normals[t + 3 + k] ?? 0) + c * (normals[t + 6 + k] ?? 0);
      }
    });
  }
}

/**
 * Visits the dots whose middle lies in the triangle at `t` (x, y and a third number per corner), with the share of
 * each corner. Triangles that turn their back are left out: bodies are closed, so something else covers them.
 */
export function eachDot(
  dots: Float64Array,
  t: number,
  width: number,
  height: number,
  visit: (index: number, a: number, b: number, c: number) => void,
): void {
  // One by one: to take them apart as an array would be half of the time that a picture takes.
  const ax = dots[t] ?? 0;
  const ay = dots[t + 1] ?? 0;
  const bx = dots[t + 3] ?? 0;
  const by = dots[t + 4] ?? 0;
  const cx = dots[t + 6] ?? 0;
  const cy = dots[t + 7] ?? 0;
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (area >= 0) return;
  const firstX = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 0.5));
  const firstY = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
  const lastX = Math.min(width - 1, Math.floor(Math.max(ax, bx, cx) - 0.5));
  const lastY = Math.min(height - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
  // How each share grows from one dot to the next.
  const [stepA, stepB] = [(by - cy) / area, (cy - ay) / area];
  const stepC = -stepA - stepB;
  for (let row = firstY; row <= lastY; row++) {
    const y = row + 0.5;
    const startA = ((bx - firstX) * (cy - y) - (by - y) * (cx - firstX)) / area;
    const startB = ((cx - firstX) * (ay - y) - (cy - y) * (ax - firstX)) / area;
    const startC = 1 - startA - startB;
    // Slivers are everywhere in our parts: of their long rows only the few dots near them are looked at.
    const low = Math.max(crossing(startA, stepA, 1), crossing(startB, stepB, 1), crossing(startC, stepC, 1));
    const high = Math.min(
      crossing(startA, stepA, -1),
      crossing(startB, stepB, -1),
      crossing(startC, stepC, -1),
    );
    const from = Math.max(firstX, firstX + Math.floor(low) - 1);
    const until = Math.min(lastX, firstX + Math.ceil(high) + 1);
    for (let column = from; column <= until; column++) {
      const x = column + 0.5;
      const a = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area;
      const b = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area;
      const c = 1 - a - b;
      if (a >= 0 && b >= 0 && c >= 0) visit(row * width + column, a, b, c);
    }
  }
}

/** Where a share that is `start` and grows by `step` becomes positive (`sign` 1) or negative (-1); else no limit. */
function crossing(start: number, step: number, sign: 1 | -1): number {
  return step * sign > 0 ? -start / step : -sign * Infinity;
}
