/**
 * Looks at LevelDB's write-ahead logs before LevelDB does. It drops a damaged part of a log without a word, and
 * with it presses that were accepted (one changed byte lost 26 of 50 records in a trial); classic-level has no
 * switch for LevelDB's paranoid_checks. Source of the format: LevelDB's doc/log_format.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const blockBytes = 32_768;
/** Checksum (4), length (2, little-endian), type (1). */
const headerBytes = 7;
/** Castagnoli's polynomial, reflected (CRC-32C, RFC 3720 appendix B.4). */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc >>> 0;
});

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum is stored rotated and shifted, so that a log inside a log does not look right by accident. */
function masked(crc: number): number {
  return ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) >>> 0;
}

/** The first damage in any log of the folder, in words, or undefined. A folder without logs is whole. */
export function findDamage(folder: string): string | undefined {
  for (const name of readdirSync(folder).filter(entry => entry.endsWith('.log'))) {
    const offset = firstDamage(readFileSync(join(folder, name)));
    if (offset !== undefined) return `${name} is damaged at byte ${offset}`;
  }
  return undefined;
}

/**
 * Where the first record with a wrong checksum begins. A log that ends within a record was cut off by a crash
 * before anybody was told, and is whole.
 */
export function firstDamage(log: Buffer): number | undefined {
  let at = 0;
  // Ends: every turn moves ahead by a header at least.
  while (at + headerBytes <= log.length) {
    const leftInBlock = blockBytes - (at % blockBytes);
    if (leftInBlock < headerBytes) {
      at += leftInBlock;
      continue;
    }
    const length = log.readUInt16LE(at + 4);
    const end = at + headerBytes + length;
    if (headerBytes + length > leftInBlock) return at;
    if (end > log.length) return undefined;
    if (log.readUInt32LE(at) !== masked(crc32c(log.subarray(at + 6, end)))) return at;
    at = end;
  }
  return undefined;
}
