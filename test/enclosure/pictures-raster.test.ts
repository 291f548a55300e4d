/** The parts of the renderer whose faults would not be seen at once: the file format, the raster, the camera. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cameraFor, project, unproject } from '../../enclosure/pictures/camera.ts';
import { fromPng, smallIn, toPng } from '../../enclosure/pictures/png.ts';
import { eachDot } from '../../enclosure/pictures/raster.ts';
import { linear, type Picture } from '../../enclosure/pictures/render.ts';
import type { Vec } from '../../enclosure/pictures/vector.ts';

const picture = (width: number, height: number, value: (i: number) => number): Picture => ({
  width,
  height,
  rgb: Uint8Array.from({ length: 3 * width * height }, (_, i) => value(i)),
});

describe('PNG', () => {
  test.each([
    ['flat', picture(7, 5, () => 200)],
    ['a slope along', picture(40, 3, i => i)],
    ['a slope down', picture(3, 60, i => Math.floor(i / 9) * 4)],
    ['noise', picture(31, 17, i => (i * i * 7919 + i * 104_729) >> 3)],
    ['one dot', picture(1, 1, i => i)],
  ])('a PNG comes back as it was: %s', (_name, before) => {
    expect(fromPng(toPng(before))).toEqual(before);
  });

  test('has the header of the standard: signature, 13 bytes, size, 8 bits, colours', () => {
    const file = toPng(picture(300, 2, () => 0));
    expect(file.subarray(0, 26).toString('hex')).toBe(
      '89504e470d0a1a0a' + '0000000d49484452' + '0000012c00000002' + '0802',
    );
    expect(file.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082');
  });

  test('reads what another program has written, with each of the five filters in turn', () => {
    const other =
      'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAFCAIAAADtz9qMAAAAPklEQVR42mNgUPUyjarP6t8y/8hLxuiGpUEwwBQdHV' +
      '1RUTF16tRNmzYxbzsZ3dTUNHHixPnz57NAZFaCgB0Ac4sdJaeEz9oAAAAASUVORK5CYII=';
    const value = (i: number) => {
      const [x, y, k] = [Math.floor(i / 3) % 4, Math.floor(i / 12), i % 3];
      return (x * 53 + y * 91 + k * 37 + x * y * 29) % 256;
    };
    expect(fromPng(Buffer.from(other, 'base64'))).toEqual(picture(4, 5, value));
  });

  test('carries a small picture along', () => {
    const small = picture(2, 2, i => i);
    expect(
      smallIn(
        toPng(
          picture(9, 9, () => 1),
          small,
        ),
      ),
    ).toEqual(small);
    expect(smallIn(toPng(small))).toBeUndefined();
  });

  test('a changed byte is found', () => {
    const file = toPng(picture(9, 9, i => i));
    file[50] = (file[50] ?? 0) ^ 1;
    expect(() => fromPng(file)).toThrow('IDAT is damaged');
    expect(() => fromPng(Buffer.from('GIF89a'))).toThrow('not a PNG');
  });
});

/** How often each dot of a 12 × 12 picture is visited by triangles (two numbers per corner). */
function visits(...triangles: number[][]): number[] {
  const counts = new Array<number>(144).fill(0);
  for (const [ax = 0, ay = 0, bx = 0, by = 0, cx = 0, cy = 0] of triangles) {
    eachDot(Float64Array.of(ax, ay, 0, bx, by, 0, cx, cy, 0), 0, 12, 12, (index, a, b, c) => {
      counts[index] = (counts[index] ?? 0) + 1;
      expect(a * ax + b * bx + c * cx).toBeCloseTo((index % 12) + 0.5, 9);
      expect(a * ay + b * by + c * cy).toBeCloseTo(Math.floor(index / 12) + 0.5, 9);
    });
  }
  return counts;
}

describe('raster', () => {
  test('two triangles fill their square: no hole between them, nothing outside', () => {
    const counts = visits([1, 1, 1, 9.2, 9.2, 9.2], [1, 1, 9.2, 9.2, 9.2, 1]);
    counts.forEach((count, i) => {
      const inside = [i % 12, Math.floor(i / 12)].every(at => at >= 1 && at <= 8);
      expect(count > 0).toBe(inside);
    });
  });

  test('visits what a look at every dot finds, slivers too', () => {
    const number = fc.double({ min: -8, max: 20, noNaN: true });
    fc.assert(
      fc.property(fc.array(number, { minLength: 6, maxLength: 6 }), corners => {
        const [ax = 0, ay = 0, bx = 0, by = 0, cx = 0, cy = 0] = corners;
        const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
        fc.pre(area < -1e-3);
        const left = (px: number, py: number, qx: number, qy: number, x: number, y: number) =>
          ((qx - px) * (y - py) - (qy - py) * (x - px)) / area;
        visits(corners).forEach((count, i) => {
          const [x, y] = [(i % 12) + 0.5, Math.floor(i / 12) + 0.5];
          const shares = [left(ax, ay, bx, by, x, y), left(bx, by, cx, cy, x, y), left(cx, cy, ax, ay, x, y)];
          // A dot on the edge itself may be seen or not.
          if (shares.some(share => Math.abs(share) < 1e-9)) return;
          expect(count).toBe(shares.every(share => share > 0) ? 1 : 0);
        });
      }),
      { numRuns: 300 },
    );
  });

  test('leaves out what turns its back', () => {
    expect(Math.max(...visits([1, 1, 9, 9, 1, 9]))).toBe(0);
  });
});

describe('camera', () => {
  const points: Vec[] = [-20, 35].flatMap(x => [-4, 11].flatMap(y => [0, 70].map((z): Vec => [x, y, z])));
  const camera = cameraFor(points, { aroundDegrees: -24, aboveDegrees: 11 }, 400, 300, 20);

  test('sees all, as large as the margin allows', () => {
    const dots = points.map(point => project(camera, point));
    const range = (axis: 0 | 1) => [Math.min(...dots.map(d => d[axis])), Math.max(...dots.map(d => d[axis]))];
    const [[left = 0, right = 0], [top = 0, bottom = 0]] = [range(0), range(1)];
    expect(Math.min(left, 400 - right)).toBeGreaterThanOrEqual(20 - 1e-6);
    expect(Math.min(top, 300 - bottom)).toBeGreaterThanOrEqual(20 - 1e-6);
    expect(Math.min(left, top)).toBeCloseTo(20, 6);
  });

  test('finds the way back from a dot to its point', () => {
    for (const point of points) {
      const [x, y, w] = project(camera, point);
      unproject(camera, x, y, w).forEach((value, axis) => {
        expect(value).toBeCloseTo(point[axis] ?? 0, 6);
      });
    }
  });
});

describe('colour', () => {
  test('follows the sRGB curve', () => {
    expect(linear('#000000')).toEqual([0, 0, 0]);
    expect(linear('#ffffff')).toEqual([1, 1, 1]);
    expect(linear('#808080')[0]).toBeCloseTo(0.2159, 4);
    expect(linear('#404040')[0]).toBeCloseTo(0.0513, 4);
    expect(() => linear('blue')).toThrow('not a colour');
  });
});
