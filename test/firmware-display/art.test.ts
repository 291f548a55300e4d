import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generate } from '../../firmware/art/build.ts';
import { readStrips } from '../../firmware/art/strips.ts';
import { large, small } from '../../firmware/src/font.ts';
import type { Code } from '../../protocol/src/messages.ts';
import { newSurface } from './surface.ts';

const codes: Record<Code, true> = {
  HOTSPOT: true,
  RELAY: true,
  LAB: true,
  PROXY: true,
  PLATFORM: true,
  QUOTA: true,
  STALE: true,
  KEY: true,
  BATTERY: true,
  DEVICE: true,
};

/** The picture of one character, as text. */
function glyph(font: typeof small, character: string): string {
  const g = newSurface(32);
  g.setFontCustom(font.bitmap, font.first, font.widths, font.height);
  g.setColor(1).drawString(character, 0, 0);
  return Buffer.from(new Uint8Array(g.buffer)).toString('hex');
}

describe('the art', () => {
  it.each(Object.entries(generate()))('%s is what firmware/art makes', (name, text) => {
    const file = readFileSync(new URL(`../../firmware/src/${name}`, import.meta.url), 'utf8');
    expect(file, 'run: npx tsx firmware/art/build.ts').toBe(text);
  });

  it('the small font has all of printable ASCII, each character a picture of its own', () => {
    const characters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
    const pictures = characters.map(character => glyph(small, character));
    expect(new Set([...pictures, glyph(small, ' ')]).size).toBe(95);
    expect(small.widths).toHaveLength(96);
    expect(Math.min(...Buffer.from(small.widths, 'latin1'))).toBeGreaterThan(1);
  });

  it('the large font has every letter of every code, and what an address and a percent need', () => {
    const needed = new Set([...Object.keys(codes).join(''), ...'0123456789.:-%!?']);
    const dark = glyph(large, ' ');
    for (const character of needed) expect(glyph(large, character), character).not.toBe(dark);
  });

  it('keeps the fonts within 2,560 bytes of the bundle', () => {
    const base64 = [small, large]
      .flatMap(font => [font.bitmap, font.widths])
      .map(bytes => btoa(bytes).length);
    expect(base64.reduce((sum, length) => sum + length)).toBeLessThanOrEqual(2560);
  });

  it.each([
    ['a row with a cell too few', 'A B\n#. .#\n#.', 'has 1 cells, not 2'],
    ['rows of different lengths', 'A\n##\n#', 'equally long'],
    ['other signs', 'A\n#o', 'made of # and .'],
  ])('refuses %s', (_name, text, words) => {
    expect(() => readStrips(text)).toThrow(words);
  });
});
