/** Finds damage in a LevelDB log or manifest. Source of the format: LevelDB's doc/log_format.md. */
import { fitsAnyLength, maskedCrc32c } from './crc32c.ts';

const blockBytes = 32_768;
/** Checksum (4), length (2, little-endian), type (1). The checksum is of the type and what follows. */
const headerBytes = 7;
const typeAt = 6;
/** The least that a disk writes or loses. */
const sectorBytes = 512;

/**
 * Where the first damaged record begins. A log that ends within a record, or in sectors of zeros that the disk never
 * wrote, was cut off by a crash before anybody was told, and is whole.
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
    const sum = log.readUInt32LE(at);
    const end = at + headerBytes + log.readUInt16LE(at + 4);
    if (end - at > leftInBlock) return at;
    if (end > log.length) {
      // Its own length is not covered by the checksum: one that reads too long hides a record that is all there.
      return fitsAnyLength(log.subarray(at + typeAt), sum) ? at : undefined;
    }
    if (sum !== maskedCrc32c(log.subarray(at + typeAt, end)))
      return endsInZeros(log, at, end) ? undefined : at;
    at = end;
  }
  return undefined;
}

function endsInZeros(log: Buffer, at: number, end: number): boolean {
  let zerosFrom = log.length;
  while (zerosFrom > at && log[zerosFrom - 1] === 0) zerosFrom -= 1;
  return zerosFrom === at || (end === log.length && end - zerosFrom >= sectorBytes);
}
