/** One press of a simulated board, from the finger to the next sleep. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../config/src/setup-error.ts';
import { buildFirmware } from '../../firmware/build.ts';
import { isName } from '../../protocol/src/topics.ts';
import { Board } from '../../simulator/board/board.ts';
import type { Network } from '../../simulator/board/options.ts';
import { framePrinter } from '../terminal.ts';
import { onView, viewLine } from '../views.ts';

/**
 * Presses the button whose flash is in `boards/button`, and draws what it shows until it sleeps.
 * @returns the exit code: 1 when the last screen is an error.
 */
export async function press(button: string, boards: string): Promise<number> {
  const flash = flashOf(button, boards);
  const { code } = await buildFirmware();
  const printer = framePrinter(process.stdout);
  const board = new Board({ bundle: code, storageDir: flash, networks: knownNetworks(flash) });
  let latest = '';
  let failed = false;
  onView(board, view => {
    latest = viewLine(view);
    failed = view.kind === 'error';
  });
  board.on('frame', frame => printer.frame(`${button}  ${latest}`, frame));
  board.on('fault', fault => printer.line(`the simulated board stumbled: ${fault.message}`));
  await new Promise<void>(resolve => {
    process.once('SIGINT', resolve);
    board.once('sleep', () => {
      // By timer it only naps between two looks at the build.
      board.on('sleep', sleep => sleep.kind === 'pin' && resolve());
      board.press();
    });
    board.shelve();
  });
  board.powerOff();
  printer.line(latest);
  return failed ? 1 : 0;
}

/** The folder of that board, or one sentence that says which there are. */
function flashOf(button: string, boards: string): string {
  const flash = join(boards, button);
  if (isName(button) && existsSync(join(flash, 'device.json'))) return flash;
  const known = existsSync(boards) ? readdirSync(boards).filter(isName) : [];
  const hint = known.length > 0 ? `there is ${known.join(', ')}` : 'there is no board at all';
  throw new SetupError(`there is no button "${button}" in the folder ${boards}: ${hint}`);
}

/** The simulated air holds every network that the button knows; what device.json lacks, the firmware tells. */
function knownNetworks(flash: string): Network[] {
  try {
    const device: { wifi?: Network[] } = JSON.parse(readFileSync(join(flash, 'device.json'), 'utf8'));
    return Array.isArray(device.wifi) ? device.wifi : [];
  } catch {
    return [];
  }
}
