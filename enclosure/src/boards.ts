/**
 * Boards as mechanical parts. Millimetres; seen from the front as the display reads: x to the right, y up, from the
 * middle of the board's outline; heights from the board's front (component) side, towards the viewer. USB is at the left, the
 * antenna at the right, as in docs/hardware.md.
 *
 * **Nothing here was measured by us.** Each figure says where it is from; `assumed` is memory, photographs or the
 * arithmetic of other figures. Print the coupon first and measure your board: a wrong figure is one line here.
 */

export type Xy = readonly [xMm: number, yMm: number];

/** Where figures are from, by name of the figure. */
export type Sources = Record<string, string>;

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
  name: 'heltec-wifi-kit-32' | 'esp32-ssd1306';
  /** In the names of files. */
  short: 'heltec' | 'esp32';
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
  /** Where the cell's plug is; its long side runs along y, or along x. */
  plug: { at: Xy; alongY: boolean; underBoard: boolean };
  /** No metal in front of it or behind it: x from, x to, y from, y to. */
  antenna: readonly [number, number, number, number];
  /** Posts under its front: x from, x to, and which edge. */
  seats: readonly { x: Xy; edge: 1 | -1 }[];
  sources: Sources;
}

/** The grip of the largest USB plug that fits: across, and front to back. Assumed: micro-USB plugs are up to 10.6 × 7. */
export const usbGripMm: Xy = [11, 7];

const ssd1306 =
  'data sheet of a 0.96" SSD1306 panel (DM-OLED096-624): 26.70 × 19.26 × 1.45, lit 21.744 × 10.864';
const pinout = 'a KiCad footprint drawn after the maker’s pin-out diagram V2 (heltec_htit-wb32)';

export const boards: readonly Board[] = [
  {
    name: 'heltec-wifi-kit-32',
    short: 'heltec',
    sizeMm: [50.2, 25.5],
    cornerMm: 2.5,
    thicknessMm: 1.6,
    holesAt: [],
    overMm: 3,
    underMm: 3.4,
    display: {
      at: [0, 0],
      panelMm: [26.7, 19.26],
      topMm: 5.2,
      activeAt: [0, 2.1],
      activeMm: [21.744, 10.864],
    },
    usb: { mouthXMm: -26.1, yMm: 0, axisMm: 1.3, socketMm: [8, 2.8] },
    press: { at: [-21.5, -8.5], sizeMm: [4, 3], topMm: 2, travelMm: 0.25, own: false },
    reset: { at: [-21.5, 8.5], sizeMm: [4, 3], topMm: 2, travelMm: 0.25 },
    plug: { at: [-17, 0], alongY: false, underBoard: true },
    antenna: [19, 27, -12.75, 12.75],
    seats: [
      { x: [-13.2, -9.4], edge: 1 },
      { x: [-13.2, -9.4], edge: -1 },
      { x: [14.6, 18.4], edge: 1 },
      { x: [14.6, 18.4], edge: -1 },
    ],
    sources: {
      sizeMm: "the maker's 50.2 × 25.5 × 10.2 for V3; V2 assumed the same",
      cornerMm: pinout,
      thicknessMm: 'assumed: the usual 1.6',
      holesAt: 'assumed: the board has none',
      overMm: 'assumed',
      underMm: 'assumed: what 10.2 leaves, with the battery socket underneath',
      display: `${ssd1306}; its place on the board and its height are assumed, from photographs`,
      usb: `on the middle line of its end: ${pinout}; height and overhang assumed`,
      press:
        'assumed, from memory: PRG below the plug, RST above it. If yours is the other way round, swap the two',
      reset: 'as press',
      plug: 'its socket is underneath: hardware guide; where underneath is assumed',
      antenna: 'assumed: the last 6 mm opposite the plug',
    },
  },
  {
    name: 'esp32-ssd1306',
    short: 'esp32',
    sizeMm: [51.5, 28.3],
    cornerMm: 0,
    thicknessMm: 1.6,
    holesAt: [
      [-23.3, 11.65],
      [-23.3, -11.65],
      [23.3, 11.65],
      [23.3, -11.65],
    ],
    overMm: 3.5,
    underMm: 2.5,
    display: {
      at: [4, 0],
      panelMm: [26.7, 19.26],
      topMm: 1.45,
      activeAt: [4, 1.75],
      activeMm: [21.744, 10.864],
    },
    module: {
      at: [4, 0],
      sizeMm: [27.3, 27.8],
      thicknessMm: 1.2,
      underMm: 2.5,
      holesAt: [
        [-7.75, 11.9],
        [15.75, 11.9],
        [-7.75, -11.9],
        [15.75, -11.9],
      ],
      holeMm: 2,
    },
    usb: { mouthXMm: -26.75, yMm: 0, axisMm: 1.3, socketMm: [8, 2.8] },
    press: { at: [-22, -19.2], sizeMm: [6, 6], topMm: 4.3, travelMm: 0.25, own: true },
    reset: { at: [-20.5, 9.5], sizeMm: [4, 3], topMm: 2, travelMm: 0.25 },
    plug: { at: [-23, 0], alongY: true, underBoard: false },
    antenna: [19.5, 27, -9, 9],
    seats: [
      { x: [-13.6, -9.9], edge: 1 },
      { x: [-13.6, -9.9], edge: -1 },
      { x: [18.6, 22.4], edge: 1 },
      { x: [18.6, 22.4], edge: -1 },
    ],
    sources: {
      sizeMm:
        'from memory: a DOIT DevKit V1 with 30 pins; others are 48 to 55 long and 25 to 28.5 wide, measure yours',
      cornerMm: 'assumed: square corners',
      thicknessMm: 'assumed: the usual 1.6',
      holesAt: 'from memory; not used, the edges hold it',
      overMm: 'ESP32-WROOM-32 data sheet: 3.1 high; the rest assumed',
      underMm: 'assumed: wires soldered on, no pin headers. With headers it is 11',
      display: `${ssd1306}; 1.75 above the module's middle: another published case, direction assumed`,
      module: 'from memory: 27.3 × 27.8, holes 23.5 × 23.8 apart; makers differ by 1 mm',
      usb: 'assumed',
      press: 'a 6 × 6 × 4.3 push button, the common size; its place is ours',
      reset: 'assumed: EN is beside the plug, BOOT opposite it',
      plug: 'the board has no socket: the plug lies beside the cell, its place is ours',
      antenna: 'ESP32-WROOM-32: its antenna is the last 6 mm of the module, 18 wide',
    },
  },
];
