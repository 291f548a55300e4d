/** Text that never leaves its place: cut, wrapped, and as large as fits. Chip's dialect. */
import { large, small } from './font.ts';
import type { ChipGraphics } from './hal.ts';

export type Font = typeof small;

/** Selects a font; `scale` is a whole number. */
export function setFont(g: ChipGraphics, font: Font, scale: number): void {
  g.setFontCustom(font.bitmap, font.first, font.widths, font.height | (scale << 8));
}

const ellipsis = '\x7f';

/** How many characters of the text fit into so many pixels, in the font selected. */
function fitting(g: ChipGraphics, text: string, widthPx: number): number {
  const room = widthPx + 1; // the gap after the last character may lie outside
  const whole = g.stringWidth(text);
  if (whole <= room) return text.length;
  // A guess from the average first: measuring is what costs time here.
  let length = Math.floor((text.length * room) / whole);
  while (g.stringWidth(text.substr(0, length + 1)) <= room) length++;
  while (length > 0 && g.stringWidth(text.substr(0, length)) > room) length--;
  return length;
}

/** The text, or its beginning and an ellipsis. */
export function cut(g: ChipGraphics, text: string, widthPx: number): string {
  const length = fitting(g, text, widthPx);
  if (length === text.length) return text;
  return text.substr(0, fitting(g, text, widthPx - g.stringWidth(ellipsis))).trim() + ellipsis;
}

/** Where a line of at most `length` characters should end: at a blank, else at a sign inside a name. */
function breakAt(text: string, length: number): number {
  const earliest = length / 3;
  for (let at = length; at > earliest; at--) {
    if (text[at] === ' ') return at;
  }
  for (let at = length; at > earliest; at--) {
    if (text[at] === ':' || '.-/_'.includes(text[at - 1] as string)) return at;
  }
  return Math.max(1, length);
}

/** The text in at most `maxLines` lines; the last one is cut when there is more. */
export function wrap(g: ChipGraphics, text: string, widthPx: number, maxLines: number): string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const length = fitting(g, rest, widthPx);
    if (length === rest.length || lines.length === maxLines - 1) {
      lines.push(cut(g, rest, widthPx));
      break;
    }
    const end = breakAt(rest, length);
    lines.push(rest.substr(0, end).trim());
    rest = rest.substr(end).trim();
  }
  return lines;
}

/** Draws the lines one under the other. */
export function drawLines(g: ChipGraphics, lines: string[], x: number, y: number, pitch: number): void {
  lines.forEach((line, index) => {
    g.drawString(line, x, y + index * pitch);
  });
}

/** Draws the text so that it ends left of x. */
export function drawRight(g: ChipGraphics, text: string, x: number, y: number): void {
  g.drawString(text, x - g.stringWidth(text), y);
}

/** From the largest to the one that always does. */
const sizes = [
  { font: large, scale: 1, has: /^[-0-9A-Z.:%!? ]*$/ },
  { font: small, scale: 2, has: /./ },
  { font: small, scale: 1, has: /./ },
];

/** Draws a text in the middle of the rows `top` to `bottom`, in the largest size that holds all of it. */
export function drawLargest(g: ChipGraphics, text: string, top: number, bottom: number): void {
  const width = g.getWidth();
  for (const size of sizes) {
    if (!size.has.test(text)) continue;
    setFont(g, size.font, size.scale);
    const glyph = size.font.height * size.scale;
    const pitch = glyph + 2;
    const room = Math.floor((bottom - top + 3) / pitch);
    const isLast = size === sizes[2];
    const lines = wrap(g, text, width, isLast ? room : room + 1);
    if (lines.length > room) continue;
    let y = (top + bottom + 3 - lines.length * pitch) >> 1;
    for (const line of lines) {
      g.drawString(line, (width + size.scale - g.stringWidth(line)) >> 1, y);
      y += pitch;
    }
    return;
  }
}
