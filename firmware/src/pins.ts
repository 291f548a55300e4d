/** The button and the battery. Chip's dialect. */
import { type BoardPins, noPin } from './boards.ts';
import { chip, type TimerId } from './hal.ts';
import { heldMs } from './limits.ts';

/** Contacts bounce for a few milliseconds; a finger is slower than this. */
const debounceMs = 25;

/** The ESP32's analogue range ends here with the attenuation that Espruino sets (calculated, not measured). */
const fullScaleMv = 3300;

/** True while the button is down. It pulls its pin low. */
export function isHeld(board: BoardPins): boolean {
  chip.pinMode(board.button, 'input_pullup');
  return !chip.digitalRead(board.button);
}

/**
 * Tells of each press when it ends (`up`), or when it has lasted {@link heldMs} (`held`, and then its end is told
 * no more). A finger that woke the board counts as a press that has just begun.
 */
export function watchFinger(board: BoardPins, woken: boolean, tell: (event: 'up' | 'held') => void): void {
  let down: TimerId | undefined;

  function begin(): void {
    down = chip.setTimeout(() => {
      down = undefined;
      tell('held');
    }, heldMs);
  }

  function end(): void {
    if (down !== undefined) {
      chip.clearTimeout(down);
      down = undefined;
      tell('up');
    }
  }

  chip.pinMode(board.button, 'input_pullup');
  chip.setWatch(event => (event.state ? end() : begin()), board.button, {
    edge: 'both',
    repeat: true,
    debounce: debounceMs,
  });
  if (woken) {
    begin();
    if (!isHeld(board)) {
      end();
    }
  }
}

/** The battery's voltage in millivolts; 0 on a board that cannot measure it. */
export function batteryMv(board: BoardPins): number {
  return board.battery === noPin
    ? 0
    : Math.round(chip.analogRead(board.battery) * fullScaleMv * board.batteryRatio);
}
