/** Pictures of a frame: pure functions, for golden files, the terminal and documents. */
import { crc32, deflateSync } from 'node:zlib';
import type { Frame } from './ssd1306.ts';

export type { Frame };

function pixel(frame: Frame, x: number, y: number): number {
  return y < frame.height ? (frame.pixels[y * frame.width + x] ?? 0) : 0;
}

/** A row of text per row of pixels, `#` lit, `.` dark: what golden files hold and a reviewer can read. */
export function toText(frame: Frame): string {
  let text = '';
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      text += pixel(frame, x, y) ? '#' : '.';
    }
    text += '\n';
  }
  return text;
}

/** For a terminal: two pixels per character (128×64 becomes 128×32), in a thin box. No newline at the end. */
export function toHalfBlocks(frame: Frame): string {
  const line = '─'.repeat(frame.width);
  const rows = [`┌${line}┐`];
  for (let y = 0; y < frame.height; y += 2) {
    let row = '';
    for (let x = 0; x < frame.width; x++) {
      row += ' ▀▄█'[pixel(frame, x, y) + 2 * pixel(frame, x, y + 1)] ?? ' ';
    }
    rows.push(`│${row}│`);
  }
  rows.push(`└${line}┘`);
  return rows.join('\n');
}

/** Width of a pixel and of the frame around the glass, in units of the SVG. */
const svgPixel = 4;
const svgBezel = 24;

/** A picture of the display: dark glass, lit pixels in a pale blue-white. Runs of pixels are one shape each. */
export function toSvg(frame: Frame, title = 'The display'): string {
  const width = frame.width * svgPixel + 2 * svgBezel;
  const height = frame.height * svgPixel + 2 * svgBezel;
  let path = '';
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      const start = x;
      while (x < frame.width && pixel(frame, x, y)) {
        x++;
      }
      if (x > start) {
        path += `M${start} ${y}h${x - start}v1h-${x - start}z`;
      }
    }
  }
  const label = title.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">`,
    `<rect width="${width}" height="${height}" rx="14" fill="#1b1e24"/>`,
    `<rect x="10" y="10" width="${width - 20}" height="${height - 20}" rx="7" fill="#05070a"/>`,
    `<path transform="translate(${svgBezel} ${svgBezel}) scale(${svgPixel})" fill="#d6ecff" shape-rendering="crispEdges" d="${path}"/>`,
    '</svg>',
    '',
  ].join('\n');
}

/** The first bytes of a PNG (RFC 2083, section 3.1). */
export const pngSignature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** The same picture, plain: a grey-scale PNG (RFC 2083), each pixel `scale` dots wide. */
export function toPng(frame: Frame, scale = 4): Buffer {
  const width = frame.width * scale;
  const rows: Buffer[] = [];
  for (let y = 0; y < frame.height * scale; y++) {
    const row = Buffer.alloc(width + 1); // the first byte: filter type 0, none
    for (let x = 0; x < width; x++) {
      row[x + 1] = pixel(frame, Math.floor(x / scale), Math.floor(y / scale)) ? 0xe8 : 0x08;
    }
    rows.push(row);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(frame.height * scale, 4);
  header[8] = 8; // bits per sample; colour type, compression, filter and interlace stay 0
  return Buffer.concat([
    pngSignature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.concat(rows))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Length, type, data, CRC of type and data (RFC 2083, section 3.2). */
export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
