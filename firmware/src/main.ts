/**
 * The button's program, from its top: the interpreter runs this file after every reset, and every waking from
 * deep sleep is one. Chip's dialect.
 */
import { type BoardPins, boards } from './boards.ts';
import { runButton } from './button.ts';
import { readDevice } from './device.ts';
import { type Display, openDisplay } from './display.ts';
import { explain } from './explain.ts';
import { chip, type TimerId } from './hal.ts';
import { awakeLimitMs, showErrorMs, stuckButtonSleepMs } from './limits.ts';
import { isHeld, watchFinger } from './pins.ts';

const startedAt = chip.getTime();
let board = boards[0] as BoardPins;
let display: Display | undefined;
let deadline: TimerId | undefined;

/** Radio off, display off, then until the next press. Never returns. */
function sleep(): void {
  try {
    chip.require('Wifi').disconnect();
    display?.off();
  } catch {
    // Sleeping matters more than sleeping tidily.
  }
  if (isHeld(board)) {
    // The pin would wake the chip again at once, for as long as something lies on the button.
    chip.ESP32.deepSleep(stuckButtonSleepMs * 1000);
  } else {
    chip.ESP32.deepSleepExt0(board.button, 0);
  }
}

/** The end of every path. A finger on the button starts it anew, and a sleep; nothing else does. */
function restartDeadline(): void {
  if (deadline !== undefined) {
    chip.clearTimeout(deadline);
  }
  deadline = chip.setTimeout(sleep, awakeLimitMs);
}

function main(): void {
  restartDeadline();
  const cause = chip.ESP32.getWakeupCause();
  const device = readDevice();
  if (typeof device === 'string') {
    display = openDisplay(chip, board);
    display.show(explain('DEVICE', device));
    chip.setTimeout(sleep, showErrorMs);
    return;
  }
  board = device.board;
  display = openDisplay(chip, board);
  const handle = runButton(device, display, startedAt, sleep, restartDeadline);
  const held = cause === 4 && isHeld(board);
  handle({ on: 'wake', cause: cause === 2 ? 'button' : held ? 'held' : cause === 4 ? 'timer' : 'power' });
  watchFinger(board, held || cause === 2, on => {
    restartDeadline();
    handle({ on });
  });
}

main();
