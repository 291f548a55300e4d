/** The simulator's drawing surface without a board around it: for pictures, golden frames and tests. */
import type { ChipGraphics } from '../../firmware/src/hal.ts';
import { Boot } from './boot.ts';
import { makeGraphics } from './graphics.ts';
import { makeRealm } from './realm.ts';
import type { Frame } from './ssd1306.ts';

export interface GraphicsGlobal {
  createArrayBuffer(width: number, height: number, bits: 1, options: object): ChipGraphics;
}

const width = 128;

/** `Graphics` of a chip that has just started. Throws by name for calls that the chip lacks. */
export function newGraphics(): GraphicsGlobal {
  const boot = new Boot(makeRealm(), 0, {
    trace: () => {},
    fault: (kind, message) => {
      throw new Error(`${kind}: ${message}`);
    },
  });
  return makeGraphics(boot) as GraphicsGlobal;
}

/** A surface in the display's own order: one byte is a column of eight pixels, lowest bit on top. */
export function newSurface(height: 64 | 32): ChipGraphics {
  return newGraphics().createArrayBuffer(width, height, 1, { vertical_byte: true, msb: false });
}

/** A pixel of such a buffer: 1 lit, 0 dark. */
export function pixelOf(buffer: ArrayBuffer, x: number, y: number): number {
  return ((new Uint8Array(buffer)[(y >> 3) * width + x] ?? 0) >> (y & 7)) & 1;
}

/** The buffer as the glass should show it. */
export function toFrame(buffer: ArrayBuffer): Frame {
  const height = (buffer.byteLength * 8) / width;
  const pixels = Uint8Array.from({ length: width * height }, (_, i) =>
    pixelOf(buffer, i % width, Math.floor(i / width)),
  );
  return { width, height, on: true, pixels };
}

/** What the glass shows when `draw` has drawn on a fresh surface. */
export function sketch(height: 64 | 32, draw: (g: ChipGraphics) => void): Frame {
  const g = newSurface(height);
  draw(g);
  return toFrame(g.buffer);
}
