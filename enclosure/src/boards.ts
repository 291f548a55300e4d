/**
 * Boards as mechanical parts. Millimetres; seen from the front as the display reads: x to the right, y up, from the
 * middle of the board's outline; heights from the board's front (component) side, towards the viewer. USB is at the left, the
 * antenna at the right, as in docs/hardware.md.
 *
 * **Nothing here was measured by us.** Each figure says what it stands on (`Standing`). Print the coupon first and measure your
 * board: a wrong figure is one line here.
 */

export type Xy = readonly [xMm: number, yMm: number];

/**
 * What a figure stands on: a drawing (data sheet, CAD file), somebody's measurement, a maker's bare word, memory (photographs
 * too: nobody should rely on it), or our own choice, which is right by being chosen.
 */
export type Standing = 'drawing' | 'measured' | 'claim' | 'memory' | 'ours';

export interface Source {
  from: Standing;
  note: string;
}

/** Where figures are from, by name of the figure. */
export type Sources = Record<string, Source>;

export interface Switch {
  at: Xy;
  /** Of its body, x and y. */
  sizeMm: Xy;
  /** Its actuator's end above the board's front, at rest; undefined: on a tower of its own, see `switchDepthMm`. */
  topMm: number;
  /** How far it goes in until it closes. */
  travelMm: number;
}

export interface Display {
  /** Middle of the panel. */
  at: Xy;
  panelMm: Xy;
  /** Front of the glass above the board's front; or, on a module, above the module's. */
  topMm: number;
  /** Middle of the lit area. */
  activeAt: Xy;
  activeMm: Xy;
}

/** A display on a board of its own. */
export interface Module {
  at: Xy;
  sizeMm: Xy;
  thicknessMm: number;
  /** Solder and wires behind it. */
  underMm: number;
  holesAt: readonly Xy[];
  holeMm: number;
}

export interface Board {
  /** As in firmware/src/boards.ts. */
  name: 'firebeetle-2-esp32-e' | 'heltec-wifi-kit-32';
  /** In the names of files. */
  short: 'firebeetle' | 'heltec';
  sizeMm: Xy;
  /** Cut off each corner at the USB end, 45°. */
  cornerMm: number;
  thicknessMm: number;
  /** Mounting holes; none: held by its edges. */
  holesAt: readonly Xy[];
  /** Highest part on the front, the display left out, and on the rear. */
  overMm: number;
  underMm: number;
  display: Display;
  /** The display is a module of its own in front of the board. */
  module?: Module;
  /** The socket: its mouth's x, its axis' y and height. */
  usb: { mouthXMm: number; yMm: number; axisMm: number; socketMm: Xy };
  /** What starts a press. `own`: a 6 × 6 mm push button on a tower of the back, wired by hand. */
  press: Switch & { own: boolean };
  reset: Switch;
  /** The cell's plug in its socket: middle, size in x and y, height above that side of the board. */
  plug: { name: string; at: Xy; sizeMm: Xy; heightMm: number; side: 'front' | 'rear' };
  /** The light that says "charging", on the board's front. */
  lightAt: Xy;
  /** No metal in front of it or behind it: x from, x to, y from, y to. */
  antenna: readonly [number, number, number, number];
  /** Posts under its front: x from, x to, and which edge. */
  seats: readonly { x: Xy; edge: 1 | -1 }[];
  sources: Sources;
}

/** The grip of the largest USB plug that fits: across, and front to back. Assumed: micro-USB plugs are up to 10.6 × 7. */
export const usbGripMm: Xy = [11, 7];

/** Sources, each in one word and a note. */
const drawing = (note: string): Source => ({ from: 'drawing', note });
const claim = (note: string): Source => ({ from: 'claim', note });
const memory = (note: string): Source => ({ from: 'memory', note });
const ours = (note: string): Source => ({ from: 'ours', note });

/** Of every 0.96" panel: middle of what is lit above the panel's middle, opposite the ribbon. */
const litUpMm = 2.1;
const panelMm: Xy = [26.7, 19.26];
const activeMm: Xy = [21.744, 10.864];
const ssd1306 = `data sheet of a 0.96" SSD1306 panel (DM-OLED096-624): 26.70 × 19.26 × 1.45, lit 21.744 × 10.864, ${litUpMm} off its middle`;
const pinout = 'a KiCad footprint drawn after the maker’s pin-out diagram V2 (heltec_htit-wb32)';

/** Middle of the FireBeetle's module. */
const moduleAt: Xy = [4, 0];
const moduleHoles = { acrossMm: 23.5, upMm: 23.8 };

export const boards: readonly Board[] = [
  {
    name: 'firebeetle-2-esp32-e',
    short: 'firebeetle',
    sizeMm: [60, 25.4],
    cornerMm: 0,
    thicknessMm: 1.6,
    holesAt: [],
    overMm: 3.5,
    underMm: 2.5,
    display: {
      at: [moduleAt[0], moduleAt[1] + 1.85 - litUpMm],
      panelMm,
      topMm: 1.45,
      activeAt: [moduleAt[0], moduleAt[1] + 1.85],
      activeMm,
    },
    module: {
      at: moduleAt,
      sizeMm: [27.4, 28],
      thicknessMm: 1.2,
      underMm: 2.5,
      holesAt: [-1, 1].flatMap(y =>
        [-1, 1].map(
          (x): Xy => [moduleAt[0] + (x * moduleHoles.acrossMm) / 2, moduleAt[1] + (y * moduleHoles.upMm) / 2],
        ),
      ),
      holeMm: 2,
    },
    usb: { mouthXMm: -31, yMm: 0, axisMm: 1.7, socketMm: [9, 3.2] },
    press: { at: [-22, -19.2], sizeMm: [6, 6], topMm: 4.3, travelMm: 0.25, own: true },
    reset: { at: [-26.5, 9], sizeMm: [4, 3], topMm: 2, travelMm: 0.25 },
    plug: { name: 'PH2.0', at: [-19.5, 11], sizeMm: [8, 14], heightMm: 6, side: 'front' },
    lightAt: [-27, 5],
    antenna: [24, 31, -9, 9],
    seats: [
      { x: [-13.6, -9.9], edge: 1 },
      { x: [-13.6, -9.9], edge: -1 },
      { x: [18.6, 22.4], edge: 1 },
      { x: [18.6, 22.4], edge: -1 },
    ],
    sources: {
      sizeMm: claim("the maker's page: 25.4 × 60"),
      cornerMm: memory('square corners'),
      thicknessMm: memory('the usual 1.6'),
      holesAt: ours('whatever holes it has are not used: its edges hold it'),
      overMm: drawing('ESP32-WROOM-32E data sheet: 3.1 high, and 0.4 for what is beside it'),
      underMm: memory('wires soldered on, no pin headers. With headers it is 11'),
      display: drawing(ssd1306),
      module: claim('27.4 × 28, holes 23.5 × 23.8, lit 1.85 towards the pins; other makers differ by 0.6'),
      usb: memory('on the middle line of its end; USB-C sockets are 9 × 3.2, its mouth 1 over the edge'),
      press: ours(
        "a 6 × 6 × 4.3 push button beside the board's own on GPIO 27, whose place no drawing gives",
      ),
      reset: memory('beside the USB socket. Not found there: move the pin-hole, or drill it'),
      plug: memory('socket beside the USB end, mouth at the long edge; PH2.0 is 6 high'),
      lightAt: memory('beside the USB socket'),
      antenna: drawing('ESP32-WROOM-32E data sheet: the last 6 mm of the module, 18 wide'),
    },
  },
  {
    name: 'heltec-wifi-kit-32',
    short: 'heltec',
    sizeMm: [51, 25.5],
    cornerMm: 2.5,
    thicknessMm: 1.6,
    holesAt: [],
    overMm: 3,
    underMm: 3.6,
    display: {
      at: [0, 0],
      panelMm,
      topMm: 5.4,
      activeAt: [0, litUpMm],
      activeMm,
    },
    usb: { mouthXMm: -26.3, yMm: 0, axisMm: 1.3, socketMm: [8, 2.8] },
    press: { at: [-21.5, -8.5], sizeMm: [4, 3], topMm: 2, travelMm: 0.25, own: false },
    reset: { at: [-21.5, 8.5], sizeMm: [4, 3], topMm: 2, travelMm: 0.25 },
    plug: { name: 'SH1.25-2', at: [-17, 0], sizeMm: [6, 4.3], heightMm: 3.2, side: 'rear' },
    lightAt: [-23, 5.5],
    antenna: [19, 27, -12.75, 12.75],
    seats: [
      { x: [-13.2, -9.4], edge: 1 },
      { x: [-13.2, -9.4], edge: -1 },
      { x: [14.6, 18.4], edge: 1 },
      { x: [14.6, 18.4], edge: -1 },
    ],
    sources: {
      sizeMm: drawing(
        "the maker's drawing of its sister, the LoRa 32 V2, as others quote it: 51 × 25.5 × 10.6 (V3: 50.2 × 10.2)",
      ),
      cornerMm: drawing(pinout),
      thicknessMm: memory('the usual 1.6'),
      holesAt: memory('the board has none'),
      overMm: memory('USB socket and switches'),
      underMm: memory('half of what 10.6 leaves, the battery socket being underneath'),
      display: drawing(`${ssd1306}; its place is from photographs, its height half of what 10.6 leaves`),
      usb: drawing(`on the middle line of its end: ${pinout}; height and overhang from memory`),
      press: memory('PRG below the plug, RST above it. If yours is the other way round, swap the two'),
      reset: memory('as press'),
      plug: memory('its socket is underneath: hardware guide; where underneath is a guess'),
      lightAt: memory('between the USB socket and RST'),
      antenna: memory('the last 6 mm opposite the plug'),
    },
  },
];
