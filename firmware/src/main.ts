/**
 * The button's program, from its top: the interpreter runs this file after every reset, and every waking from
 * deep sleep is one. Chip's dialect.
 */
import { runButton } from './button.ts';
import { firstBoard, readDevice } from './device.ts';
import { type Display, openDisplay } from './display.ts';
import { explain } from './explain.ts';
import { chip, type TimerId, wokenByPin, wokenByTimer } from './hal.ts';
import { awakeLimitMs, showErrorMs, stuckButtonSleepMs } from './limits.ts';
import { isHeld, watchButton } from './pins.ts';

const startedAt = chip.getTime();
let board = firstBoard();
let display: Display | undefined;
let deadline: TimerId | undefined;

/**
 * Nobody gets in: every boot of the interpreter would end in an open access point, with a console on port 23 that has
 * no password. In the program's first run both are switched off before they are there.
 */
function shutConsoles(): void {
  chip.require('Wifi').stopAP();
  try {
    chip.require('TelnetServer').setOptions({ mode: 'off' });
  } catch {
    // An interpreter that was built without it has no such console.
  }
}

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
  shutConsoles();
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
  const byButton = cause === wokenByPin;
  const byTimer = cause === wokenByTimer;
  const held = byTimer && isHeld(board);
  handle({ on: 'wake', cause: byButton ? 'button' : held ? 'held' : byTimer ? 'timer' : 'power' });
  watchButton(board, held || byButton, on => {
    restartDeadline();
    handle({ on });
  });
}

main();
