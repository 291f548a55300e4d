/** Where everything is in depth, and the bodies of what goes into a case. Frame: see kernel.ts. */
import { type Board, usbGripMm, type Xy } from './boards.ts';
import { bayThicknessMm, cell } from './cell.ts';
import {
  box,
  cylinder,
  grow,
  polygon,
  prism,
  type Range,
  rectangle,
  type Shape,
  type Solid,
} from './kernel.ts';
import type { Parameters } from './parameters.ts';

/** Between a board's rear and the cell, and between a module and the board behind it. */
const airMm = 0.5;
/** Where the end of an own switch's actuator is: behind the button's flange, in front of the board. */
const ownSwitchTopD = 8;
/** Inside of the floor below the board's middle: the cell stands on it, upright. */
export const floorInsideMm = -26;

export interface Layout {
  p: Parameters;
  board: Board;
  /** Depths of the display's glass, the board's front and rear, the cell's bay, the front's rear rim, the whole case. */
  glassD: number;
  boardFrontD: number;
  boardRearD: number;
  cellD: Range;
  rimD: number;
  depthMm: number;
  /** The end of the switch's actuator. */
  switchTopD: number;
  usbAxisD: number;
  cellX: Range;
  cellY: Range;
}

export function layout(p: Parameters, board: Board): Layout {
  const glassD = p.faceMm + p.fitDisplayMm;
  const behindGlassMm = board.module
    ? board.display.topMm + board.module.thicknessMm + board.module.underMm + airMm + board.overMm
    : board.display.topMm;
  const boardFrontD = glassD + behindGlassMm;
  const boardRearD = boardFrontD + board.thicknessMm;
  const cellFromD = boardRearD + board.underMm + airMm;
  const rimD = cellFromD + bayThicknessMm;
  const cellFromY = floorInsideMm + p.fitLidMm + p.lipMm + p.fitCellMm;
  return {
    p,
    board,
    glassD,
    boardFrontD,
    boardRearD,
    cellD: [cellFromD, rimD],
    rimD,
    depthMm: rimD + p.lidMm,
    switchTopD: board.press.own ? ownSwitchTopD : boardFrontD - board.press.topMm,
    usbAxisD: boardFrontD - board.usb.axisMm,
    cellX: [-cell.widthMm / 2, cell.widthMm / 2],
    cellY: [cellFromY, cellFromY + cell.lengthMm],
  };
}

/** Behind the button's flange its opening is still so much wider. */
export const behindFlangeMm = 0.3;

/** How far beyond the button's outline the front must be flat inside. */
export const buttonSpaceMm = (p: Parameters): number => p.fitButtonMm + p.flangeMm + behindFlangeMm;

export const around = (middle: number, sizeMm: number): Range => [middle - sizeMm / 2, middle + sizeMm / 2];

/** The board's outline, with its cut corners at the USB end. */
export function boardOutline({ sizeMm: [length, width], cornerMm }: Board): Shape {
  const [x, y] = [length / 2, width / 2];
  return polygon([
    [x, -y],
    [x, y],
    [cornerMm - x, y],
    [-x, y - cornerMm],
    [-x, cornerMm - y],
    [cornerMm - x, -y],
  ]);
}

/** The window at the rear of its bevel: the display's lit area and a margin. */
export function windowShape({ board: { display }, p }: Layout): Shape {
  const [width, height] = display.activeMm;
  const [x, y] = display.activeAt;
  return grow(rectangle(around(x, width), around(y, height)), p.windowMarginMm);
}

export interface Content {
  name: string;
  solid: Solid;
}

const block = ([x, y]: Xy, [width, height]: Xy, d: Range): Solid =>
  box(around(x, width), around(y, height), d);

/** What is in the case: board, display, switches, cell with its swelling and wires. Envelopes, on the large side. */
export function contents(at: Layout): Content[] {
  const { board, boardFrontD, boardRearD, glassD, switchTopD } = at;
  const { display, module, press, reset, usb } = board;
  const [length, width] = board.sizeMm;
  // The edges are free of parts: that is where the posts hold the board.
  const edgeMm = 2.7;
  const bodyD = switchTopD + press.topMm;
  const contents: Content[] = [
    { name: 'board', solid: prism(boardOutline(board), [boardFrontD, boardRearD]) },
    {
      name: 'parts behind the board',
      solid: box([-length / 2 + 2, length / 2 - 2], around(0, width - 2 * edgeMm), [
        boardRearD,
        boardRearD + board.underMm,
      ]),
    },
    { name: 'display', solid: block(display.at, display.panelMm, [glassD, glassD + display.topMm]) },
    { name: 'switch', solid: block(press.at, press.sizeMm, [switchTopD + 0.8, bodyD]) },
    { name: "switch's actuator", solid: cylinder(press.at, 2, [switchTopD, bodyD]) },
    { name: 'reset switch', solid: block(reset.at, reset.sizeMm, [boardFrontD - reset.topMm, boardFrontD]) },
    {
      name: 'USB socket',
      solid: box(
        [usb.mouthXMm, usb.mouthXMm + 6],
        around(usb.yMm, usb.socketMm[0]),
        around(at.usbAxisD, usb.socketMm[1]),
      ),
    },
    { name: 'cell', solid: box(at.cellX, at.cellY, at.cellD) },
    { name: 'battery plug', solid: plugRoom(at) },
    { name: "cell's wires", solid: box([-5, 5], [at.cellY[1], at.cellY[1] + cell.wiresMm], at.cellD) },
  ];
  if (module) {
    const frontD = glassD + display.topMm;
    const rearD = frontD + module.thicknessMm;
    const outline = block(module.at, module.sizeMm, [frontD, rearD]);
    const holes = module.holesAt.map(hole => cylinder(hole, module.holeMm, [frontD - 1, rearD + 1]));
    contents.push(
      { name: 'display module', solid: holes.reduce((left, hole) => left.subtract(hole), outline) },
      {
        name: 'parts on the board',
        solid: box([-length / 2 + 7, length / 2], around(0, 18), [boardFrontD - board.overMm, boardFrontD]),
      },
    );
  }
  return contents;
}

/** The cell's plug where it ends up: under the board in its socket, or beside the cell. */
function plugRoom({ board: { plug }, boardRearD, cellD }: Layout): Solid {
  const { lengthMm, widthMm, heightMm } = cell.plug;
  const fromD = plug.underBoard ? boardRearD : cellD[0];
  const size: Xy = plug.alongY ? [widthMm, lengthMm] : [lengthMm, widthMm];
  return block(plug.at, size, [fromD, fromD + heightMm]);
}

/** The space that a USB plug's grip needs, from far outside to the socket's mouth. */
export function usbEnvelope({ board: { usb }, usbAxisD }: Layout, spareMm = 0): Solid {
  const [across, deep] = usbGripMm;
  return box(
    [-90, usb.mouthXMm],
    around(usb.yMm, across + 2 * spareMm),
    around(usbAxisD, deep + 2 * spareMm),
  );
}
