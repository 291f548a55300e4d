/** Text that never leaves its place: cut, wrapped, and as large as fits. Chip's dialect. */
import * as font from './font.ts';
import type { ChipGraphics } from './hal.ts';

/** The surface that is drawn on. */
export let g: ChipGraphics;

/** All that follows goes to this surface. */
export function drawOn(surface: ChipGraphics): void {
  g = surface;
}

/** All of printable ASCII, capitals 7 px high; `scale` is a whole number. */
export function setSmall(scale: number): void {
  g.setFontCustom(font.smallBitmap, font.smallFirst, font.smallWidths, font.smallHeight | (scale << 8));
}

/** Digits, capitals and a few signs, 14 px high: see firmware/art. */
export function setLarge(): void {
  g.setFontCustom(font.largeBitmap, font.largeFirst, font.largeWidths, font.largeHeight);
}

/** True when the text has the room; the gap after its last character may lie outside. */
function fits(text: string, widthPx: number): boolean {
  return g.stringWidth(text) <= widthPx + 1;
}

/** The text, or its beginning and an ellipsis. */
export function cut(text: string, widthPx: number): string {
  let shown = text;
  for (let length = text.length; length > 0 && !fits(shown, widthPx); length--) {
    shown = `${text.substr(0, length - 1).trim()}\x7f`;
  }
  return shown;
}

/** Where a line of at most `length` characters should end: at a blank, else at a sign inside a name. */
function breakAt(text: string, length: number): number {
  let sign = length;
  for (let at = length; at > length / 3; at--) {
    if (text[at] === ' ') return at;
    if (sign === length && (text[at] === ':' || '.-/_'.includes(text[at - 1] as string))) sign = at;
  }
  return sign;
}

/** The text in at most `maxLines` lines; the last one is cut when there is more. */
export function wrap(text: string, widthPx: number, maxLines: number): string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (rest !== '') {
    let length = rest.length;
    if (lines.length < maxLines - 1) {
      while (length > 1 && !fits(rest.substr(0, length), widthPx)) length--;
      if (length < rest.length) length = breakAt(rest, length);
    }
    lines.push(cut(rest.substr(0, length).trim(), widthPx));
    rest = rest.substr(length).trim();
  }
  return lines;
}

/** Draws small lines one under the other. */
export function drawLines(lines: string[], x: number, y: number): void {
  let top = y;
  for (const line of lines) {
    g.drawString(line, x, top);
    top += 9;
  }
}

/** Draws a text in the middle of the rows 13 to 53, in the largest size that holds all of it: large, small doubled, small. */
export function drawLargest(text: string): void {
  let scale = /[^0-9.:]/.test(text) ? 3 : 4;
  let lines: string[];
  do {
    scale--;
    if (scale > 2) setLarge();
    else setSmall(scale);
    lines = wrap(text, 128, scale > 1 ? 3 : 4);
  } while (scale > 1 && lines.length > 2);
  const pitch = [0, 10, 18, 16][scale] as number;
  let y = (69 - lines.length * pitch) >> 1;
  for (const line of lines) {
    g.drawString(line, (128 + (scale & 1 || 2) - g.stringWidth(line)) >> 1, y);
    y += pitch;
  }
}
