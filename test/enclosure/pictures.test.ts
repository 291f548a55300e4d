/** The committed pictures of the cases are what the code draws. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { drawScene } from '../../enclosure/pictures/draw.ts';
import { fromPng } from '../../enclosure/pictures/png.ts';
import { scenes } from '../../enclosure/pictures/scenes.ts';
import { expectDrawn, expectWhole, folder, read } from './fixtures/pictures.ts';

/** A case on its table, and parts in the air with numbers and arrows; pictures.long.test.ts has all of them. */
const chosen = ['case-house-closed', 'case-assembly-5'];
const chosenScenes = Object.entries(scenes).filter(([name]) => chosen.includes(name));

describe('the pictures of the cases (npm run enclosure:pictures makes them again)', () => {
  test('are all there, and no other', () => {
    const files = readdirSync(folder).filter(file => file.startsWith('case-'));
    const names = Object.keys(scenes);
    expect(files.sort()).toEqual(names.map(name => `${name}.png`).sort());
    expect(names).toEqual(expect.arrayContaining(chosen));
  });

  test.each(chosenScenes)('have the right size and carry the same small: %s', expectWhole);

  test.each(chosenScenes)('are what the code draws: %s', expectDrawn);

  test('drawn twice are the same', () => {
    const scene = scenes['case-coupon'];
    if (!scene) throw new Error('no such scene');
    const [one, two] = [drawScene(scene, 0.1), drawScene(scene, 0.1)];
    expect(Buffer.from(one.rgb).equals(Buffer.from(two.rgb))).toBe(true);
  });

  test('show the display lit: a pale row of the address stands in the dark glass', () => {
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
