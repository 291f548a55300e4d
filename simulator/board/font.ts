/** Text in a font of the program's own, as the interpreter draws it. */
import { toBytes, toInt32 } from './binary.ts';
import type { Boot } from './boot.ts';
import type { FillRect } from './graphics.ts';
import { chipString } from './surface.ts';

export interface Font {
  /** Glyphs one after another, column by column, most significant bit on top. */
  bitmap: Uint8Array;
  firstCode: number;
  /** One width for all, or one per glyph from `firstCode` on. Unscaled. */
  widths: number | Uint8Array;
  /** Unscaled. */
  height: number;
  scale: number;
}

/** Checks the arguments of `setFontCustom` as the interpreter does, in its words. */
export function readFont(
  boot: Boot,
  bitmap: unknown,
  first: unknown,
  widths: unknown,
  height: unknown,
): Font {
  const call = 'Graphics.setFontCustom';
  if (typeof bitmap !== 'string') {
    boot.raise('Font bitmap must be a String');
  }
  const firstCode = toInt32(first);
  if (firstCode < 0 || firstCode > 255) {
    boot.raise('First character out of range');
  }
  if (typeof widths !== 'string' && !Number.isInteger(widths)) {
    boot.raise('Font width must be a String or an integer');
  }
  // Bits 0 to 7 height, 8 to 15 scale (0 counts as 1), above them bits per pixel (0 counts as 1).
  const packed = toInt32(height);
  if (packed >> 16 > 1) {
    boot.notSimulated(`${call} with ${packed >> 16} bits per pixel`);
  }
  return {
    bitmap: toBytes(chipString(boot, call, bitmap)),
    firstCode,
    widths: typeof widths === 'string' ? toBytes(chipString(boot, call, widths)) : toInt32(widths),
    height: packed & 255,
    scale: Math.max(1, (packed >> 8) & 255),
  };
}

/** Where a glyph's columns start and how many there are. Width 0: the font has not got it. */
function glyph(font: Font, code: number): { column: number; width: number } {
  const index = code - font.firstCode;
  if (typeof font.widths === 'number') {
    return { column: index * font.widths, width: font.widths };
  }
  if (index < 0) {
    return { column: 0, width: 0 };
  }
  let column = 0;
  for (let i = 0; i < index; i++) {
    column += font.widths[i] ?? 0;
  }
  return { column, width: font.widths[index] ?? 0 };
}

/**
 * Width of the widest line, in pixels. A character past the end of a widths string counts as 255, although it
 * is neither drawn nor moves the cursor (observed; `jsvGetCharInString` answers -1 there).
 */
export function textWidth(font: Font, text: string): number {
  const lines = text.split('\n').map(line => {
    let width = 0;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      const lacking = typeof font.widths !== 'number' && code - font.firstCode >= font.widths.length;
      width += (lacking ? 255 : glyph(font, code).width) * font.scale;
    }
    return width;
  });
  return Math.max(0, ...lines);
}

/** Draws `text` with its top left corner at x, y. Newlines go back to x, one font height down. */
export function drawGlyphs(
  font: Font,
  text: string,
  x: number,
  y: number,
  target: { width: number; height: number; fillRect: FillRect },
): void {
  let left = x;
  let top = y;
  const lineHeight = font.height * font.scale;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10) {
      left = x;
      top += lineHeight;
      continue;
    }
    const { column, width } = glyph(font, code);
    // The interpreter leaves out a glyph that starts in the last column (`x < maxX`), though not in the last row.
    const seen =
      left > -width * font.scale && left < target.width - 1 && top > -lineHeight && top <= target.height - 1;
    if (seen && code >= font.firstCode) {
      drawGlyph(font, column, width, left, top, target.fillRect);
    }
    left += width * font.scale;
  }
}

function drawGlyph(
  font: Font,
  column: number,
  width: number,
  left: number,
  top: number,
  fill: FillRect,
): void {
  const { height, scale, bitmap } = font;
  for (let cx = 0; cx < width; cx++) {
    for (let cy = 0; cy < height; cy++) {
      const bit = (column + cx) * height + cy;
      if (((bitmap[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) {
        const x = left + cx * scale;
        const y = top + cy * scale;
        fill(x, y, x + scale - 1, y + scale - 1);
      }
    }
  }
}
