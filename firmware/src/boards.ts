/** The boards we know. A new board is a new row: pins and nothing else. Chip's dialect. */
import type { Pin } from './hal.ts';

/** No such pin on this board. */
export const noPin = -1;

export interface BoardPins {
  /** As device.json names it. */
  name: string;
  /** Pulled up, pressed is low. An RTC pin, so that it can end a deep sleep (ESP32 data sheet, section 2.2). */
  button: Pin;
  sda: Pin;
  scl: Pin;
  /** Reset of the display, low is reset; {@link noPin} when it has a reset circuit of its own. */
  oledReset: Pin;
  /** Switches the display's supply; {@link noPin} when it is always powered. */
  vext: Pin;
  /** The level of `vext` that switches the supply on. */
  vextOn: 0 | 1;
  /** Analogue pin behind a divider on the battery; {@link noPin} when the board has none. */
  battery: Pin;
  /** Battery voltage over pin voltage. */
  batteryRatio: number;
}

export const boards: BoardPins[] = [
  {
    // Heltec WiFi Kit 32: pins from the maker's pin-out diagram, V2. Never measured by us.
    name: 'heltec-wifi-kit-32',
    button: 0,
    sda: 4,
    scl: 15,
    oledReset: 16,
    vext: 21,
    vextOn: 0,
    battery: 37,
    batteryRatio: 3.2,
  },
  {
    // Any ESP32 with an SSD1306 module and a button wired by hand.
    name: 'esp32-ssd1306',
    button: 33,
    sda: 21,
    scl: 22,
    oledReset: noPin,
    vext: noPin,
    vextOn: 0,
    battery: noPin,
    batteryRatio: 1,
  },
];

/** The board of that name, or undefined. */
export function boardNamed(name: string): BoardPins | undefined {
  return boards.find(board => board.name === name);
}
