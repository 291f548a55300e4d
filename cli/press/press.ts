/** `dashbutton press`: finds the board's flash and presses. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../config/src/setup-error.ts';
import { buildFirmware } from '../../firmware/build.ts';
import { boards } from '../../firmware/src/boards.ts';
import { isName } from '../../protocol/src/topics.ts';
import { Board } from '../../simulator/board/board.ts';
import type { BoardOptions, Network } from '../../simulator/board/options.ts';
import { wiringOf } from '../../simulator/board/wiring.ts';
import { pressOnce } from '../press-once.ts';
import { framePrinter } from '../terminal.ts';

/**
 * Presses the button whose flash is in `boards/button`, and draws what it shows until there is an address or an
 * error, or somebody presses Ctrl-C.
 * @returns the exit code: 0 when there is an address, else 1.
 */
export async function press(button: string, boards: string): Promise<number> {
  const flash = flashOf(button, boards);
  const { code } = await buildFirmware();
  const board = new Board({ bundle: code, storageDir: flash, ...surroundings(flash) });
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  return pressOnce(board, button, framePrinter(process.stdout), stop.signal);
}

/** The folder of that board, or one sentence that says which there are. */
function flashOf(button: string, boards: string): string {
  const flash = join(boards, button);
  if (isName(button) && existsSync(join(flash, 'device.json'))) return flash;
  const known = existsSync(boards) ? readdirSync(boards).filter(isName) : [];
  const hint = known.length > 0 ? `there is ${known.join(', ')}` : 'there is no board at all';
  throw new SetupError(`there is no button "${button}" in the folder ${boards}: ${hint}`);
}

/**
 * The wires are those of the board that device.json names, and the simulated air holds every network that it knows; what
 * is wrong with it, the firmware tells.
 */
function surroundings(flash: string): Pick<BoardOptions, 'networks' | 'pins' | 'batteryDivider' | 'display'> {
  try {
    const device: { wifi?: Network[]; board: string } = JSON.parse(
      readFileSync(join(flash, 'device.json'), 'utf8'),
    );
    return { networks: Array.isArray(device.wifi) ? device.wifi : [], ...wiringOf(device.board) };
  } catch {
    // The board that the firmware takes when it cannot know better.
    return { networks: [], ...wiringOf(boards[0]?.name ?? '') };
  }
}
