/**
 * The interpreter's drawing surface, bit for bit: what `Graphics.createArrayBuffer(w, h, 1, {vertical_byte: true,
 * msb: false})` does in 2v29 with the calls that `hal.ts` declares. A differential test against the real
 * interpreter holds it to that.
 */
import { isArrayBuffer, isUint8Array, toBytes, toInt32 } from './binary.ts';
import type { Boot } from './boot.ts';
import { drawGlyphs, type Font, readFont, textWidth } from './font.ts';
import { chipString, surface } from './surface.ts';

/** Bigger than any display with this controller; the interpreter itself would run out of memory. */
const maxPixels = 128 * 128;

/** Sets pixels of one colour in a rectangle, both corners included. */
export type FillRect = (x1: number, y1: number, x2: number, y2: number) => void;

class Surface {
  readonly width: number;
  readonly height: number;
  readonly buffer: ArrayBuffer;
  colour = 1;
  font: Font | undefined;
  readonly #bytes: Uint8Array;

  constructor(width: number, height: number, buffer: ArrayBuffer) {
    this.width = width;
    this.height = height;
    this.buffer = buffer;
    this.#bytes = new Uint8Array(buffer);
  }

  set(x: number, y: number, colour: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) {
      return;
    }
    // vertical_byte without msb: one byte is a column of eight, lowest bit on top.
    const at = (y >> 3) * this.width + x;
    const mask = 1 << (y & 7);
    const byte = this.#bytes[at] ?? 0;
    this.#bytes[at] = colour ? byte | mask : byte & ~mask;
  }

  readonly fillRect: FillRect = (x1, y1, x2, y2) => {
    const left = Math.max(0, Math.min(x1, x2));
    const right = Math.min(this.width - 1, Math.max(x1, x2));
    const top = Math.max(0, Math.min(y1, y2));
    const bottom = Math.min(this.height - 1, Math.max(y1, y2));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        this.set(x, y, this.colour);
      }
    }
  };

  /** All pixels dark. With `reset` colour and font go back to the interpreter's own. */
  clear(reset: boolean): void {
    this.#bytes.fill(0);
    if (reset) {
      this.colour = 1;
      this.font = undefined;
    }
  }
}

/** The `Graphics` global. */
export function makeGraphics(boot: Boot): object {
  return surface(boot, 'chip.Graphics', {
    createArrayBuffer(w: unknown, h: unknown, bpp: unknown, options: unknown) {
      const width = toInt32(w);
      const height = toInt32(h);
      const o = options as { vertical_byte?: unknown; msb?: unknown } | undefined;
      if (bpp !== 1 || o?.vertical_byte !== true || o.msb !== false || Object.keys(o).length !== 2) {
        boot.notSimulated(
          'chip.Graphics.createArrayBuffer other than 1 bit, {vertical_byte: true, msb: false}',
        );
      }
      if (width <= 0 || height <= 0) {
        boot.raise('Invalid Size');
      }
      if (height & 7) {
        boot.raise('height must be a multiple of 8 when using vertical_byte');
      }
      if (width * height > maxPixels) {
        boot.notSimulated(`chip.Graphics.createArrayBuffer with more than ${maxPixels} pixels`);
      }
      return makeSurface(boot, new Surface(width, height, boot.realm.arrayBuffer((width * height) >> 3)));
    },
  });
}

/** A coordinate. The interpreter would read numbers out of strings too; nobody should rely on that. */
function coordinate(boot: Boot, value: unknown): number {
  if (typeof value === 'string' || (typeof value === 'object' && value !== null)) {
    boot.notSimulated(
      `A Graphics coordinate that is ${typeof value === 'string' ? 'a string' : 'an object'}`,
    );
  }
  return toInt32(value);
}

function makeSurface(boot: Boot, s: Surface): object {
  const name = 'Graphics';
  const at = (value: unknown) => coordinate(boot, value);
  const self: object = surface(boot, name, {
    buffer: s.buffer,
    getWidth: () => s.width,
    getHeight: () => s.height,
    clear(reset: unknown) {
      s.clear(Boolean(reset));
      return self;
    },
    setColor(...colour: unknown[]) {
      if (colour.length !== 1 || (typeof colour[0] !== 'number' && typeof colour[0] !== 'boolean')) {
        boot.notSimulated(`${name}.setColor with anything but one number`);
      }
      s.colour = toInt32(colour[0]) & 1;
      return self;
    },
    fillRect(x1: unknown, y1: unknown, x2: unknown, y2: unknown) {
      if (typeof x1 === 'object' && x1 !== null) {
        boot.notSimulated(`${name}.fillRect with an object`);
      }
      s.fillRect(at(x1), at(y1), at(x2), at(y2));
      return self;
    },
    drawImage(image: unknown, x: unknown, y: unknown, ...more: unknown[]) {
      if (more.length > 0) {
        boot.notSimulated(`${name}.drawImage with options`);
      }
      drawImage(boot, s, image, at(x), at(y));
      return self;
    },
    setFontCustom(bitmap: unknown, first: unknown, widths: unknown, height: unknown) {
      s.font = readFont(boot, bitmap, first, widths, height);
      return self;
    },
    drawString(text: unknown, x: unknown, y: unknown, ...more: unknown[]) {
      if (more.length > 0) {
        boot.notSimulated(`${name}.drawString with a solid background`);
      }
      const string = plainText(boot, `${name}.drawString`, text);
      drawGlyphs(fontOf(boot, s), string, at(x), at(y), s);
      return self;
    },
    stringWidth(text: unknown) {
      return textWidth(fontOf(boot, s), plainText(boot, `${name}.stringWidth`, text));
    },
  });
  return self;
}

function fontOf(boot: Boot, s: Surface): Font {
  // The interpreter would use its built-in 4x6 font here; its bitmap is not ours to copy.
  return s.font ?? boot.notSimulated("Graphics text in the interpreter's own font (before setFontCustom)");
}

function plainText(boot: Boot, call: string, text: unknown): string {
  const string = chipString(boot, call, text);
  if (string.includes('\0')) {
    // The interpreter takes character 0 as the start of a picture inside the text.
    boot.notSimulated(`${call} with a character 0`);
  }
  return string;
}

function drawImage(boot: Boot, s: Surface, image: unknown, left: number, top: number): void {
  const call = 'Graphics.drawImage';
  if (typeof image !== 'object' || image === null) {
    boot.notSimulated(`${call} with anything but an object`);
  }
  const { width: w, height: h, bpp = 1, transparent, buffer, ...rest } = image as Record<string, unknown>;
  if (Object.keys(rest).length > 0 || bpp !== 1) {
    boot.notSimulated(
      `${call} with ${bpp === 1 ? Object.keys(rest).join(', ') : `${String(bpp)} bits per pixel`}`,
    );
  }
  const width = toInt32(w);
  const height = toInt32(h);
  const bytes = imageBytes(boot, call, buffer);
  if (width <= 0 || height <= 0 || bytes === undefined) {
    boot.raise('Expecting valid Image');
  }
  if (bytes.length === 0) {
    return;
  }
  // Any number names the colour that is left out; the key need only be there, with any value but undefined.
  const skipped = transparent === undefined ? -1 : toInt32(transparent);
  for (let y = Math.max(0, -top); y < height && top + y < s.height; y++) {
    for (let x = Math.max(0, -left); x < width && left + x < s.width; x++) {
      const at = y * width + x;
      // Past its end the data reads as ones (observed); that of a font reads as zeros.
      const bit = ((bytes[at >> 3] ?? 0xff) >> (7 - (at & 7))) & 1;
      if (bit !== skipped) {
        s.set(left + x, top + y, bit ? s.colour : 0);
      }
    }
  }
}

function imageBytes(boot: Boot, call: string, buffer: unknown): Uint8Array | undefined {
  if (typeof buffer === 'string') {
    return toBytes(chipString(boot, call, buffer));
  }
  if (isArrayBuffer(buffer)) {
    return new Uint8Array(buffer);
  }
  return isUint8Array(buffer) ? buffer : undefined;
}
