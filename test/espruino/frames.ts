/** Pictures from the interpreter's I²C bytes, through the simulator's model of the display's chip. */

import { draw } from '../../firmware/src/screens.ts';
import type { View } from '../../firmware/src/view.ts';
import { type Frame, Ssd1306 } from '../../simulator/board/ssd1306.ts';
import { newSurface, toFrame } from '../firmware-display/surface.ts';
import type { ChipEvent } from './events.ts';

export interface Wiring {
  /** Default 0x3C. */
  address?: number;
  height?: 64 | 32;
  /** Reset of the display, low is reset. Default 16; null: not wired. */
  reset?: number | null;
  /** Switch of its supply, low is on. Default null: always supplied. */
  vext?: number | null;
}

/** The Heltec WiFi Kit 32. */
export const heltec: Wiring = { reset: 16, vext: 21 };

/** The picture that the simulator draws of a view, at 128×64. */
export function drawn(view: View): Uint8Array {
  const g = newSurface(64);
  draw(g, view);
  return toFrame(g.buffer).pixels;
}

/** The display has just been switched on: after its start, the end of its first picture. */
export const isLit = (event: ChipEvent) =>
  event.what === 'i2c' && Buffer.from(event.bytes).toString('hex') === '008d14af';

/** What the program does between two pictures that an eye could tell apart. */
const endsBurst = new Set<ChipEvent['what']>(['line', 'wifi', 'connect', 'sleep']);

/**
 * What is on the glass at each event that `when` picks.
 * @throws when the program sends something that the display's chip does not know or acknowledge.
 */
export function pictures(
  events: ChipEvent[],
  when: (event: ChipEvent) => boolean,
  wiring: Wiring = {},
): Frame[] {
  const { address = 0x3c, height = 64, reset = 16, vext = null } = wiring;
  const display = new Ssd1306({
    width: 128,
    height,
    seed: 1306,
    unknown: message => {
      throw new Error(`SSD1306: ${message}`);
    },
  });
  display.setPower(vext === null);
  const frames: Frame[] = [];
  for (const event of events) {
    if (event.what === 'pin' && event.pin === vext) {
      display.setPower(event.level === 0);
    } else if (event.what === 'pin' && event.pin === reset) {
      display.setReset(event.level === 0);
    } else if (event.what === 'i2c' && (event.address !== address || !display.write(event.bytes))) {
      throw new Error(`Nobody acknowledges at 0x${event.address.toString(16)}`);
    }
    if (when(event)) {
      frames.push(display.frame());
    }
  }
  return frames;
}

/** Each picture that was on the glass when the program turned to something else, changes only. */
export function framesOf(events: ChipEvent[], wiring: Wiring = {}): Frame[] {
  const all = pictures(events, event => endsBurst.has(event.what), wiring);
  return all.filter((frame, i) => {
    const before = all[i - 1];
    return before ? before.on !== frame.on || Buffer.compare(before.pixels, frame.pixels) !== 0 : frame.on;
  });
}
