/** The button and the battery. Chip's dialect. */
import type { BoardPins } from './boards.ts';
import { chip, noPin, type TimerId } from './hal.ts';
import { heldMs } from './limits.ts';

/** Contacts bounce for a few milliseconds; a finger is slower than this. */
const debounceMs = 25;

/** From 0 to the end of the range that Espruino sets, without the offset: 0.8057 mV a step (ESP-IDF's calibration). */
const fullScaleMv = 3300;

/**
 * Takes the button's pin back from the RTC, which has had it since it woke the chip: until then it reads 0
 * (espressif/esp-idf#245), and the interpreter never does this. Then pulls the wire up.
 */
function free(board: BoardPins): void {
  chip.poke32(board.rtcRegister, chip.peek32(board.rtcRegister) & ~(1 << board.rtcBit));
  chip.pinMode(board.button, board.inverted ? 'input_pulldown' : 'input_pullup');
}

/** Whether the button is down when the interpreter gives this for its pin. */
function isDown(board: BoardPins, seen: number | boolean): boolean {
  return !!seen === board.inverted;
}

/** True while the button is down. It pulls its pin low. */
export function isHeld(board: BoardPins): boolean {
  free(board);
  return isDown(board, chip.digitalRead(board.button));
}

/**
 * Tells of each press when it ends (`up`), or when it has lasted {@link heldMs} (`held`, and then its end is told
 * no more). A finger that woke the board counts as a press that has just begun.
 */
export function watchButton(board: BoardPins, woken: boolean, tell: (event: 'up' | 'held') => void): void {
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

  free(board);
  chip.setWatch(event => (isDown(board, event.state) ? begin() : end()), board.button, {
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

/** The battery's voltage in millivolts; 0 on a board that cannot measure it, or has nothing there. */
export function batteryMv(board: BoardPins): number {
  const share = board.battery === noPin ? 0 : chip.analogRead(board.battery);
  return share > 0 ? Math.round((share * fullScaleMv + board.batteryOffsetMv) * board.batteryRatio) : 0;
}
