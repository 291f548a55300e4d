import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { generate } from '../../../firmware/art/build.ts';
import { readStrips } from '../../../firmware/art/strips.ts';
import * as font from '../../../firmware/src/font.ts';
import { drawOn, setLarge, setSmall } from '../../../firmware/src/text.ts';
import { codes } from '../../../protocol/src/messages.ts';
import { newSurface } from './fixtures/surface.ts';

/** The picture of one character, as text. */
function glyph(isLarge: boolean, character: string): string {
  const g = newSurface(32);
  drawOn(g);
  if (isLarge) setLarge();
  else setSmall(1);
  g.drawString(character, 0, 0);
  return Buffer.from(new Uint8Array(g.buffer)).toString('hex');
}

/** Every word in capitals that the firmware knows: a title or a code, and either is drawn large. */
function largeWords(): string[] {
  const folder = new URL('../../../firmware/src/', import.meta.url);
  const names = readdirSync(folder, { recursive: true })
    .map(String)
    .filter(name => name.endsWith('.ts'));
  const sources = names.map(name => readFileSync(new URL(name, folder), 'utf8'));
  return [...sources.join('').matchAll(/'([A-Z]{3,}[?!]?)'/g)].map(match => match[1] as string);
}

describe('the art', () => {
  test.each(Object.entries(generate()))('%s is what firmware/art makes', (name, text) => {
    const file = readFileSync(new URL(`../../../firmware/src/${name}`, import.meta.url), 'utf8');
    expect(file, 'run: npx tsx firmware/art/build.ts').toBe(text);
  });

  test('the small font has all of printable ASCII, each character a picture of its own', () => {
    const characters = Array.from({ length: 98 }, (_, i) => String.fromCharCode(29 + i));
    const pictures = characters.map(character => glyph(false, character));
    expect(new Set(pictures).size).toBe(98);
    expect(font.smallWidths).toHaveLength(99);
    expect(Math.min(...Buffer.from(font.smallWidths, 'latin1'))).toBeGreaterThan(1);
  });

  test('the large font has every letter of every code and title, and what an address and a percent need', () => {
    expect(largeWords()).toEqual(expect.arrayContaining(['HELLO', 'RELEASED']));
    const needed = new Set([...codes, ...largeWords(), '0123456789.:%', '"#$'].join(''));
    const pictures = [...needed].map(character => glyph(true, character));
    expect(pictures).not.toContain(glyph(true, ' '));
    expect(new Set(pictures).size).toBe(needed.size);
    // And nothing that only takes room.
    const held = Buffer.from(font.largeWidths, 'latin1').filter(width => width > 0).length;
    expect(held).toBe(needed.size);
  });

  test('keeps the fonts within 1,800 bytes of the bundle', () => {
    const texts = [font.smallBitmap, font.smallWidths, font.largeBitmap, font.largeWidths];
    const base64 = texts.map(bytes => btoa(bytes).length);
    expect(base64.reduce((sum, length) => sum + length)).toBeLessThanOrEqual(1800);
  });

  test.each([
    ['a row with a cell too few', 'A B\n#. .#\n#.', 'has 1 cells, not 2'],
    ['rows of different lengths', 'A\n##\n#', 'equally long'],
    ['other signs', 'A\n#o', 'made of # and .'],
  ])('a drawing is refused for %s', (_name, text, words) => {
    expect(() => readStrips(text)).toThrow(words);
  });
});
