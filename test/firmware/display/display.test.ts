import { describe, expect, test } from 'vitest';
import type { BoardPins } from '../../../firmware/src/boards.ts';
import { openDisplay } from '../../../firmware/src/display.ts';
import type { Chip } from '../../../firmware/src/hal.ts';
import { noPin } from '../../../firmware/src/hal.ts';
import type { View } from '../../../firmware/src/view.ts';
import { Ssd1306 } from '../../../simulator/board/ssd1306.ts';
import { newGraphics, toFrame } from './fixtures/surface.ts';

const vext = 21;
const reset = 16;
const board: BoardPins = {
  name: 'test',
  button: 0,
  inverted: true,
  rtcRegister: 0,
  rtcBit: 0,
  sda: 4,
  scl: 15,
  oledReset: reset,
  vext,
  vextOn: 0,
  battery: noPin,
  batteryRatio: 1,
  batteryOffsetMv: 0,
};
const plain: BoardPins = { ...board, oledReset: noPin, vext: noPin };
const view: View = { kind: 'idle', button: 'cloud-01', detail: '' };

/** A chip with a display wired to it; all that happens is written down. */
function newChip(wiring: BoardPins) {
  const log: string[] = [];
  const printed: string[] = [];
  const glass = new Ssd1306({
    width: 128,
    height: 64,
    seed: 3,
    unknown: expect.unreachable,
  });
  const bus = { isBroken: false, bytes: 0 };
  let clockMs = 0;
  glass.setPower(wiring.vext === noPin);
  const chip = {
    Graphics: newGraphics(),
    getTime() {
      clockMs += 0.1;
      return clockMs / 1000;
    },
    print: (text: string) => printed.push(text),
    pinMode: (pin: number, mode: string) => log.push(`${pin} ${mode}`),
    digitalWrite(pin: number, level: 0 | 1) {
      log.push(`${pin}=${level}`);
      if (pin === vext) glass.setPower(level === 0);
      if (pin === reset) glass.setReset(level === 0);
    },
    I2C1: {
      setup: (options: object) => log.push(`setup ${JSON.stringify(options)}`),
      writeTo(address: number, bytes: Uint8Array) {
        if (log.at(-1) !== 'i2c') log.push('i2c');
        bus.bytes += bytes.length;
        if (bus.isBroken || address !== 0x3c || !glass.write(Uint8Array.from(bytes))) {
          throw new Error("slave doesn't ACK the transfer");
        }
      },
    },
  };
  const expectShown = (buffer: ArrayBuffer) => {
    expect(glass.frame().on).toBe(true);
    expect(Buffer.compare(glass.frame().pixels, toFrame(buffer).pixels)).toBe(0);
  };
  return { chip: chip as unknown as Chip, log, printed, glass, bus, expectShown, now: () => clockMs };
}

describe('openDisplay', () => {
  test('switches the supply on, waits, resets, and paints the first frame before it returns', () => {
    const { chip, log, now, expectShown } = newChip(board);
    const display = openDisplay(chip, board);
    display.show(view);
    expectShown(display.g.buffer);
    expect(now()).toBeGreaterThanOrEqual(10);
    expect(log.filter(entry => !entry.endsWith('output'))).toEqual([
      '21=0',
      '16=0',
      '16=1',
      'setup {"sda":4,"scl":15,"bitrate":400000}',
      'i2c',
    ]);
  });

  test('waits for the supply a limited time, even if the clock stands still', () => {
    const { chip, expectShown } = newChip(board);
    chip.getTime = () => 5;
    const display = openDisplay(chip, board);
    display.show(view);
    expectShown(display.g.buffer);
  });

  test('touches neither supply nor reset where a board has none', () => {
    const { chip, log, expectShown } = newChip(plain);
    const display = openDisplay(chip, plain);
    display.show(view);
    expectShown(display.g.buffer);
    expect(log[0]).toMatch(/^setup/);
  });

  test('sends only what changed from the second frame on', () => {
    const { chip, bus } = newChip(board);
    const display = openDisplay(chip, board);
    display.show(view);
    const first = bus.bytes;
    display.show(view);
    expect(bus.bytes).toBe(first);
    display.show({ kind: 'idle', button: 'cloud-02', detail: '' });
    expect(bus.bytes).toBeLessThan(first + 20);
  });

  test('tells an error of the bus without throwing, and starts the display anew at the next frame', () => {
    const { chip, bus, printed, glass, expectShown } = newChip(board);
    const display = openDisplay(chip, board);
    display.show(view);
    bus.isBroken = true;
    display.show({ kind: 'idle', button: 'cloud-02', detail: '' });
    expect(printed).toEqual(["display: slave doesn't ACK the transfer"]);
    bus.isBroken = false;
    glass.setPower(false); // the loose wire was the supply's
    glass.setPower(true);
    display.show({ kind: 'idle', button: 'cloud-02', detail: '' });
    expect(printed).toHaveLength(1);
    expectShown(display.g.buffer);
  });

  test('light: the contrast of now, and of a display that is started later; a broken bus is no error', () => {
    const { chip, glass, bus } = newChip(board);
    const display = openDisplay(chip, board);
    display.light(64);
    display.show(view);
    expect(glass.registers.contrast).toBe(64);
    display.light(207);
    expect(glass.registers.contrast).toBe(207);
    const { bytes } = bus;
    display.light(207);
    expect(bus.bytes).toBe(bytes);
    display.off();
    display.show(view);
    expect(glass.registers.contrast).toBe(207);
    bus.isBroken = true;
    expect(() => display.light(64)).not.toThrow();
  });

  test('off: panel dark, supply off, all wires low; and the next show starts it again', () => {
    const { chip, log, glass, expectShown } = newChip(board);
    const display = openDisplay(chip, board);
    display.show(view);
    log.length = 0;
    display.off();
    expect(glass.registers).toMatchObject({ on: false, chargePump: false });
    expect(log.filter(entry => entry.includes('='))).toEqual(['21=1', '4=0', '15=0', '16=0']);
    display.show(view);
    expectShown(display.g.buffer);
  });

  test('off where the supply stays: panel dark and the bus released', () => {
    const { chip, log, glass } = newChip(plain);
    const display = openDisplay(chip, plain);
    display.show(view);
    display.off();
    expect(glass.registers).toMatchObject({ on: false, chargePump: false });
    expect(log.slice(-2)).toEqual(['4 input', '15 input']);
  });

  test('off before any frame, and with a broken bus, does not throw', () => {
    const { chip, bus } = newChip(board);
    const display = openDisplay(chip, board);
    display.off();
    display.show(view);
    bus.isBroken = true;
    expect(() => display.off()).not.toThrow();
  });
});
