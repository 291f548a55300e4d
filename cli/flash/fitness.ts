/** Whether an interpreter can run the firmware: one sentence when it cannot. */
import { SetupError } from '../../config/src/setup-error.ts';
import type { ChipReport } from './chip-report.ts';

/** The release that the firmware is written for and tested on: February 2026. */
const oldest = { major: 2, minor: 29 };

/**
 * The most variables that the firmware was seen to have at a time: five networks of the longest names and keys, and the longest
 * messages, on a 32-bit build of the interpreter in the chip's own format (test/firmware/interpreter/memory.long.test.ts).
 */
export const maxVariables = 1900;

/** What has to be free: the peak and a fifth, for what no test has seen. */
export const neededVariables = Math.ceil((maxVariables * 6) / 5);

/** Names, sizes and alignment of a file in Storage (bytes, generous). */
const fileOverhead = 256;

const neededModules = ['Storage', 'crypto', 'net'];

/** The boards of Espruino that this program was made for; its Linux build is there to try things out. */
const knownBoards = /^(ESP32|LINUX)/;

const advice = 'docs/hardware.md says how to put one on the chip';

/** Looked at before anything on the chip is changed. */
export function checkInterpreter({ version, board, modules }: ChipReport): void {
  if (isOlder(version)) {
    throw new SetupError(`this interpreter is Espruino ${version}, and 2v29 or newer is needed: ${advice}`);
  }
  if (!knownBoards.test(board)) throw new SetupError(`this is Espruino for ${board}, not for the ESP32`);
  const missing = neededModules.filter(name => !modules.split(',').includes(name));
  if (missing.length > 0)
    throw new SetupError(`this interpreter was built without ${missing.join(', ')}: ${advice}`);
}

/**
 * Looked at with Bluetooth off, which gives up some 1,800 variables more.
 * @param bytes what is to be written, in so many files.
 */
export function checkRoom({ memory, room }: ChipReport, bytes: number, files: number): void {
  const free = memory.total - memory.usage;
  if (free < neededVariables) {
    throw new SetupError(
      `not enough memory: ${free} variables are free and ${neededVariables} needed. This interpreter was built with too few, or something else of yours is in its Storage and runs at its start: ${advice}`,
    );
  }
  // What is there under the same names becomes free only afterwards.
  const needed = bytes + files * fileOverhead;
  if (room < needed) {
    throw new SetupError(
      `not enough room in the chip's Storage: ${room} bytes are free and ${needed} needed. On its console, require("Storage").eraseAll() empties it; the press number comes back from the lab`,
    );
  }
}

function isOlder(version: string): boolean {
  const [, major, minor] = /^(\d+)v(\d+)/.exec(version) ?? [];
  if (major === undefined) return true;
  return Number(major) < oldest.major || (Number(major) === oldest.major && Number(minor) < oldest.minor);
}
