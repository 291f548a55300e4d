/** The display's picture on a canvas of as many dots. */
import type { Frame } from '../../../simulator/board/ssd1306.ts';

const lit = [0xd6, 0xec, 0xff] as const;
const dark = [0x05, 0x07, 0x0a] as const;

export function paint(canvas: HTMLCanvasElement, frame: Frame | undefined): void {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return;
  const { width, height } = canvas;
  const picture = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = frame?.pixels[i] ? lit : dark;
    picture.data.set([red, green, blue, 255], 4 * i);
  }
  context.putImageData(picture, 0, 0);
}

type Point = readonly [number, number];

/**
 * The CSS transform that lays a `width` × `height` box, its origin at the top left, onto four corners: top left, top right, bottom right,
 * bottom left. A projective map of the plane (Heckbert 1989, "Fundamentals of Texture Mapping and Image Warping", 2.2.3).
 */
export function onto(width: number, height: number, corners: readonly [Point, Point, Point, Point]): string {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = corners;
  const [dx1, dx2, dx3] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, dy3] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const area = dx1 * dy2 - dx2 * dy1;
  const g = (dx3 * dy2 - dx2 * dy3) / area;
  const h = (dx1 * dy3 - dx3 * dy1) / area;
  const [a, b] = [x1 - x0 + g * x1, x3 - x0 + h * x3];
  const [d, e] = [y1 - y0 + g * y1, y3 - y0 + h * y3];
  const columns = [
    ...[a / width, d / width, 0, g / width],
    ...[b / height, e / height, 0, h / height],
    ...[0, 0, 1, 0],
    ...[x0, y0, 0, 1],
  ];
  return `matrix3d(${columns.map(n => n.toFixed(9)).join()})`;
}
