/** A frame as a PNG, and what any PNG is made of. Needs Node.js. */
import { crc32, deflateSync } from 'node:zlib';
import { type Frame, pixel } from './frame.ts';

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
