/** Each file by itself: is it one watertight body of the right size that can be printed without support? */
import { describe, expect, test } from 'vitest';
import { boards } from '../../enclosure/src/boards.ts';
import { stl, triangle } from '../../enclosure/src/export.ts';
import { openEdges } from '../../enclosure/src/mesh.ts';
import { toPart } from '../../enclosure/src/parts.ts';
import { cases } from './cases.ts';
import { beginsInAir, bodies, bounds, degenerate, overhangs, readStl, thinnest, volume } from './measure.ts';

/** Of the default case, mm, as a ruler on the print would say; x, y, height in print orientation. */
const sizes: Record<string, readonly [number, number, number]> = {
  // 60 inside and two walls of 2.4; 46 to the eaves and two slopes of 45° over half of that width; depth without the back.
  'house-heltec-front.stl': [64.8, 80.8, 20.6],
  'house-esp32-front.stl': [64.8, 80.8, 23.65],
  'house-heltec-back.stl': [64.8, 65.75, 18.6],
  'house-esp32-back.stl': [64.8, 65.75, 21.65],
  'house-heltec-roof.stl': [80.75, 43.4, 26],
  'house-esp32-roof.stl': [80.75, 43.4, 29.05],
  // 11 and the flange of 1.2 all around; 1.2 proud, 2.4 of face, 1.2 of flange, and the way to the switch.
  'house-heltec-door.stl': [13, 20.8, 7],
  'house-esp32-door.stl': [13, 16.9, 8.9],
  'house-heltec-coupon.stl': [58.5, 43.4, 10.5],
  'house-esp32-coupon.stl': [59.65, 44.8, 14.45],
  'cloud-heltec-front.stl': [91, 69.4, 20.6],
  'cloud-esp32-front.stl': [91, 69.4, 23.65],
  'cloud-heltec-back.stl': [91, 69.4, 18.6],
  'cloud-esp32-back.stl': [91, 69.4, 21.65],
  'cloud-heltec-drop.stl': [14.4, 20.7, 7],
  'cloud-esp32-drop.stl': [14.4, 20.7, 8.9],
  'cloud-heltec-coupon.stl': [59.6, 40.4, 10.5],
  'cloud-esp32-coupon.stl': [60.35, 44.55, 14.45],
};

/** Holes through each part: window, button, reset, USB in a front; screws in what they pass. */
const holes: Record<string, number> = {
  front: 4,
  coupon: 3,
  door: 0,
  drop: 0,
  roof: 1,
};

const parts = cases.flatMap(made => made.parts.map(placed => toPart(made, placed)));

test('the parts of both cases for all boards of the firmware', () => {
  const expected = boards.flatMap(({ short }) => [
    ...['front', 'door', 'back', 'coupon', 'roof'].map(name => `house-${short}-${name}.stl`),
    ...['front', 'drop', 'back', 'coupon'].map(name => `cloud-${short}-${name}.stl`),
  ]);
  expect(parts.map(({ file }) => file).sort()).toEqual(expected.sort());
  expect(Object.keys(sizes).sort()).toEqual(expected.sort());
});

describe.each(parts)('$file', part => {
  const mesh = readStl(stl(part.mesh, part.file));

  test('is one watertight body', () => {
    expect(openEdges(mesh)).toBe(0);
    expect(degenerate(mesh)).toBe(0);
    expect(bodies(mesh)).toBe(1);
    expect(volume(mesh)).toBeGreaterThan(500);
    const screws = part.case === 'house' ? 2 : 4;
    // Euler: corners − edges + faces is 2 for a ball, 2 less for each hole through.
    const faces = mesh.triangles.length / 3;
    const genus = 1 - (mesh.vertices.length / 3 - faces / 2) / 2;
    expect(genus).toBe(holes[part.name] ?? screws);
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
  test.each(made.parts)('$name is nowhere thinner than wallMm', ({ name, solid }) => {
    const { mm, at, rays } = thinnest(solid, 1.2);
    expect(rays).toBeGreaterThan(800);
    expect(mm, `${name} at ${at.join()}`).toBeGreaterThanOrEqual(made.p.wallMm - 0.01);
  });
});
