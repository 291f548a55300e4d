/** Each file by itself: is it one watertight body of the right size that can be printed without support? */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { boards } from '../../enclosure/src/boards.ts';
import { stl, triangle } from '../../enclosure/src/export.ts';
import { openEdges } from '../../enclosure/src/mesh.ts';
import { toPart } from '../../enclosure/src/parts.ts';
import { allCases } from './fixtures/cases.ts';
import {
  beginsInAir,
  bodies,
  bounds,
  degenerate,
  overhangs,
  readStl,
  thinnest,
  volume,
} from './fixtures/measure.ts';

/** Of the default case, mm, as a ruler on the print would say; x, y, height in print orientation. */
const sizes: Record<string, readonly [number, number, number]> = {
  // 67.2 inside and two walls of 2.4; 46 to the eaves and two slopes of 45° over half of that width; depth without the back.
  'house-firebeetle-front.stl': [72, 84.4, 23.95],
  // 11 and the flange of 1.2 all around; 1.2 proud, 2.4 of face, 1.2 of flange, and the way to the switch.
  'house-firebeetle-door.stl': [13, 16.9, 8.9],
  'house-firebeetle-back.stl': [72, 69.35, 21.95],
  // A plate of 1.2 and pads up to the board.
  'firebeetle-tray.stl': [47.6, 56.5, 4.05],
  'house-foot.stl': [80, 59.2, 24.55],
  'house-roof.stl': [88, 47, 29.35],
  'firebeetle-coupon.stl': [65.4, 43.3, 13.55],
  'house-heltec-front.stl': [72, 84.4, 23.95],
  'house-heltec-door.stl': [13, 20.8, 6.3],
  'house-heltec-back.stl': [72, 69.35, 21.95],
  'heltec-tray.stl': [47.6, 56.5, 7.8],
  'heltec-coupon.stl': [58.9, 43.35, 9.8],
  'cloud-firebeetle-front.stl': [91, 70.6, 23.95],
  'cloud-firebeetle-drop.stl': [14.4, 19.8, 8.9],
  'cloud-firebeetle-back.stl': [91, 70.6, 21.95],
  'cloud-foot.stl': [80.8, 59.2, 24.55],
  'cloud-heltec-front.stl': [91, 70.6, 23.95],
  'cloud-heltec-drop.stl': [14.4, 19.8, 6.3],
  'cloud-heltec-back.stl': [91, 70.6, 21.95],
};

/** Holes through each part: window, button, reset, USB and lights in a front; screws and the switch's slot in a back. */
const holes: Record<string, number> = {
  'house-front': 8,
  'cloud-front': 6,
  // Two screws through the foot; the gable has the third.
  'house-back': 3,
  'cloud-back': 5,
  'house-coupon': 3,
  'house-roof': 1,
  // Its pins.
  'house-tray': 4,
  'cloud-tray': 4,
  // Screws.
  'house-foot': 2,
  'cloud-foot': 2,
};

const cases = allCases();
const every = cases.flatMap(made => made.parts.map(placed => toPart(made, placed)));
/** Each file once. */
const parts = [...new Map(every.map(part => [part.file, part])).values()];

test('the parts of both cases for all boards of the firmware', () => {
  const expected = [
    'house-roof.stl',
    'house-foot.stl',
    'cloud-foot.stl',
    ...boards.flatMap(({ short }) => [
      ...['tray', 'coupon'].map(name => `${short}-${name}.stl`),
      ...['front', 'door', 'back'].map(name => `house-${short}-${name}.stl`),
      ...['front', 'drop', 'back'].map(name => `cloud-${short}-${name}.stl`),
    ]),
  ];
  expect(parts.map(({ file }) => file).sort()).toEqual(expected.sort());
  expect(Object.keys(sizes).sort()).toEqual(expected.sort());
});

test('parts with one file are the same for all boards or cases', () => {
  for (const part of every) {
    const kept = parts.find(({ file }) => file === part.file);
    expect(
      Buffer.from(stl(part.mesh, part.file)).equals(stl(kept?.mesh ?? part.mesh, part.file)),
      part.file,
    ).toBe(true);
  }
});

describe.each(parts)('$file', part => {
  const bytes = stl(part.mesh, part.file);
  const mesh = readStl(bytes);

  test('is the file that is committed, byte for byte', () => {
    const committed = readFileSync(new URL(`../../enclosure/stl/${part.file}`, import.meta.url));
    expect(committed.equals(bytes), 'npm run enclosure, then commit').toBe(true);
  });

  test('is one watertight body', () => {
    expect(openEdges(mesh)).toBe(0);
    expect(degenerate(mesh)).toBe(0);
    expect(bodies(mesh)).toBe(1);
    expect(volume(mesh)).toBeGreaterThan(500);
    // Euler: corners − edges + faces is 2 for a ball, 2 less for each hole through.
    const faces = mesh.triangles.length / 3;
    const genus = 1 - (mesh.vertices.length / 3 - faces / 2) / 2;
    expect(genus).toBe(holes[`${part.case}-${part.name}`] ?? 0);
  });

  test('has the right size and lies on the bed', () => {
    const { min, max } = bounds(mesh);
    expect(min).toEqual([0, 0, 0]);
    const expected = sizes[part.file] ?? [0, 0, 0];
    for (const axis of [0, 1, 2] as const) {
      expect(Math.abs(max[axis] - expected[axis]), `axis ${axis}: ${max[axis]}`).toBeLessThan(0.06);
    }
  });

  test('needs no support', () => {
    expect(overhangs(mesh, part.bridges)).toEqual([]);
    expect(beginsInAir(mesh, part.bridges)).toEqual([]);
  });

  test('stands on enough to stay on the bed', () => {
    const onBed = Array.from({ length: mesh.triangles.length / 3 }, (_, index) => triangle(mesh, index))
      .filter(corners => corners.every(([, , z]) => z < 0.001))
      .reduce(
        (sum, [a, b, c]) => sum + ((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2,
        0,
      );
    expect(Math.abs(onBed)).toBeGreaterThan(40);
  });

  test('has only bridges that a printer spans', () => {
    expect(part.bridges.map(({ name }) => name)).toEqual(
      part.name === 'front' ? ['over the USB opening'] : [],
    );
    for (const { min, max } of part.bridges) {
      // Across, in y: 10 mm are spanned by any printer.
      expect(max[1] - min[1]).toBeGreaterThan(0);
      expect(max[1] - min[1]).toBeLessThanOrEqual(10);
      expect(max[2] - min[2]).toBeLessThan(0.001);
    }
  });
});

describe.each(cases)('$title', made => {
  // parts.long.test.ts looks every 1.2 mm.
  test.each(made.parts)('$name is nowhere thinner than wallMm, looked at every 3 mm', ({ name, solid }) => {
    const { mm, at, rays } = thinnest(solid, 3);
    expect(rays).toBeGreaterThan(800);
    expect(mm, `${name} at ${at.join()}`).toBeGreaterThanOrEqual(made.p.wallMm - 0.01);
  });
});
