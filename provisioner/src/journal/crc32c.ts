/** The checksum in LevelDB's files: CRC-32C (Castagnoli; RFC 3720, appendix B.4). */

/** Castagnoli's polynomial, reflected. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc >>> 0;
});

const start = 0xffffffff;

function next(crc: number, byte: number): number {
  return (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
}

/** As LevelDB stores it: rotated and shifted, so that a log inside a log does not look right by accident. */
function masked(crc: number): number {
  const plain = (crc ^ 0xffffffff) >>> 0;
  return ((((plain >>> 15) | (plain << 17)) >>> 0) + 0xa282ead8) >>> 0;
}

/** The masked checksum of some bytes. */
export function maskedCrc32c(bytes: Uint8Array): number {
  let crc = start;
  for (const byte of bytes) crc = next(crc, byte);
  return masked(crc);
}

/** True when the first so many bytes, for any number of at least one, have this masked checksum. */
export function fitsAnyLength(bytes: Uint8Array, sum: number): boolean {
  let crc = start;
  for (const byte of bytes) {
    crc = next(crc, byte);
    if (masked(crc) === sum) return true;
  }
  return false;
}
