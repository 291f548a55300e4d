/** The button's display: the board's pins, the driver and the drawing surface tied together. Chip's dialect. */
import { type BoardPins, noPin } from './boards.ts';
import type { Chip, ChipGraphics } from './hal.ts';
import { draw } from './screens.ts';
import { type Ssd1306, ssd1306 } from './ssd1306.ts';
import type { View } from './view.ts';

export interface Display {
  /** The frame in memory, as last drawn. */
  g: ChipGraphics;
  /** What the bus last complained about; empty when all is well. */
  error: string;
  /** Draws the view and brings it to the glass before it returns. Does not throw: see {@link openDisplay}. */
  show(view: View): void;
  /** Display, its supply and its pins off, ready for deep sleep. The next `show` starts it again. */
  off(): void;
}

/** The SSD1306's fast mode (data sheet, table 13-6: a clock cycle of at least 2.5 µs). */
const busBitrate = 400000;

/** From the supply's switch to a stable voltage: a transistor and some microfarads. Drawing takes most of it. */
const supplySettleMs = 10;

/** Ends the wait for the supply when the clock stands still. */
const maxSettleTurns = 10000;

/**
 * Switches the display's supply on and makes a drawing surface; the first `show` resets and starts the display.
 * A display that does not answer stops no order: the error is printed and kept in `error`, and each later
 * `show` starts it anew.
 */
export function openDisplay(chip: Chip, board: BoardPins): Display {
  const g = chip.Graphics.createArrayBuffer(128, board.displayHeight, 1, { vertical_byte: true, msb: false });
  const hasSupply = board.vext !== noPin;
  let driver: Ssd1306 | undefined; // while it is started
  let supplyOnAt = -1;

  function output(pin: number, level: 0 | 1): void {
    chip.pinMode(pin, 'output');
    chip.digitalWrite(pin, level);
  }

  function supplyOn(): void {
    if (hasSupply) output(board.vext, board.vextOn);
    supplyOnAt = chip.getTime();
  }

  function start(): void {
    if (supplyOnAt < 0) supplyOn();
    for (let turn = 0; turn < maxSettleTurns; turn++) {
      if (!hasSupply || (chip.getTime() - supplyOnAt) * 1000 >= supplySettleMs) break;
    }
    if (board.oledReset !== noPin) {
      // Data sheet, section 8.9: low for 3 µs at least, then 3 µs; one call of the interpreter is longer.
      output(board.oledReset, 1);
      chip.digitalWrite(board.oledReset, 0);
      chip.digitalWrite(board.oledReset, 1);
    }
    chip.I2C1.setup({ sda: board.sda, scl: board.scl, bitrate: busBitrate });
    const started = ssd1306(chip.I2C1, { width: 128, height: board.displayHeight });
    started.init();
    driver = started;
  }

  /** Runs one step with the bus; an error of it is told, and the display is started anew next time. */
  function attempt(step: () => void): void {
    try {
      step();
      display.error = '';
    } catch (error) {
      driver = undefined;
      display.error = `display: ${(error as Error).message}`;
      chip.print(display.error);
    }
  }

  const display: Display = {
    g,
    error: '',
    show(view) {
      draw(g, view);
      attempt(() => {
        if (driver === undefined) start();
        (driver as Ssd1306).show(g.buffer);
      });
    },
    off() {
      attempt(() => {
        if (driver !== undefined) driver.off();
      });
      driver = undefined;
      supplyOnAt = -1;
      if (hasSupply) {
        // Low wires feed nothing into a display without supply. A display that keeps it holds them up itself.
        output(board.vext, board.vextOn ? 0 : 1);
        output(board.sda, 0);
        output(board.scl, 0);
        if (board.oledReset !== noPin) chip.digitalWrite(board.oledReset, 0);
      } else {
        chip.pinMode(board.sda, 'input');
        chip.pinMode(board.scl, 'input');
      }
    },
  };
  supplyOn();
  return display;
}
