/** The committed pictures of the cases are what the code draws. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawScene, smallScale } from '../../enclosure/pictures/draw.ts';
import { fromPng, smallIn } from '../../enclosure/pictures/png.ts';
import type { Picture } from '../../enclosure/pictures/render.ts';
import { scenes } from '../../enclosure/pictures/scenes.ts';

const folder = new URL('../../docs/images/', import.meta.url);
const names = Object.keys(scenes);

/** A page with all of them shall open on a phone's connection. */
const largestBytes = 300_000;

/**
 * Another processor may round a sine differently, and a dot at an edge falls to the other side: so many of a thousand
 * numbers may differ by more than two of 255.
 */
const perThousand = 1;
/** Lines are as wide on the small picture as on the large one, so the two differ at edges; by this much on average. */
const linesDiffer = 4;

/** A small picture takes a second; ten times that was seen on a busy machine. */
const drawLimitMs = 120_000;

const read = (name: string) => readFileSync(new URL(`${name}.png`, folder));

/** Mean of squares of dots: what one sees of a picture from far away. */
function shrunk({ width, height, rgb }: Picture, to: Picture): number[] {
  return Array.from(to.rgb, (_, i) => {
    const dot = Math.floor(i / 3);
    const [x, y] = [dot % to.width, Math.floor(dot / to.width)];
    const edge = (at: number, from: number, until: number) => Math.round((at * from) / until);
    let [sum, count] = [0, 0];
    for (let row = edge(y, height, to.height); row < edge(y + 1, height, to.height); row++) {
      for (let column = edge(x, width, to.width); column < edge(x + 1, width, to.width); column++) {
        sum += (rgb[3 * (row * width + column) + (i % 3)] ?? 0) ** 2.2;
        count++;
      }
    }
    return (sum / count) ** (1 / 2.2);
  });
}

const differences = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => Math.abs(value - (b[i] ?? 0)));

describe('the pictures of the cases (npm run enclosure:pictures makes them again)', () => {
  it('are all there, and no other', () => {
    const files = readdirSync(folder).filter(file => file.startsWith('case-'));
    expect(files.sort()).toEqual(names.map(name => `${name}.png`).sort());
  });

  it.each(names)(
    '%s is what the code draws',
    name => {
      const file = read(name);
      expect(file.length).toBeLessThan(largestBytes);
      const [large, small, scene] = [fromPng(file), smallIn(file), scenes[name]];
      if (!small || !scene) throw new Error('no small picture in the file');
      expect([large.width, large.height]).toEqual([scene.widthDots, scene.heightDots]);
      const again = drawScene(scene, smallScale);
      expect([small.width, small.height]).toEqual([again.width, again.height]);
      const wrong = differences(again.rgb, small.rgb).filter(value => value > 2).length;
      expect((1000 * wrong) / again.rgb.length, 'of a thousand numbers').toBeLessThanOrEqual(perThousand);
      const apart = differences(shrunk(large, small), small.rgb);
      expect(apart.reduce((sum, value) => sum + value, 0) / apart.length).toBeLessThan(linesDiffer);
    },
    drawLimitMs,
  );

  it(
    'drawn twice are the same',
    () => {
      const scene = scenes['case-coupon'];
      if (!scene) throw new Error('no such scene');
      const [one, two] = [drawScene(scene, 0.1), drawScene(scene, 0.1)];
      expect(Buffer.from(one.rgb).equals(Buffer.from(two.rgb))).toBe(true);
    },
    drawLimitMs,
  );

  it('show the display lit: a pale row of the address stands in the dark glass', () => {
    const { rgb } = fromPng(read('case-house-closed'));
    let [dark, lit] = [0, 0];
    for (let i = 0; i < rgb.length; i += 3) {
      const [r = 0, g = 0, b = 0] = rgb.subarray(i, i + 3);
      if (r < 30 && g < 30 && b < 40) dark++;
      if (r === 0xd6 && g === 0xec && b === 0xff) lit++;
    }
    expect(dark).toBeGreaterThan(1000);
    expect(lit).toBeGreaterThan(300);
  });
});
