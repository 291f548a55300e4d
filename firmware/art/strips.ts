/** Reads the art in this folder: strips of cells, drawn with '#' (lit) and '.' (dark). */

/** A glyph or an icon: its name and its rows. */
export interface Art {
  name: string;
  rows: string[];
}

/**
 * A strip is a line of names and under it `height` lines with as many cells, separated by blanks; an empty
 * line ends it. Lines that begin with "-- " are comments.
 */
export function readStrips(text: string): Art[] {
  const lines = text.split('\n').filter(line => !line.startsWith('-- '));
  const strips = lines.join('\n').split(/\n\s*\n/);
  return strips.filter(strip => strip.trim() !== '').flatMap(readStrip);
}

function readStrip(strip: string): Art[] {
  const [names = [], ...rows] = strip
    .trim()
    .split('\n')
    .map(line => line.trim().split(/ +/));
  const uneven = rows.find(cells => cells.length !== names.length);
  if (uneven !== undefined) {
    throw new Error(`strip "${names.join(' ')}": a row has ${uneven.length} cells, not ${names.length}`);
  }
  return names.map((name, column) =>
    toArt(
      name,
      rows.map(cells => cells[column] ?? ''),
    ),
  );
}

function toArt(name: string, rows: string[]): Art {
  const width = rows[0]?.length ?? 0;
  if (width === 0 || rows.some(row => row.length !== width || !/^[#.]+$/.test(row))) {
    throw new Error(`"${name}": the rows must be equally long and made of # and .`);
  }
  return { name, rows };
}

/** Bits to bytes, most significant bit first, the last byte filled up with zeros, as base64. */
export function packBits(bits: boolean[]): string {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [index, bit] of bits.entries()) {
    bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (bit ? 0x80 >> (index & 7) : 0);
  }
  return Buffer.from(bytes).toString('base64');
}
