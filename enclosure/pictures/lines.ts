/** The drawn lines: outlines of parts, edges between faces, and where one face hides another. */
import type { Layer } from './raster.ts';
import { creaseDegrees } from './surface.ts';

/** How dark each kind of line is, 0 to 255. */
const outline = 235;
const hidden = 170;
const crease = 120;

/** Two neighbouring samples whose distance jumps by more than this belong to different faces. In mm. */
const jumpMm = 0.7;

const creaseCos = Math.cos((creaseDegrees * Math.PI) / 180);

/** For each sample how much of it is line. Both sides of an edge are marked: two samples, two thirds of a dot. */
export function linesOf(layer: Layer): Uint8Array {
  const { width, height } = layer;
  const lines = new Uint8Array(width * height);
  const mark = (index: number, strength: number) => {
    if ((lines[index] ?? 0) < strength) lines[index] = strength;
  };
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const index = y * width + x;
      for (const step of [1, width]) {
        const strength = between(layer, index, step);
        if (strength === 0) continue;
        mark(index, strength);
        mark(index + step, strength);
        // The outline is a little bolder than the edges within.
        if (strength === outline) mark(index - step, strength);
      }
    }
  }
  return lines;
}

function between(layer: Layer, index: number, step: number): number {
  const [here, next] = [layer.id[index] ?? 0, layer.id[index + step] ?? 0];
  if (here !== next) return outline;
  if (here === 0) return 0;
  const at = layer.near[index] ?? 0;
  const [last, after] = [layer.near[index - step] ?? 0, layer.near[index + step] ?? 0];
  // 1/distance is straight over a plane, so what is not straight is a jump (or a very round face seen from its side).
  const bend = Math.abs(last + after - 2 * at);
  if (layer.id[index - step] === here && bend > jumpMm * at * at) return hidden;
  let cos = 0;
  for (let k = 0; k < 3; k++) {
    cos += (layer.normal[3 * index + k] ?? 0) * (layer.normal[3 * (index + step) + k] ?? 0);
  }
  return cos < creaseCos ? crease : 0;
}
