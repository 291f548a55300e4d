/** The demo with a keyboard: a key is a finger on a button. */
import { on, once } from 'node:events';
import { emitKeypressEvents, type Key } from 'node:readline';
import { SetupError } from '../../config/src/setup-error.ts';
import type { Board } from '../../simulator/board/board.ts';
import type { FramePrinter } from '../terminal.ts';
import { onView, viewLine } from '../views.ts';
import type { World } from './world.ts';

const help = 'keys:  1 presses house-01 (on-premises)   2 presses cloud-01 (public cloud)   q ends';

/** What works on a running demo, to be copied. @param file the provisioner's settings. Pure. */
export function commands(file: string): string[] {
  // Most paths are fine as they are.
  const config = `--config ${/^[\w./~+@:-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`}`;
  return [
    `dashbutton presses ${config}`,
    `dashbutton clusters ${config}`,
    `dashbutton kubeconfig house-01-1 ${config}`,
    `dashbutton release house-01-1 ${config}`,
    `dashbutton doctor ${config}`,
  ];
}

/**
 * Runs until q, Ctrl-C or SIGTERM. Without a keyboard the page at `url` is all there is, until SIGINT or SIGTERM.
 * @throws SetupError when there is neither.
 */
export async function playWithKeys(world: World, printer: FramePrinter, url?: string): Promise<void> {
  if (!process.stdin.isTTY) {
    if (url === undefined) {
      throw new SetupError('there is no keyboard here: use "demo --once", or run the demo in a terminal');
    }
    printer.line('There is no keyboard here: Ctrl-C or SIGTERM ends it.');
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    return;
  }
  printer.line(
    'A relay, a provisioner, a simulated container platform and two simulated buttons are running.',
  );
  printer.line(`Their files and logs are in ${world.site.dir}\nIn another terminal:`);
  for (const line of commands(world.provisionerFile)) printer.line(`  ${line}`);
  printer.line(`${help}\n`);
  const boards = world.site.buttons.map(({ name }) => watch(world.board(name), name, printer));
  emitKeypressEvents(process.stdin);
  process.stdin.setRawMode(true);
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  try {
    for await (const [, key] of on(process.stdin, 'keypress', stop) as AsyncIterable<[string, Key]>) {
      if (key.name === 'q' || (key.ctrl && key.name === 'c')) break;
      boards[Number(key.name) - 1]?.press();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  process.stdin.setRawMode(false);
  process.stdin.pause();
  for (const board of boards) board.powerOff();
}

function watch(board: Board, name: string, printer: FramePrinter): Board {
  let latest = '';
  onView(board, view => {
    latest = viewLine(view);
  });
  board.on('frame', frame => printer.frame(`${name}  ${latest}`, frame, help));
  board.on('fault', fault => printer.line(`${name}: the simulated board stumbled: ${fault.message}`));
  board.shelve();
  return board;
}
