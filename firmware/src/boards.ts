/** The boards we know. A new board is a new row: pins and nothing else. Chip's dialect. */
import { noPin, type Pin } from './hal.ts';

export interface BoardPins {
  /** As device.json names it. */
  name: string;
  /** Pressed is low on the wire. An RTC pin, so that it can end a deep sleep (ESP32 data sheet, section 2.2). */
  button: Pin;
  /** The interpreter negates this pin: it reads 1 while the wire is low, and its pulls are the other way round. */
  inverted: boolean;
  /** Where RTC_IO keeps the bit that gives the pin to the RTC (pins.ts), and which bit that is. */
  rtcRegister: number;
  rtcBit: number;
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
  /** What the converter leaves out at its low end, in millivolts at the pin; chips vary. */
  batteryOffsetMv: number;
}

/** ESP-IDF's calibration of a chip in the middle, 11 dB (espruino.md of the references; esp_adc_cal). */
const usualOffsetMv = 142;

export const boards: BoardPins[] = [
  {
    // DFRobot FireBeetle 2 ESP32-E: pins from the maker's pages, sleep currents as others measured them. Never seen by us.
    name: 'firebeetle-2-esp32-e',
    button: 27,
    inverted: false,
    rtcRegister: 0x3ff484b0,
    rtcBit: 19,
    sda: 21,
    scl: 22,
    oledReset: noPin,
    vext: noPin,
    vextOn: 0,
    battery: 34,
    batteryRatio: 2,
    batteryOffsetMv: usualOffsetMv,
  },
  {
    // Heltec WiFi Kit 32: pins from the maker's pin-out diagram, V2. Never measured by us.
    name: 'heltec-wifi-kit-32',
    button: 0,
    inverted: true,
    rtcRegister: 0x3ff48498,
    rtcBit: 19,
    sda: 4,
    scl: 15,
    oledReset: 16,
    vext: 21,
    vextOn: 0,
    battery: 37,
    batteryRatio: 3.2,
    batteryOffsetMv: usualOffsetMv,
  },
  {
    // Any ESP32 with an SSD1306 module and a button wired by hand.
    name: 'esp32-ssd1306',
    button: 33,
    inverted: false,
    rtcRegister: 0x3ff4848c,
    rtcBit: 18,
    sda: 21,
    scl: 22,
    oledReset: noPin,
    vext: noPin,
    vextOn: 0,
    battery: noPin,
    batteryRatio: 1,
    batteryOffsetMv: usualOffsetMv,
  },
];

/** The board of that name, or undefined. */
export function boardNamed(name: string): BoardPins | undefined {
  return boards.find(board => board.name === name);
}
