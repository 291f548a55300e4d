/** Frames as text, for the golden files. */
import { toHalfBlocks } from '../../simulator/board/frame.ts';
import { toFrame } from '../../simulator/board/sketch.ts';

export { newGraphics, newSurface, pixelOf as pixel, toFrame } from '../../simulator/board/sketch.ts';

export type Height = 64 | 32;

/** Two rows of pixels per line of text. */
export function toText(buffer: ArrayBuffer): string {
  return `${toHalfBlocks(toFrame(buffer))}\n`;
}
