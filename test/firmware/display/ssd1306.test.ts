import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draw } from '../../../firmware/src/screens.ts';
import {
  contrast,
  type Ssd1306 as Driver,
  displayOff,
  displayOn,
  ssd1306,
} from '../../../firmware/src/ssd1306.ts';
import { Ssd1306 } from '../../../simulator/board/ssd1306.ts';
import { type Height, newSurface, toFrame } from './fixtures/surface.ts';
import { views } from './fixtures/views.ts';

const heights: Height[] = [64, 32];

class Rig {
  readonly glass: Ssd1306;
  readonly driver: Driver;
  /** Every transaction since the last {@link sentBy}. */
  sent: Uint8Array[] = [];
  /** Whether the panel was lit after each of them. */
  lit: boolean[] = [];
  /** Transactions that still get through. */
  acknowledged = Number.POSITIVE_INFINITY;

  constructor(height: Height, at = 0x3c) {
    const unknown = (message: string) => {
      throw new Error(message);
    };
    this.glass = new Ssd1306({ width: 128, height, seed: 7, unknown });
    this.glass.setPower(true);
    const writeTo = (address: number, bytes: Uint8Array | number[]) => {
      if (address !== at || this.acknowledged-- <= 0) {
        throw new Error('nobody acknowledges');
      }
      this.sent.push(Uint8Array.from(bytes));
      this.glass.write(Uint8Array.from(bytes));
      this.lit.push(this.glass.frame().on);
    };
    this.driver = ssd1306({ writeTo }, at, height);
  }

  /** The transactions of one step. */
  sentBy(step: () => void): Uint8Array[] {
    this.sent = [];
    this.lit = [];
    step();
    return this.sent;
  }

  expectShown(buffer: ArrayBuffer): void {
    const frame = this.glass.frame();
    expect(frame.on).toBe(true);
    expect(Buffer.compare(frame.pixels, toFrame(buffer).pixels)).toBe(0);
  }
}

/** A rig that shows a dark picture, and that picture. */
function shownDark(height: Height) {
  const rig = new Rig(height);
  const bytes = new Uint8Array(height * 16);
  rig.driver.init();
  rig.driver.show(bytes.buffer);
  return { rig, bytes, show: () => rig.driver.show(bytes.buffer) };
}

const count = (transactions: Uint8Array[]) => transactions.reduce((sum, bytes) => sum + bytes.length, 0);

describe.each(heights)('the driver on 128×%i', height => {
  const pages = height / 8;

  test('replaces the noise in the memory before it lights the panel', () => {
    const rig = new Rig(height);
    rig.driver.init();
    const bytes = new Uint8Array(height * 16).fill(0x55);
    const sent = rig.sentBy(() => rig.driver.show(bytes.buffer));
    // Per page three commands and their control byte, 128 columns and theirs; then pump and display on.
    expect(count(sent)).toBe(pages * (4 + 129) + 4);
    expect(rig.lit).toEqual([...Array(pages * 2).fill(false), true]);
    rig.expectShown(bytes.buffer);
  });

  test('sends nothing for the same picture, and the columns from the first to the last change for another', () => {
    const { rig, bytes, show } = shownDark(height);
    expect(rig.sentBy(show)).toEqual([]);
    bytes[128 + 17] = 1;
    expect(rig.sentBy(show).map(sent => [...sent])).toEqual([
      [0x00, 0xb1, 0x01, 0x11],
      [0x40, 1],
    ]);
    bytes[128 + 17] = 0;
    bytes[128 + 20] = 9;
    bytes[127] = 2;
    expect(rig.sentBy(show).map(sent => [...sent])).toEqual([
      [0x00, 0xb0, 0x0f, 0x17],
      [0x40, 2],
      [0x00, 0xb1, 0x01, 0x11],
      [0x40, 0, 0, 0, 9],
    ]);
    rig.expectShown(bytes.buffer);
  });

  test('shows exactly the buffer after any sequence of pictures', () => {
    const change = fc.tuple(fc.nat(height * 16 - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 12 }), { maxLength: 12 }), frames => {
        const { rig, bytes, show } = shownDark(height);
        for (const changes of frames) {
          for (const [at, value] of changes) bytes[at] = value;
          show();
          rig.expectShown(bytes.buffer);
        }
      }),
    );
  });

  test('shows every screen after every other, in transactions of at most 129 bytes', () => {
    const { rig } = shownDark(height);
    const g = newSurface(height);
    for (const view of Object.values(views)) {
      draw(g, view);
      const sent = rig.sentBy(() => rig.driver.show(g.buffer));
      expect(Math.max(0, ...sent.map(bytes => bytes.length))).toBeLessThanOrEqual(129);
      rig.expectShown(g.buffer);
    }
  });

  test('a tick of the bar crosses the bus in less than 100 bytes', () => {
    const { rig } = shownDark(height);
    const g = newSurface(height);
    const show = (percent: number) => {
      draw(g, { kind: 'building', cluster: 'c', phase: 'creating nodes', percent, leftS: 60 });
      return rig.sentBy(() => rig.driver.show(g.buffer));
    };
    show(50);
    expect(count(show(51))).toBeLessThan(100);
  });

  test('throws what the bus throws, at whichever transaction, and shows everything the next time', () => {
    const first = new Rig(height);
    first.acknowledged = 0;
    expect(() => first.driver.init()).toThrow('nobody acknowledges');

    for (let working = 0; working < pages * 2; working++) {
      const { rig, bytes, show } = shownDark(height);
      bytes.fill(0xff);
      rig.acknowledged = working;
      expect(show).toThrow('nobody acknowledges');
      rig.acknowledged = Number.POSITIVE_INFINITY;
      expect(count(rig.sentBy(show))).toBe(pages * (4 + 129));
      rig.expectShown(bytes.buffer);
    }
  });

  test('starts anew after init: everything is sent and the panel lit', () => {
    const { rig, bytes, show } = shownDark(height);
    rig.glass.setPower(false);
    rig.glass.setPower(true);
    rig.driver.init();
    expect(rig.glass.frame().on).toBe(false);
    show();
    rig.expectShown(bytes.buffer);
  });
});

describe('commands', () => {
  test('off darkens the panel and stops the pump; the memory can still be written; on brings it back', () => {
    const { rig, bytes, show } = shownDark(64);
    const sent = rig.sentBy(() => rig.driver.command(displayOff));
    expect(sent.map(bytes => [...bytes])).toEqual([[0x00, 0xae, 0x8d, 0x10]]);
    expect(rig.glass.registers).toMatchObject({ on: false, chargePump: false });
    bytes[5] = 5;
    show();
    expect(rig.glass.frame().on).toBe(false);
    rig.driver.command(displayOn);
    rig.expectShown(bytes.buffer);
  });

  test('the contrast is bright at the start and can be set', () => {
    const rig = new Rig(64);
    rig.driver.init();
    expect(rig.glass.registers.contrast).toBe(0xcf);
    rig.driver.command(contrast(0));
    expect(rig.glass.registers.contrast).toBe(0);
  });

  test('go to the address that is given', () => {
    const rig = new Rig(32, 0x3d);
    rig.driver.init();
    expect(rig.sent).toHaveLength(1);
  });
});
