/**
 * Reads a QR code of version 1 to 3, error correction L, from its modules: as a phone does after it has found
 * them. Written from ISO/IEC 18004 alone, so that it is a second opinion on the library that draws them.
 */

/** Data and check codewords by version; one block each (table 9). */
const codewords: Record<number, [data: number, check: number]> = { 1: [19, 7], 2: [34, 10], 3: [55, 15] };

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** Table 10: where the mask inverts. */
const masks: ((row: number, col: number) => boolean)[] = [
  (r, c) => (r + c) % 2 === 0,
  r => r % 2 === 0,
  (_, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
];

/** The modules of a status' `qr`: rows of true for dark. */
export function modulesOf(qr: string): boolean[][] {
  const [, side, base64] = /^(\d+):(.*)$/.exec(qr) ?? [];
  const size = Number(side);
  const bytes = Buffer.from(base64 ?? '', 'base64');
  const bit = (at: number) => (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1;
  return Array.from({ length: size }, (_, r) => Array.from({ length: size }, (_, c) => bit(r * size + c)));
}

/** The text in the code. Throws when anything about it is not as the standard says. */
export function readQr(dark: boolean[][]): string {
  const size = dark.length;
  const version = (size - 17) / 4;
  const counts = codewords[version];
  if (counts === undefined) throw new Error(`version ${version} is not read here`);
  const at = (r: number, c: number) => dark[r]?.[c] === true;
  checkPatterns(at, size);
  const mask = masks[maskOf(at)];
  const bits: boolean[] = [];
  // Two columns at a time from the right, up and down in turns; column 6 is timing (section 7.7.3).
  let upwards = true;
  for (let right = size - 1; right > 0; right -= 2, upwards = !upwards) {
    if (right === 6) right--;
    for (let i = 0; i < size; i++) {
      const row = upwards ? size - 1 - i : i;
      for (const col of [right, right - 1]) {
        if (!isFunction(row, col, size)) bits.push(at(row, col) !== mask?.(row, col));
      }
    }
  }
  const words = Array.from({ length: counts[0] + counts[1] }, (_, i) =>
    numberOf(bits.slice(i * 8, i * 8 + 8)),
  );
  checkSyndromes(words, counts[1]);
  return textOf(words.slice(0, counts[0]));
}

function numberOf(bits: boolean[]): number {
  return bits.reduce((sum, bit) => sum * 2 + Number(bit), 0);
}

/** Finders, timing, alignment and format: modules that hold no data. */
function isFunction(row: number, col: number, size: number): boolean {
  const finder = (row < 9 && col < 9) || (row < 9 && col >= size - 8) || (row >= size - 8 && col < 9);
  const centre = size - 7;
  const alignment = size > 21 && Math.abs(row - centre) <= 2 && Math.abs(col - centre) <= 2;
  return finder || alignment || row === 6 || col === 6;
}

function checkPatterns(at: (r: number, c: number) => boolean, size: number): void {
  const ring = (distance: number) => distance !== 2 && distance !== 4;
  const far = (r: number, c: number) => Math.max(Math.abs(r), Math.abs(c));
  for (const [top, left] of [[3, 3] as const, [3, size - 4] as const, [size - 4, 3] as const]) {
    for (let r = -3; r <= 3; r++)
      for (let c = -3; c <= 3; c++)
        if (at(top + r, left + c) !== ring(far(r, c))) throw new Error('a finder pattern is broken');
  }
  for (let i = 8; i < size - 8; i++) {
    if (at(6, i) !== (i % 2 === 0) || at(i, 6) !== (i % 2 === 0)) throw new Error('timing is broken');
  }
  if (!at(size - 8, 8)) throw new Error('the dark module is missing');
}

/** Format information, top left (section 7.9.1): two bits of level, three of mask, ten of BCH. */
function maskOf(at: (r: number, c: number) => boolean): number {
  const line = [0, 1, 2, 3, 4, 5, 7, 8].map(col => at(8, col));
  const column = [7, 5, 4, 3, 2, 1, 0].map(row => at(row, 8));
  const format = numberOf([...line, ...column]) ^ 0x5412;
  if (format >> 13 !== 1) throw new Error('not level L');
  let rest = format;
  for (let bit = 14; bit >= 10; bit--) if ((rest >> bit) & 1) rest ^= 0x537 << (bit - 10);
  if (rest !== 0) throw new Error('the format is broken');
  return (format >> 10) & 7;
}

/** A code without errors has the generator's roots (section 7.5; field of x^8 + x^4 + x^3 + x^2 + 1). */
function checkSyndromes(words: number[], checks: number): void {
  const times = (a: number, b: number) => {
    let product = 0;
    for (let i = 7; i >= 0; i--) {
      product = (product << 1) ^ (product & 0x80 ? 0x11d : 0);
      if ((b >> i) & 1) product ^= a;
    }
    return product;
  };
  for (let i = 0, root = 1; i < checks; i++, root = times(root, 2)) {
    if (words.reduce((sum, word) => times(sum, root) ^ word, 0) !== 0)
      throw new Error('check words are wrong');
  }
}

/** One segment, alphanumeric or bytes (section 7.4). */
function textOf(words: number[]): string {
  const bits = words.flatMap(word => Array.from({ length: 8 }, (_, i) => ((word >> (7 - i)) & 1) === 1));
  const take = (count: number) => numberOf(bits.splice(0, count));
  const mode = take(4);
  if (mode === 4) return String.fromCharCode(...Array.from({ length: take(8) }, () => take(8)));
  if (mode !== 2) throw new Error(`mode ${mode} is not read here`);
  let text = '';
  let left = take(9);
  for (; left > 1; left -= 2) {
    const pair = take(11);
    text += `${alphabet[Math.floor(pair / 45)]}${alphabet[pair % 45]}`;
  }
  return left === 1 ? text + alphabet[take(6)] : text;
}
