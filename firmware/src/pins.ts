/** The button and the battery. Chip's dialect. */
import { type BoardPins, noPin } from './boards.ts';
import { chip } from './hal.ts';

/** Contacts bounce for a few milliseconds; a finger is slower than this. */
const debounceMs = 25;

/** The ESP32's analogue range ends here with the attenuation that Espruino sets (calculated, not measured). */
const fullScaleMv = 3300;

/** True while the button is down. It pulls its pin low. */
export function isHeld(board: BoardPins): boolean {
  chip.pinMode(board.button, 'input_pullup');
  return !chip.digitalRead(board.button);
}

/** Calls back at each press while the board is awake: not for the press that woke it, which is already down. */
export function whenPressed(board: BoardPins, pressed: () => void): void {
  chip.pinMode(board.button, 'input_pullup');
  chip.setWatch(pressed, board.button, { edge: 'falling', repeat: true, debounce: debounceMs });
}

/** The battery's voltage in millivolts; 0 on a board that cannot measure it. */
export function batteryMv(board: BoardPins): number {
  return board.battery === noPin
    ? 0
    : Math.round(chip.analogRead(board.battery) * fullScaleMv * board.batteryRatio);
}
