/**
 * The number of the last write, in a file of its own beside LevelDB's. When LevelDB comes back with an older journal
 * that fits together (a log, a table or the end of a manifest is gone), this tells. Not synced: it is written behind
 * the write that it counts, so after a power cut it may be older than the journal but is never newer.
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../../config/src/setup-error.ts';
import { decodeValue, encodeValue } from './codec.ts';

export const markName = 'LAST-WRITE';
/** Always as long, so that it is overwritten in place and needs no room on a full disk. */
const digits = 16;

/**
 * What the folder's mark says; undefined when there is none.
 * @throws Error in a few words when it is damaged.
 */
export function readMark(folder: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, markName), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  // Made by a process that died before it wrote.
  if (text === '') return undefined;
  return Number(decodeValue(markName, text).value);
}

export class Mark {
  readonly #file: number;

  /** Makes the file when there is none. @throws what Node throws when it cannot be opened. */
  constructor(folder: string, writes: number) {
    this.#file = openOrMake(join(folder, markName));
    // Synced once, so that a power cut does not leave a file of zeros.
    this.write(writes, fsyncSync);
  }

  /** Never throws: one that could not be written is older than it might be, and finds a little less. */
  write(writes: number, sync: (file: number) => void = () => {}): void {
    try {
      const { text } = encodeValue(markName, JSON.stringify(String(writes).padStart(digits, '0')));
      writeSync(this.#file, text, 0);
      sync(this.#file);
    } catch {
      // As above.
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Not truncated: a crash between that and the write would leave it empty. */
function openOrMake(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return openSync(path, 'wx+', 0o600);
  }
}
