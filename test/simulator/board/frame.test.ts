import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Frame, toHalfBlocks, toSvg, toText } from '../../../simulator/board/frame.ts';
import { toPng } from '../../../simulator/board/png.ts';

/** From rows of `#` and `.`. */
function frame(...rows: string[]): Frame {
  const width = rows[0]?.length ?? 0;
  const pixels = Uint8Array.from([...rows.join('')].map(c => (c === '#' ? 1 : 0)));
  return { width, height: rows.length, on: true, pixels };
}

const picture = frame('##..', '#.#.', '....', '.###');

test('text: a character per pixel, a line per row', () => {
  expect(toText(picture)).toBe('##..\n#.#.\n....\n.###\n');
});

test('half blocks: two rows per line, in a box', () => {
  expect(toHalfBlocks(picture)).toBe(['┌────┐', '│█▀▄ │', '│ ▄▄▄│', '└────┘'].join('\n'));
});

test('half blocks of a display are 130 characters by 34 lines', () => {
  const lines = toHalfBlocks({ width: 128, height: 64, on: false, pixels: new Uint8Array(8192) }).split('\n');
  expect(lines.length).toBe(34);
  expect(new Set(lines.map(line => [...line].length))).toEqual(new Set([130]));
});

test('SVG: one run, one shape; the title is text', () => {
  const svg = toSvg(picture, 'a "b" <c> & d');
  expect(svg).toContain('d="M0 0h2v1h-2zM0 1h1v1h-1zM2 1h1v1h-1zM1 3h3v1h-3z"');
  expect(svg).toContain('viewBox="0 0 64 64"');
  expect(svg).toContain('aria-label="a &#34;b&#34; &#60;c&#62; &#38; d"');
  expect(svg.match(/</g)?.length).toBe(svg.match(/>/g)?.length);
});

test('PNG: signature, size, and the dots', () => {
  const png = toPng(picture, 2);
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([8, 8]);
  expect(png.subarray(12, 16).toString()).toBe('IHDR');
  // CRC of an empty IEND chunk, as every PNG has it.
  expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082');
  const length = png.readUInt32BE(33);
  const rows = inflateSync(png.subarray(41, 41 + length));
  expect(rows.length).toBe(8 * 9);
  expect([...rows.subarray(0, 9)]).toEqual([0, 0xe8, 0xe8, 0xe8, 0xe8, 8, 8, 8, 8]);
  expect([...rows.subarray(27, 36)]).toEqual([0, 0xe8, 0xe8, 8, 8, 0xe8, 0xe8, 8, 8]);
});
