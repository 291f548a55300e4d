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
  /** From waking to the first line of the program: the flash is read all the while. */
  bootMa: number;
  /** The program runs or waits; no radio was started in this waking. */
  awakeMa: number;
  /** Looking for a network, joining it, asking for an address; also when that comes to nothing. */
  joiningMa: number;
  /** Joined; also inside of a dial that blocks. */
  onlineMa: number;
  /** Started and without a network: an access point of its own, or what a failed join or a goodbye has left. */
  radioIdleMa: number;
  /** Asleep, a pull of the chip against a resistor of the board. */
  leakMa: number;
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
  idleMa: {
    value: 30,
    source: published(
      'lower end of "modem-sleep" at 240 MHz, 30 to 68 mA: both cores idle (ESP32 data sheet). A native program that waits, so the 2019 button',
    ),
  },
  busyMa: {
    value: 19,
    source: assumption(
      "half of that span, on top of whatever else the chip does: the interpreter's core never idles (Espruino 2v29, jshSleep), the other one has nothing to do. All published figures with the radio on are of native programs",
    ),
  },
  flashReadMa: {
    value: 15,
    source: assumption(
      'the flash chip while a boot reads it, the most that data sheets of such chips give for reading; nobody has published a boot',
    ),
  },
  joiningMa: {
    value: 125,
    source: published(
      'joining with DHCP took 204 mC in 1,626 ms (measured by others): their quotient. Assumption: a join that fails draws as much for as long as it lasts',
    ),
  },
  onlineMa: {
    value: 100,
    source: published(
      'online, radio on: about 100 mA (data sheet). Assumption: as much inside of a dial that blocks',
    ),
  },
  radioIdleMa: {
    value: 100,
    source: assumption(
      'started without a network, or as an access point: as online, because nothing tells the receiver when to doze. In 2v29 it stays so until deep sleep. Before the first join of a waking, with the access point stopped, there is no radio (mode "null", seen on an emulated chip; its current was measured by nobody)',
    ),
  },
  leakMa: {
    value: 0.06,
    source: assumption('3.3 V through 10 kΩ of the board and 45 kΩ of the chip, asleep'),
  },
  displayOffMa: {
    value: 0.033,
    source: published(
      'a module after display-off (AEh, pump off): 7 to 33 µA with its own regulator (measured by others), the most of them; the controller alone under 10 µA',
    ),
  },
  displayDarkMa: {
    value: 1,
    source: assumption(
      "charge pump and controller without lit pixels: the order of the data sheet's supply currents without a panel",
    ),
  },
  displayAllLitMa: {
    value: 28,
    source: assumption(
      'so that half of the pixels lit is 15 mA, the middle of the published 10 to 20 mA "with many pixels lit"; linear in the lit part and in the contrast (SSD1306 data sheet, 10.1.7)',
    ),
  },
  displayContrast: { value: 0xcf, source: assumption('what common drivers set, so what was measured with') },
} satisfies Record<string, Figure>;

/**
 * The other end of what is known: a CPU that idles while it waits, and a radio that dozes between the access point's
 * beacons. Phones as access points, and builds of the interpreter, differ in whether they allow it.
 */
export const dozing = {
  onlineMa: {
    value: 45,
    source: published('joined, modem sleep at every beacon: about 45 mA instead of 129 (measured by others)'),
  },
} satisfies Record<string, Figure>;

/** What a whole board draws in deep sleep, in mA, the chip's own current included. */
export const boardsAsleep = {
  'firebeetle-2-esp32-e': {
    value: 0.027,
    source: published(
      'a FireBeetle 2 ESP32-E asleep, its "low power" pad cut: 14, 23 and 27 µA (measured by others), the most of them',
    ),
  },
  'firebeetle-2-esp32-e, pad whole': {
    value: 0.49,
    source: published('the same board before its "low power" pad is cut, about 490 µA (measured by others)'),
  },
  'esp32-ssd1306': {
    value: 0.044,
    source: published('a D1 mini ESP32 asleep, 44 µA; assumption: a module wired by hand is like it'),
  },
  'heltec-wifi-kit-32': {
    value: 9.2,
    source: published('a Heltec WiFi Kit 32 V2 asleep, 9.2 mA: one report, on USB'),
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

/** A native program's chip: it idles whenever it waits. */
export function nativeCurrents(currents: Currents): Currents {
  const { idleMa, joiningMa, onlineMa, radioIdleMa, flashReadMa } = figures;
  const chip = {
    ...currents.chip,
    // Its CPU works all the way, as ours does.
    bootMa: idleMa.value + figures.busyMa.value + flashReadMa.value,
    awakeMa: idleMa.value,
    joiningMa: joiningMa.value,
    onlineMa: onlineMa.value,
    radioIdleMa: radioIdleMa.value,
  };
  return { ...currents, chip };
}

/** The same chip if idling and dozing work. */
export function dozingCurrents(currents: Currents): Currents {
  const { chip, ...rest } = nativeCurrents(currents);
  return { ...rest, chip: { ...chip, onlineMa: dozing.onlineMa.value } };
}

/** The worst that the data sheet allows: the other core never idles either, 68 mA awake. */
export function busiestCurrents(currents: Currents): Currents {
  const { bootMa, awakeMa, joiningMa, onlineMa, radioIdleMa } = currents.chip;
  const more = figures.busyMa.value;
  const busier = { bootMa: bootMa + more, awakeMa: awakeMa + more, joiningMa: joiningMa + more };
  const chip = { ...currents.chip, ...busier, onlineMa: onlineMa + more, radioIdleMa: radioIdleMa + more };
  return { ...currents, chip };
}

/** The currents of a button on this board, in Espruino 2v29, with a display of 128×64. */
export function currentsOf(board: BoardName): Currents {
  const busy = (figure: Figure) => figure.value + figures.busyMa.value;
  const chip = {
    deepSleepMa: figures.deepSleepMa.value,
    lightSleepMa: figures.lightSleepMa.value,
    bootMa: busy(figures.idleMa) + figures.flashReadMa.value,
    awakeMa: busy(figures.idleMa),
    joiningMa: busy(figures.joiningMa),
    onlineMa: busy(figures.onlineMa),
    radioIdleMa: busy(figures.radioIdleMa),
    leakMa: figures.leakMa.value,
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
