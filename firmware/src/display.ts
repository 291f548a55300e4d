/** The button's display: the board's pins, the driver and the drawing surface tied together. Chip's dialect. */
import type { BoardPins } from './boards.ts';
import { type Chip, type ChipGraphics, noPin } from './hal.ts';
import { brightLevel } from './limits.ts';
import { draw } from './screens.ts';
import { contrast, displayOff, type Ssd1306, ssd1306 } from './ssd1306.ts';
import type { View } from './view.ts';

export interface Display {
  /** The frame in memory, as last drawn. */
  g: ChipGraphics;
  /** Draws the view and brings it to the glass before it returns. Does not throw: see {@link openDisplay}. */
  show(view: View): void;
  /** Contrast from now on, 0 to 255; at first {@link brightLevel}. Does not throw. */
  light(level: number): void;
  /** Display, its supply and its pins off, ready for deep sleep. The next `show` starts it again. */
  off(): void;
}

/** The SSD1306's fast mode (data sheet, table 13-6: a clock cycle of at least 2.5 µs). */
const busBitrate = 400000;

/** From the supply's switch to a stable voltage: a transistor and some microfarads. Drawing takes most of it. */
const supplySettleS = 0.01;

/** Ends the wait for the supply when the clock stands still. */
const maxSettleTurns = 10000;

const rows = 64;

/**
 * Makes a drawing surface; the first `show` switches the supply on, resets and starts the display.
 * A display that does not answer stops no order: the error is printed, and each later `show` starts it anew.
 */
export function openDisplay(chip: Chip, board: BoardPins): Display {
  const g = chip.Graphics.createArrayBuffer(128, rows, 1, { vertical_byte: true, msb: false });
  const hasSupply = board.vext !== noPin;
  let driver: Ssd1306 | undefined; // while it is started
  let level = brightLevel;

  function output(pin: number, level: 0 | 1): void {
    if (pin !== noPin) {
      chip.pinMode(pin, 'output');
      chip.digitalWrite(pin, level);
    }
  }

  function connect(): Ssd1306 {
    chip.I2C1.setup({ sda: board.sda, scl: board.scl, bitrate: busBitrate });
    return ssd1306(chip.I2C1, 0x3c, rows);
  }

  return {
    g,
    show(view) {
      const supplyOnAt = chip.getTime();
      if (!driver) output(board.vext, board.vextOn);
      draw(g, view);
      for (let turn = 0; hasSupply && !driver && turn < maxSettleTurns; turn++) {
        if (chip.getTime() - supplyOnAt >= supplySettleS) break;
      }
      try {
        if (!driver) {
          // Data sheet, section 8.9: low for 3 µs at least, then 3 µs; one call of the interpreter is longer.
          output(board.oledReset, 0);
          output(board.oledReset, 1);
          driver = connect();
          driver.init();
          driver.command(contrast(level));
        }
        driver.show(g.buffer);
      } catch (error) {
        driver = undefined;
        chip.print(`display: ${(error as Error).message}`);
      }
    },
    light(next) {
      if (driver && next !== level) {
        try {
          driver.command(contrast(next));
        } catch {
          // The next picture tells.
        }
      }
      level = next;
    },
    off() {
      if (hasSupply) {
        // Low wires feed nothing into a display without supply.
        output(board.vext, board.vextOn ? 0 : 1);
        output(board.sda, 0);
        output(board.scl, 0);
        output(board.oledReset, 0);
      } else {
        try {
          // It may still show the picture of an earlier waking, so it is told even when this one showed nothing.
          (driver || connect()).command(displayOff);
        } catch {
          // A broken bus: the picture stays until the next press.
        }
        // A display that keeps its supply holds the wires up itself.
        chip.pinMode(board.sda, 'input');
        chip.pinMode(board.scl, 'input');
      }
      driver = undefined;
    },
  };
}
