/** Whether an interpreter can run the firmware: one sentence when it cannot. */
import { SetupError } from '../../config/src/setup-error.ts';
import type { ChipReport } from './chip-report.ts';

/** The release that the firmware is written for and tested on: February 2026. */
const oldest = { major: 2, minor: 29 };

/** The firmware's budget: its peak on the real interpreter stays below (variables). */
const neededVariables = 2000;

/** Names, sizes and alignment of a file in Storage (bytes, generous). */
const fileOverhead = 256;

const neededModules = ['Storage', 'crypto', 'net'];

/** The boards of Espruino that this program was made for; its Linux build is there to try things out. */
const knownBoards = /^(ESP32|LINUX)/;

/** @param bytes what is to be written. */
export function checkFitness(chip: ChipReport, bytes: number): void {
  const { version, board, memory } = chip;
  const advice = 'docs/hardware.md says how to put one on the chip';
  if (isOlder(version)) {
    throw new SetupError(`this interpreter is Espruino ${version}, and 2v29 or newer is needed: ${advice}`);
  }
  if (!knownBoards.test(board)) throw new SetupError(`this is Espruino for ${board}, not for the ESP32`);
  const missing = neededModules.filter(name => !chip.modules.split(',').includes(name));
  if (missing.length > 0)
    throw new SetupError(`this interpreter was built without ${missing.join(', ')}: ${advice}`);
  const free = memory.total - memory.usage;
  if (free < neededVariables) {
    throw new SetupError(
      `not enough memory: ${free} variables are free and ${neededVariables} needed. On the chip's console, ESP32.enableBLE(false) gives up Bluetooth for more (it erases the saved program and restarts)`,
    );
  }
  // What is there under the same names becomes free only afterwards.
  const needed = bytes + 2 * fileOverhead;
  if (chip.room < needed) {
    throw new SetupError(
      `not enough room in the chip's Storage: ${chip.room} bytes are free and ${needed} needed. On its console, require("Storage").eraseAll() empties it; the press number comes back from the lab`,
    );
  }
}

function isOlder(version: string): boolean {
  const [, major, minor] = /^(\d+)v(\d+)/.exec(version) ?? [];
  if (major === undefined) return true;
  return Number(major) < oldest.major || (Number(major) === oldest.major && Number(minor) < oldest.minor);
}
