/** One press without a keyboard. */
import type { View } from '../../firmware/src/view.ts';
import type { FramePrinter } from '../terminal.ts';
import { onView, viewLine } from '../views.ts';
import type { World } from './world.ts';

/** The longest build we wait for, in seconds of the simulated platform's own time, and what the rest may take. */
const buildLimitS = 1800;
const restLimitS = 50;
/** A picture reaches the glass within this after its view is printed, in milliseconds. */
const paintMs = 100;

/**
 * Presses the button, draws each frame, and prints as the last line `ready <cluster> <address> <seconds>`, the
 * seconds from the press to the address on the display.
 * @returns the exit code: 0 when there is an address, else 1.
 */
export async function pressOnce(world: World, button: string, printer: FramePrinter): Promise<number> {
  const board = world.board(button);
  let latest = '';
  board.on('frame', frame => printer.frame(`${button}  ${latest}`, frame));
  board.on('fault', fault => printer.line(`the simulated board stumbled: ${fault.message}`));
  const startedAt = performance.now();
  const last = await new Promise<View | undefined>(resolve => {
    setTimeout(resolve, 1000 * (restLimitS + buildLimitS / world.speed), undefined).unref();
    onView(board, view => {
      latest = viewLine(view);
      if (view.kind === 'ready' || view.kind === 'error') resolve(view);
    });
    board.shelve();
    board.press();
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  await new Promise(resolve => setTimeout(resolve, paintMs));
  board.removeAllListeners('frame');
  board.powerOff();
  if (last?.kind === 'ready') {
    printer.line(`ready ${last.cluster} ${last.address} ${seconds}`);
    return 0;
  }
  printer.line(last === undefined ? `no address after ${seconds} s` : `failed ${viewLine(last)}`);
  return 1;
}
