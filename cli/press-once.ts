/** One press of a simulated board, from the finger to the last screen. */
import type { View } from '../firmware/src/view.ts';
import type { Board } from '../simulator/board/board.ts';
import type { FramePrinter } from './terminal.ts';
import { onView, viewLine } from './views.ts';

/** A picture reaches the glass within this after its view is printed, in milliseconds. */
const paintMs = 100;

/**
 * Presses a board that has no power yet, draws each frame, and prints as the last line
 * `ready <cluster> <address> <seconds>` (the seconds from the press to the address on the display) or `failed …`.
 * @param stop ends the waiting early.
 * @returns the exit code: 0 when there is an address, else 1.
 */
export async function pressOnce(
  board: Board,
  button: string,
  printer: FramePrinter,
  stop: AbortSignal,
): Promise<number> {
  let latest = '';
  board.on('frame', frame => printer.frame(`${button}  ${latest}`, frame));
  board.on('fault', fault => printer.line(`the simulated board stumbled: ${fault.message}`));
  const startedAt = performance.now();
  const last = await new Promise<View | undefined>(resolve => {
    stop.addEventListener('abort', () => resolve(undefined), { once: true });
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
