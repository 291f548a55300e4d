/** Where everything is in depth, and the bodies of what goes into a case. Frame: see kernel.ts. */
import { type Board, boards, usbGripMm, type Xy } from './boards.ts';
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
import { windowMargins } from './viewing.ts';

/** Between a board's rear and the tray, and between a module and the board behind it. */
const airMm = 0.5;
/** Where the end of an own switch's actuator is: behind the button's flange, in front of the board. */
const ownSwitchTopD = 8;
/** Inside of the floor below the board's middle: the cell stands on it, upright. */
export const floorInsideMm = -26;

export interface Layout {
  p: Parameters;
  board: Board;
  /** Depths of the display's glass, the board's front and rear, the tray, the cell's bay, the front's rear rim, the whole case. */
  glassD: number;
  boardFrontD: number;
  boardRearD: number;
  trayD: Range;
  cellD: Range;
  rimD: number;
  depthMm: number;
  /** The end of the switch's actuator. */
  switchTopD: number;
  usbAxisD: number;
  cellX: Range;
  cellY: Range;
}

/** Depths that follow from a board alone. */
function boardDepths(p: Parameters, board: Board) {
  const glassD = p.windowPlateMm + p.fitDisplayMm;
  const behindGlassMm = board.module
    ? board.display.topMm + board.module.thicknessMm + board.module.underMm + airMm + board.overMm
    : board.display.topMm;
  const boardFrontD = glassD + behindGlassMm;
  return { glassD, boardFrontD, boardRearD: boardFrontD + board.thicknessMm };
}

export function layout(p: Parameters, board: Board): Layout {
  const { glassD, boardFrontD, boardRearD } = boardDepths(p, board);
  // As deep as the deepest board wants it: roof and foot are the same for all.
  const rimD = Math.max(
    ...boards.map(one => boardDepths(p, one).boardRearD + one.underMm + airMm + p.wallMm + bayThicknessMm),
  );
  const cellFromD = rimD - bayThicknessMm;
  const cellFromY = floorInsideMm + p.fitLidMm + p.lipMm + p.fitCellMm;
  return {
    p,
    board,
    glassD,
    boardFrontD,
    boardRearD,
    trayD: [cellFromD - p.wallMm, cellFromD],
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

/** The window where it is narrowest: the display's lit area, and what the eyes of people around the table need. */
export function windowShape({ board: { display }, p }: Layout): Shape {
  const [width, height] = display.activeMm;
  const [x, y] = display.activeAt;
  const { sideMm, topMm, bottomMm } = windowMargins(p);
  return rectangle(around(x, width + 2 * sideMm), [y - height / 2 - bottomMm, y + height / 2 + topMm]);
}

/** Around the panel, in its pocket. */
const pocketMm = 0.8;

/** The pocket in the front's inside that the panel lies in. */
export function panelPocket({ board: { display } }: Layout): Shape {
  const [x, y] = display.at;
  const [width, height] = display.panelMm;
  return grow(rectangle(around(x, width), around(y, height)), pocketMm);
}

export interface Content {
  name: string;
  solid: Solid;
}

const block = ([x, y]: Xy, [width, height]: Xy, d: Range): Solid =>
  box(around(x, width), around(y, height), d);

/** The cell's two wires, side by side with room to bend. */
export const wiresAcrossMm = 10;

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
    // Up to the board, around the tray's upper edge.
    {
      name: "cell's wires",
      solid: box(around(0, wiresAcrossMm), [at.cellY[1], at.cellY[1] + cell.wiresMm], [boardRearD, at.rimD]),
    },
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

/** The cell's plug in its socket on the board. */
function plugRoom({ board: { plug }, boardFrontD, boardRearD }: Layout): Solid {
  const { at, sizeMm, heightMm, side } = plug;
  const d: Range =
    side === 'rear' ? [boardRearD, boardRearD + heightMm] : [boardFrontD - heightMm, boardFrontD];
  return block(at, sizeMm, d);
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
