/** What is drawn on top of a picture: numbers in discs, arrows. Soft-edged, in dots of the picture. */
import type { Picture } from './render.ts';

export type Dot = readonly [x: number, y: number];

export type Mark =
  | { kind: 'number'; at: Dot; value: number; to: Dot }
  | { kind: 'arrow'; from: Dot; to: Dot };

const discRadius = 17;
const discColor = '#1f3a5f';
const arrowColor = '#e0662f';

/** Strokes of the digits in a box of 2 × 4, y down; drawn by us, there is no font in a PNG. */
const strokes: Record<string, number[][]> = {
  0: [[0.6, 0, 1.4, 0, 2, 0.8, 2, 3.2, 1.4, 4, 0.6, 4, 0, 3.2, 0, 0.8, 0.6, 0]],
  1: [[0.3, 0.8, 1.2, 0, 1.2, 4]],
  2: [[0, 0.9, 0.5, 0.1, 1.4, 0, 2, 0.6, 2, 1.4, 0, 4, 2.1, 4]],
  3: [
    [0, 0.4, 0.6, 0, 1.4, 0, 2, 0.6, 2, 1.3, 1.4, 1.9, 0.7, 1.9],
    [1.4, 1.9, 2, 2.6, 2, 3.3, 1.4, 4, 0.6, 4, 0, 3.5],
  ],
  4: [[1.5, 4, 1.5, 0, 0, 2.8, 2.2, 2.8]],
  5: [[1.9, 0, 0.3, 0, 0.1, 1.8, 0.8, 1.5, 1.5, 1.6, 2, 2.3, 2, 3.2, 1.4, 4, 0.6, 4, 0, 3.5]],
  6: [[1.7, 0.1, 0.8, 0.4, 0.1, 1.7, 0, 3.2, 0.6, 4, 1.4, 4, 2, 3.3, 2, 2.5, 1.4, 1.8, 0.7, 1.8, 0.1, 2.4]],
  7: [[0, 0, 2.1, 0, 0.8, 4]],
  8: [
    [0.7, 0, 1.3, 0, 1.8, 0.5, 1.8, 1.3, 1.3, 1.8, 0.7, 1.8, 0.2, 1.3, 0.2, 0.5, 0.7, 0],
    [0.7, 1.8, 0, 2.5, 0, 3.3, 0.6, 4, 1.4, 4, 2, 3.3, 2, 2.5, 1.3, 1.8],
  ],
  9: [[0.3, 3.9, 1.2, 3.6, 1.9, 2.3, 2, 0.8, 1.4, 0, 0.6, 0, 0, 0.7, 0, 1.5, 0.6, 2.2, 1.3, 2.2, 1.9, 1.6]],
};

/** Size of a digit's unit, in dots. */
const digitUnit = 4.1;

/** A picture, and how many of its dots are one unit of the sizes here. */
interface Page {
  picture: Picture;
  scale: number;
}

/** Draws the marks into a picture of `scale` times its full size; their places are those of the full size. */
export function addMarks(picture: Picture, marks: Mark[], scale: number): void {
  const page = { picture, scale };
  for (const mark of marks) {
    if (mark.kind === 'arrow') arrow(page, mark.from, mark.to);
    else number(page, mark);
  }
}

function number(page: Page, { at, value, to }: Mark & { kind: 'number' }): void {
  if (at[0] !== to[0] || at[1] !== to[1]) {
    line(page, at, to, 0.9, discColor);
    disc(page, to, 3.5, discColor);
  }
  disc(page, at, discRadius + 2, '#ffffff');
  disc(page, at, discRadius, discColor);
  const digits = String(value);
  const width = (digits.length * 2 + (digits.length - 1) * 0.9) * digitUnit;
  [...digits].forEach((digit, index) => {
    const left = at[0] - width / 2 + index * 2.9 * digitUnit;
    const top = at[1] - 2 * digitUnit;
    for (const stroke of strokes[digit] ?? []) {
      for (let i = 0; i + 3 < stroke.length; i += 2) {
        const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = stroke.slice(i, i + 4).map(value => value * digitUnit);
        line(page, [left + x0, top + y0], [left + x1, top + y1], 1.35, '#ffffff');
      }
    }
  });
}

function arrow(page: Page, from: Dot, to: Dot): void {
  const length = Math.sqrt((to[0] - from[0]) ** 2 + (to[1] - from[1]) ** 2);
  const [dx, dy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const head = 24;
  const neck: Dot = [to[0] - dx * head, to[1] - dy * head];
  line(page, from, [neck[0] + dx * 4, neck[1] + dy * 4], 5, arrowColor);
  // The head: lines side by side that get shorter and shorter, because there is no other shape here than a line.
  for (let along = 0; along <= head; along += 0.5) {
    const half = ((head - along) / head) * 14;
    const [x, y] = [neck[0] + dx * along, neck[1] + dy * along];
    line(page, [x - dy * half, y + dx * half], [x + dy * half, y - dx * half], 0.8, arrowColor);
  }
}

function disc(page: Page, at: Dot, radius: number, color: string): void {
  line(page, at, at, radius, color);
}

/** A line with round ends; `half` is half its width. */
function line(page: Page, start: Dot, end: Dot, halfUnits: number, color: string): void {
  const { width, height, rgb } = page.picture;
  const [from, to] = [start, end].map(([x, y]): Dot => [x * page.scale, y * page.scale]) as [Dot, Dot];
  const half = halfUnits * page.scale;
  const parts = [1, 3, 5].map(at => Number.parseInt(color.slice(at, at + 2), 16));
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const square = dx * dx + dy * dy;
  const reach = half + 1;
  const lastX = Math.min(width - 1, Math.ceil(Math.max(from[0], to[0]) + reach));
  const lastY = Math.min(height - 1, Math.ceil(Math.max(from[1], to[1]) + reach));
  for (let y = Math.max(0, Math.floor(Math.min(from[1], to[1]) - reach)); y <= lastY; y++) {
    for (let x = Math.max(0, Math.floor(Math.min(from[0], to[0]) - reach)); x <= lastX; x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const along = square > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / square)) : 0;
      const away = Math.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2);
      const share = Math.min(1, Math.max(0, half - away + 0.5));
      for (let k = 0; k < 3 && share > 0; k++) {
        const at = 3 * (y * width + x) + k;
        rgb[at] = Math.round((rgb[at] ?? 0) * (1 - share) + (parts[k] ?? 0) * share);
      }
    }
  }
}
