/** Finds damage in a LevelDB table. Source of the format: LevelDB's doc/table_format.md. */
import { maskedCrc32c } from './crc32c.ts';

/** Handles of the meta index and the index, padding, magic number. */
const footerBytes = 48;
const magic = 0xdb4775248b80fb57n;
/** Behind each block: how it is packed (1), its checksum (4). */
const trailerBytes = 5;
const unpacked = 0;
/** Behind the entries of a block: where some of them begin (4 each), and how many those are (4). */
const restartBytes = 4;

interface Handle {
  offset: number;
  bytes: number;
}

/**
 * Where a damaged block begins. A table without its end was never finished, so nothing refers to it; if something
 * does, LevelDB says so. Of tables packed with Snappy (version 1) only the index is looked at: the records in them
 * carry checksums of their own once they were written anew.
 */
export function tableDamage(table: Buffer): number | undefined {
  const footerAt = table.length - footerBytes;
  if (footerAt < 0 || table.readBigUInt64LE(table.length - 8) !== magic) return undefined;
  try {
    const footer = new Reader(table.subarray(footerAt));
    const metaIndex = footer.handle();
    const index = footer.handle();
    for (const handle of [metaIndex, index]) if (!isWhole(table, handle)) return handle.offset;
    if (table[index.offset + index.bytes] !== unpacked) return undefined;
    const blocks = handlesIn(table.subarray(index.offset, index.offset + index.bytes));
    return blocks.find(handle => !isWhole(table, handle))?.offset;
  } catch {
    return footerAt;
  }
}

function isWhole(table: Buffer, { offset, bytes }: Handle): boolean {
  const end = offset + bytes + 1;
  if (end + trailerBytes - 1 > table.length) return false;
  return table.readUInt32LE(end) === maskedCrc32c(table.subarray(offset, end));
}

/** What the entries of an index point to. */
function handlesIn(index: Buffer): Handle[] {
  const restarts = index.readUInt32LE(index.length - restartBytes);
  const entries = new Reader(index.subarray(0, index.length - restartBytes * (restarts + 1)));
  const handles: Handle[] = [];
  // Ends: every entry is at least three bytes.
  while (!entries.done) {
    entries.varint();
    const keyBytes = entries.varint();
    const valueBytes = entries.varint();
    entries.skip(keyBytes);
    handles.push(new Reader(entries.skip(valueBytes)).handle());
  }
  return handles;
}

/** Reads one thing after another. Throws at the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  skip(bytes: number): Buffer {
    const from = this.#at;
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw new RangeError('behind the end');
    return this.#bytes.subarray(from, this.#at);
  }

  /** Seven bits a byte, the lowest first. No file is longer than 2^49, so seven bytes are enough. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < 7; i++) {
      const byte = this.skip(1)[0] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new RangeError('no number');
  }

  handle(): Handle {
    return { offset: this.varint(), bytes: this.varint() };
  }
}
