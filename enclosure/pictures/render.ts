/** Bodies, light and lines become dots: nine samples each, so that every edge is soft. */
import { type Camera, scaled, unproject } from './camera.ts';
import { type Light, lightOver } from './light.ts';
import { linesOf } from './lines.ts';
import { type Layer, rasterize } from './raster.ts';
import type { Surface } from './surface.ts';
import { type Table, tableUnder } from './table.ts';
import type { Vec } from './vector.ts';

export interface Body {
  surface: Surface;
  /** `#rrggbb`. */
  color: string;
  /** Bodies that move together. */
  group: string;
  /** A colour that shines by itself at this point of space, such as a lit dot of a display; undefined elsewhere. */
  shines?: (point: Vec) => string | undefined;
}

export interface Picture {
  width: number;
  height: number;
  /** Red, green and blue of each dot, 0 to 255. */
  rgb: Uint8Array;
}

/** Samples along a dot's side. */
const fine = 3;

/** The page, in its middle and in its corners; dark enough that a white case stands out, light enough for a dark page. */
const paper = ['#e9eff6', '#b9c9da'] as const;
const ink = '#26303c';
/** How much of a line is ink; the rest is what it is drawn on. */
const inkShare = 0.62;

/**
 * The picture of the bodies from the camera, whose dots are `width` × `height`; with a table under them or in the air.
 * `scale` below 1: a small picture, whose shadows may be coarser.
 */
export function render(
  bodies: Body[],
  camera: Camera,
  width: number,
  height: number,
  table: boolean,
  scale = 1,
): Picture {
  const surfaces = bodies.map(body => body.surface);
  const sharp = scaled(camera, fine);
  const layer = rasterize(surfaces, sharp, width * fine, height * fine);
  const lines = linesOf(layer);
  const lights = lightsOf(bodies, table, camera.right, scale);
  const ground = table && lights[0] ? tableUnder(surfaces, lights[0], scale) : undefined;
  const shade = shader(bodies, layer, sharp, lights, ground);
  const rgb = new Uint8Array(3 * width * height);
  const dark = linear(ink);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0];
      for (let sample = 0; sample < fine * fine; sample++) {
        const column = x * fine + (sample % fine);
        const row = y * fine + Math.floor(sample / fine);
        const color = shade(column, row, sample);
        const line = (inkShare * (lines[row * layer.width + column] ?? 0)) / 255;
        for (let k = 0; k < 3; k++) {
          sum[k] = (sum[k] ?? 0) + (color[k] ?? 0) * (1 - line) + (dark[k] ?? 0) * line;
        }
      }
      for (let k = 0; k < 3; k++) rgb[3 * (y * width + x) + k] = encoded((sum[k] ?? 0) / (fine * fine));
    }
  }
  return { width, height, rgb };
}

/**
 * The light on each body. What stands on the table throws its shadow on everything; what floats in the air only on what
 * moves with it: a shadow from far away would look like a stain.
 */
function lightsOf(bodies: Body[], table: boolean, right: Vec, scale: number): Light[] {
  const groups = new Map<string, Light>();
  return bodies.map(({ group }) => {
    const name = table ? 'all' : group;
    const together = bodies.filter(body => table || body.group === group).map(body => body.surface);
    const light = groups.get(name) ?? lightOver(together, right, scale);
    groups.set(name, light);
    return light;
  });
}

/** The colour of a sample, in amounts of light. */
function shader(
  bodies: Body[],
  layer: Layer,
  camera: Camera,
  lights: Light[],
  table: Table | undefined,
): (x: number, y: number, sample: number) => Vec {
  const background = paperOf(layer.width, layer.height);
  const colors = bodies.map(body => linear(body.color));
  return (x, y, sample) => {
    const index = y * layer.width + x;
    const seen = (layer.id[index] ?? 0) - 1;
    const [body, light] = [bodies[seen], lights[seen]];
    if (!body || !light) {
      const share = table?.at(camera, x + 0.5, y + 0.5) ?? 1;
      const [r, g, b] = background(x, y);
      return [r * share, g * share, b * share];
    }
    const point = unproject(camera, x + 0.5, y + 0.5, layer.near[index] ?? 0);
    const shining = body.shines?.(point);
    if (shining) return linear(shining);
    const n = 3 * index;
    const facing: Vec = [layer.normal[n] ?? 0, layer.normal[n + 1] ?? 0, layer.normal[n + 2] ?? 0];
    const bright = light.at(point, facing, sample);
    const color = colors[seen] ?? black;
    return [soft(color[0] * bright), soft(color[1] * bright), soft(color[2] * bright)];
  };
}

const black: Vec = [0, 0, 0];

/** The page's colour at a sample: from its middle to its corners, smoothly. */
function paperOf(width: number, height: number): (x: number, y: number) => Vec {
  const [middle, corner] = [linear(paper[0]), linear(paper[1])];
  return (x, y) => {
    const [u, v] = [(2 * x) / width - 1, (2 * y) / height - 1];
    const t = Math.min(1, (u * u + v * v) / 2);
    const share = t * t * (3 - 2 * t);
    return [0, 1, 2].map(k => (middle[k] ?? 0) * (1 - share) + (corner[k] ?? 0) * share) as unknown as Vec;
  };
}

/** Above this, more light brightens less and less: white stays short of the paper's white and keeps its shape. */
const shoulder = 0.7;

function soft(amount: number): number {
  if (amount <= shoulder) return amount;
  return 1 - (1 - shoulder) * Math.exp((shoulder - amount) / (1 - shoulder));
}

const amounts = new Map<string, Vec>();

/** `#rrggbb` as amounts of light (the sRGB curve, IEC 61966-2-1). */
export function linear(color: string): Vec {
  const known = amounts.get(color);
  if (known) return known;
  const parts = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color)?.slice(1);
  if (!parts) throw new Error(`not a colour like #rrggbb: ${color}`);
  const value = parts.map(part => {
    const c = Number.parseInt(part, 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as unknown as Vec;
  amounts.set(color, value);
  return value;
}

function encoded(amount: number): number {
  const c = Math.min(1, Math.max(0, amount));
  return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
}
