/**
 * What each part of a button draws from the battery, in mA, and who says so. Between battery and chip is a
 * linear regulator, so a milliampere at the chip is one at the battery; what the regulator itself and the rest of
 * the board draw is the board's `restMa`.
 *
 * `published` figures are the project's collection of measurements by others and data sheets; `assumption`
 * means that nobody has published it for this case, with the reason for the number. Nothing was measured by us.
 */

export interface Figure {
  value: number;
  source: string;
}

/** The chip, with whatever its radio is doing. */
export interface ChipCurrents {
  deepSleepMa: number;
  lightSleepMa: number;
  /** From waking to the first line of the program. */
  bootMa: number;
  /** The program runs or idles; the radio is off. */
  awakeMa: number;
  /** Looking for a network, joining it, asking for an address. */
  joiningMa: number;
  onlineMa: number;
}

/** An SSD1306 module. */
export interface DisplayCurrents {
  /** Supplied, switched off by command (AEh). */
  offMa: number;
  /** On, and all pixels dark. */
  darkMa: number;
  /** On top of that when all pixels are lit at {@link DisplayCurrents.contrast}. Between them: by the lit part. */
  allLitMa: number;
  /** 0 to 255. The segments' current is proportional to it (SSD1306 data sheet, section 10.1.7). */
  contrast: number;
  /** Pixels of the glass. */
  pixels: number;
}

/** Everything that the model needs to know of one button. */
export interface Currents {
  board: string;
  chip: ChipCurrents;
  display: DisplayCurrents;
  /** Regulator, USB chip, dividers: always, asleep or awake. */
  restMa: number;
}

const published = (text: string) => `published: ${text}`;
const assumption = (text: string) => `assumption: ${text}`;

export const figures = {
  deepSleepMa: { value: 0.01, source: published('bare ESP32 in deep sleep, about 10 µA (data sheet)') },
  lightSleepMa: { value: 0.8, source: published('ESP32 in light sleep, about 0.8 mA (data sheet)') },
  bootMa: {
    value: 50,
    source: assumption(
      'as awake: the data sheet has no figure for booting, and the same CPU runs at full speed',
    ),
  },
  awakeMa: {
    value: 50,
    source: assumption(
      'middle of 30 to 68 mA, "modem-sleep" at 240 MHz with both cores (ESP32 data sheet, table of currents by power mode). Interpreters on older IDFs never idle the CPU, newer ones yield: between the two ends',
    ),
  },
  joiningMa: {
    value: 125,
    source: published('joining with DHCP took 204 mC in 1,626 ms (measured by others): their quotient'),
  },
  onlineMa: { value: 100, source: published('online, radio on: about 100 mA (data sheet)') },
  displayOffMa: { value: 0.01, source: published('SSD1306 after display-off (AEh): under 10 µA') },
  displayDarkMa: {
    value: 1,
    source: assumption(
      "charge pump and controller without lit pixels: the order of the data sheet's supply currents without a panel",
    ),
  },
  displayAllLitMa: {
    value: 28,
    source: assumption(
      'so that half of the pixels lit is 15 mA, the middle of the published 10 to 20 mA "with many pixels lit"; linear in the lit part',
    ),
  },
  displayContrast: { value: 0xcf, source: assumption('what common drivers set, so what was measured with') },
} satisfies Record<string, Figure>;

/**
 * The other end of what is known: an idle CPU that really idles, and a radio that dozes between the access point's
 * beacons. Phones as access points, and builds of the interpreter, differ in whether they allow it.
 */
export const dozing = {
  awakeMa: {
    value: 30,
    source: published('lower end of "modem-sleep" at 240 MHz: the CPU idles (ESP32 data sheet)'),
  },
  onlineMa: {
    value: 45,
    source: published('joined, modem sleep at every beacon: about 45 mA instead of 129 (measured by others)'),
  },
} satisfies Record<string, Figure>;

/** What a whole board draws in deep sleep, in mA, the chip's own current included. */
export const boardsAsleep = {
  'esp32-ssd1306': {
    value: 0.044,
    source: published('a D1 mini ESP32 asleep, 44 µA; assumption: a module wired by hand is like it'),
  },
  'heltec-wifi-kit-32': {
    value: 9.2,
    source: published('a Heltec WiFi Kit 32 V2 asleep, 9.2 mA: one report, on USB. The worst that is known'),
  },
  'heltec-wifi-kit-32, as V3': {
    value: 0.015,
    source: published("15 µA, the maker's claim for the V3"),
  },
  'FireBeetle ESP32': { value: 0.013, source: published('13 µA asleep') },
  LOLIN32: { value: 0.35, source: published('350 µA asleep') },
  'DOIT DevKit': { value: 17, source: published('17 mA asleep') },
} satisfies Record<string, Figure>;

export type BoardName = keyof typeof boardsAsleep;

/** The same button if idling and dozing work. */
export function dozingCurrents(currents: Currents): Currents {
  const chip = { ...currents.chip, awakeMa: dozing.awakeMa.value, onlineMa: dozing.onlineMa.value };
  return { ...currents, chip };
}

/** The currents of a button on this board, with a display of 128×64. */
export function currentsOf(board: BoardName): Currents {
  const chip = {
    deepSleepMa: figures.deepSleepMa.value,
    lightSleepMa: figures.lightSleepMa.value,
    bootMa: figures.bootMa.value,
    awakeMa: figures.awakeMa.value,
    joiningMa: figures.joiningMa.value,
    onlineMa: figures.onlineMa.value,
  };
  const display = {
    offMa: figures.displayOffMa.value,
    darkMa: figures.displayDarkMa.value,
    allLitMa: figures.displayAllLitMa.value,
    contrast: figures.displayContrast.value,
    pixels: 128 * 64,
  };
  return { board, chip, display, restMa: Math.max(0, boardsAsleep[board].value - chip.deepSleepMa) };
}
