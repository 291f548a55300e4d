/** PNG (RFC 2083) written and read by Node's own zlib: 8 bits of red, green and blue, no interlace. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { pngChunk, pngSignature } from '../../simulator/board/png.ts';
import type { Picture } from './render.ts';

const bytesPerDot = 3;

/**
 * Our own chunk for {@link toPng}'s small picture. The case of its letters says (section 3.3): who does not know it may
 * leave it out, it is nobody's standard, and a program that changes the dots should drop it.
 */
const smallType = 'smAL';

/**
 * The file. Its dots depend on nothing but the picture; its bytes also on the version of zlib. `small` is the same drawn
 * small: a test can draw that again in a second, and compare.
 */
export function toPng({ width, height, rgb }: Picture, small?: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const stride = width * bytesPerDot;
  const rows = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    rows.set(bestFilter(rgb, y, stride), y * (stride + 1));
  }
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([
    pngSignature,
    pngChunk('IHDR', header),
    ...(small ? [pngChunk(smallType, toPng(small))] : []),
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The row after each of the five filters (section 6); the one with the smallest sum packs best as a rule. */
function bestFilter(rgb: Uint8Array, y: number, stride: number): Uint8Array {
  let best = new Uint8Array(0);
  let smallest = Infinity;
  for (let filter = 0; filter < 5; filter++) {
    const row = new Uint8Array(stride + 1);
    row[0] = filter;
    let sum = 0;
    for (let x = 0; x < stride; x++) {
      const value = ((rgb[y * stride + x] ?? 0) - predicted(filter, rgb, x, y, stride)) & 255;
      row[x + 1] = value;
      sum += value < 128 ? value : 256 - value;
    }
    if (sum < smallest) [best, smallest] = [row, sum];
  }
  return best;
}

function predicted(filter: number, rgb: Uint8Array, x: number, y: number, stride: number): number {
  const at = y * stride + x;
  const left = x >= bytesPerDot ? (rgb[at - bytesPerDot] ?? 0) : 0;
  const above = y > 0 ? (rgb[at - stride] ?? 0) : 0;
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const corner = x >= bytesPerDot && y > 0 ? (rgb[at - bytesPerDot - stride] ?? 0) : 0;
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** The small picture in a file from {@link toPng}; undefined when there is none. */
export function smallIn(file: Buffer): Picture | undefined {
  const [data] = chunksOf(file).get(smallType) ?? [];
  return data && fromPng(data);
}

/** A file's chunks by their type. Throws for what is no PNG, and for a chunk whose check sum is wrong. */
function chunksOf(file: Buffer): Map<string, Buffer[]> {
  if (!file.subarray(0, pngSignature.length).equals(pngSignature)) throw new Error('not a PNG');
  const chunks = new Map<string, Buffer[]>();
  for (let at = pngSignature.length; at < file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    if (file.readUInt32BE(end) !== crc32(file.subarray(at + 4, end))) throw new Error(`${type} is damaged`);
    chunks.set(type, [...(chunks.get(type) ?? []), file.subarray(at + 8, end)]);
    at = end + 4;
  }
  return chunks;
}

/** The dots of a file that {@link toPng} has written. Throws for any other kind of PNG. */
export function fromPng(file: Buffer): Picture {
  const chunks = chunksOf(file);
  const header = chunks.get('IHDR')?.[0];
  if (!header?.subarray(8).equals(Buffer.from([8, 2, 0, 0, 0]))) throw new Error('not a PNG of ours');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const stride = width * bytesPerDot;
  const rows = inflateSync(Buffer.concat(chunks.get('IDAT') ?? []));
  const rgb = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    for (let x = 0; x < stride; x++) {
      rgb[y * stride + x] = (rows[start + 1 + x] ?? 0) + predicted(rows[start] ?? 0, rgb, x, y, stride);
    }
  }
  return { width, height, rgb };
}
