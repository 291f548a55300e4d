/**
 * The tray: a plate between the cell and the board's solder side. It stands on legs of the back, and its pads hold the board.
 * The same for both cases. Printed on the side that the cell lies at.
 */
import { box, cylinder, type Range, type Solid, Solids } from './kernel.ts';
import { type Layout, wiresAcrossMm } from './layout.ts';

const overMm = 0.5;
/** Legs and pads: beside the cell, from the middle outwards, and along the board's edges up to its outline. */
const leg = { x: [19, 23] as const, alongMm: 8.5, padMm: 2.4, insideEdgeMm: 0.1 };
/** Pins of the legs, in holes of the tray. */
const pin = { x: 21.2, fromEdgeMm: 5.6, diameterMm: 2.4, holeMm: 2.8 };
/** Around the cell: less than `fitCellMm`, or it would meet what stands beside the cell. */
const besideCellMm = 0.3;
/** Above the cell, where the wires go around it through a notch between two tongues. */
const overCellMm = 2.5;
const tongueMm = 4;

const sides = [-1, 1] as const;
const corners = sides.flatMap(x => sides.map(y => ({ x, y })));
const edgeMm = ({ board }: Layout) => board.sizeMm[1] / 2;

/** Of the back: up to the tray, with a pin each. */
export function legs(at: Layout): Solid[] {
  const { rimD, trayD } = at;
  const edge = edgeMm(at) - leg.insideEdgeMm;
  return corners.flatMap(({ x, y }) => [
    box([x * leg.x[0], x * leg.x[1]], [y * (edge - leg.alongMm), y * edge], [trayD[1], rimD + overMm]),
    cylinder([x * pin.x, y * (edge - pin.fromEdgeMm)], pin.diameterMm, [trayD[0], rimD + overMm]),
  ]);
}

export function tray(at: Layout): Solid {
  const { p, cellX, cellY, trayD, boardRearD } = at;
  const edge = edgeMm(at) - leg.insideEdgeMm;
  const earMm = pin.x + pin.holeMm / 2 + p.wallMm;
  const half = wiresAcrossMm / 2 + p.fitCellMm;
  const whole: Range = [trayD[0], trayD[1]];
  const plate = Solids.union([
    box([cellX[0] - besideCellMm, cellX[1] + besideCellMm], [cellY[0], cellY[1] + besideCellMm], whole),
    box([-half - tongueMm, half + tongueMm], [0, cellY[1] + overCellMm], whole),
    ...sides.map(y => box([-earMm, earMm], [y * (edge - leg.alongMm), y * edge], whole)),
  ]);
  const pads = corners.map(({ x, y }) =>
    box(
      [x * leg.x[0], x * leg.x[1]],
      [y * (edge - leg.padMm), y * edge],
      [boardRearD + p.fitClampMm, trayD[1]],
    ),
  );
  const holes = corners.map(({ x, y }) =>
    cylinder([x * pin.x, y * (edge - pin.fromEdgeMm)], pin.holeMm, [trayD[0] - 1, trayD[1] + 1]),
  );
  const notch = box([-half, half], [cellY[1], cellY[1] + overCellMm + 1], [trayD[0] - 1, trayD[1] + 1]);
  return Solids.union([plate, ...pads]).subtract(Solids.union([...holes, notch]));
}
