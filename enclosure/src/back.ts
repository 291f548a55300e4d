/** The back: a plate that plugs into the front, with the cell's bay, the legs under the tray and the button's stop. Printed on its outer side. */
import { cell } from './cell.ts';
import {
  box,
  circle,
  cylinder,
  loft,
  prism,
  rectangle,
  Shapes,
  type Solid,
  Solids,
  withoutThin,
} from './kernel.ts';
import type { Layout } from './layout.ts';
import { backDrawings, switchHolder, switchSlot } from './rear.ts';
import { screwHoles } from './screws.ts';
import { type CaseShape, insideShape, roundEdge, throughDepths } from './shape.ts';
import { legs } from './tray.ts';

const overMm = 0.5;
/** Walls of the bay: enough to keep the cell in place, below the board. */
const bayHeightMm = 5.5;
/** Of a tower for a switch: around its body, and how deep the body lies in it. */
const tower = { sizeMm: 9, pocketMm: 6.3, pocketDeepMm: 2 };

/** The stop behind the button's lower end: across it and along it. */
const stopPost = { acrossMm: 7.2, alongMm: 2.6, fromSwitchMm: 0.3 };
/** Between the stop's two ends: room for soft foam, 2 mm high, that brings the button back and keeps it from rattling. */
export const foam = { acrossMm: 4, highMm: 2 };
const capEdge = roundEdge(2, 4);
/** What reaches from the cap to the switch, diameter. */
const plungerMm = 3.2;

function lip(at: Layout, shape: CaseShape): Solid {
  const { p, rimD } = at;
  const outer = insideShape(p, shape, p.fitLidMm);
  const ring = outer.subtract(outer.offset(-p.lipMm, 'Round', 2, 64));
  const bosses = Shapes.union(shape.screws.map(screw => circle(screw, p.bossMm / 2 + p.fitLidMm)));
  const bay = rectangle(
    [at.cellX[0] - p.fitCellMm, at.cellX[1] + p.fitCellMm],
    [at.cellY[0] - p.fitCellMm, at.cellY[1] + p.fitCellMm],
  );
  // Beside a boss slivers would be left.
  return prism(withoutThin(ring.subtract(bosses).subtract(bay), p.wallMm), [
    rimD - p.lipHeightMm,
    rimD + overMm,
  ]);
}

function bay({ p, rimD, cellX, cellY }: Layout): Solid[] {
  const d = [rimD - bayHeightMm, rimD + overMm] as const;
  const [x0, x1] = [cellX[0] - p.fitCellMm, cellX[1] + p.fitCellMm];
  const top = cellY[1] + p.fitCellMm;
  const side = [cellY[0] + 4, cellY[1] - 4] as const;
  // The wires leave between the two pieces at the top.
  const wiresMm = cell.widthMm / 4;
  return [
    box([x0 - p.wallMm, x0], side, d),
    box([x1, x1 + p.wallMm], side, d),
    box([x0 + 1, -wiresMm], [top, top + p.wallMm], d),
    box([wiresMm, x1 - 1], [top, top + p.wallMm], d),
  ];
}

/** Holds a push button in a channel, where the board has none: legs and wires leave at the channel's ends. */
function switchTower(at: Layout): Solid[] {
  const { switchTopD, rimD, p, cellX } = at;
  const { press } = at.board;
  if (!press.own) return [];
  const [x, y] = press.at;
  const floorD = switchTopD + press.topMm;
  const half = Math.max(tower.sizeMm, tower.pocketMm + 2 * p.wallMm) / 2;
  const channel = tower.pocketMm / 2;
  // Along the channel it gives way to the cell.
  const until = Math.min(x + half, cellX[0] - p.fitCellMm);
  const body = box([x - half, until], [y - half, y + half], [floorD - tower.pocketDeepMm, rimD + overMm]);
  return [body.subtract(box([x - half - 1, until + 1], [y - channel, y + channel], [0, floorD]))];
}

/** Where the button's lower end stops: pressed there, it turns about the stop, and still reaches the switch. */
function stop(at: Layout, shape: CaseShape): Solid {
  const { min, max } = shape.button(at.p.flangeMm).bounds();
  const x = (min[0] + max[0]) / 2;
  const { acrossMm, alongMm } = stopPost;
  const { press } = at.board;
  // A switch low down may be in its way.
  const switchMm = press.at[1] - press.sizeMm[1] / 2 - stopPost.fromSwitchMm;
  const until = Math.min(min[1] + alongMm, press.own ? switchMm : Infinity);
  const post = box([x - acrossMm / 2, x + acrossMm / 2], [min[1], until], [stopD(at), at.rimD + overMm]);
  // Foam as high as it comes touches the button at rest.
  const seatD = flangeRearD(at) + foam.highMm;
  return post.subtract(
    box([x - foam.acrossMm / 2, x + foam.acrossMm / 2], [min[1] - 1, until + 1], [0, seatD]),
  );
}

/** Depth of the button's rear at rest, and of the stop: the button's travel is between them. */
export const flangeRearD = ({ p }: Layout): number => p.faceMm + p.wallMm;
const stopD = (at: Layout) => flangeRearD(at) + at.p.buttonTravelMm;

export function back(at: Layout, shape: CaseShape): Solid {
  const { rimD, depthMm } = at;
  const edge = [[0, rimD] as const, ...shape.backEdge.map(([inset, d]) => [inset, depthMm - d] as const)];
  const plug = prism(insideShape(at.p, shape, at.p.fitLidMm), [0, rimD + overMm]);
  const inner = Solids.union([
    ...bay(at),
    ...legs(at),
    ...switchTower(at),
    stop(at, shape),
    switchHolder(at, shape),
  ]).intersect(plug);
  const all = Solids.union([...throughDepths(shape, edge), lip(at, shape), inner]);
  const cuts = [screwHoles(at, shape), switchSlot(at, shape), ...backDrawings(at, shape)];
  return all.subtract(Solids.union(shape.notBack ? [...cuts, shape.notBack] : cuts));
}

/** The button: a captive cap, in its place at rest. Printed on its visible face. */
export function cap(at: Layout, shape: CaseShape): Solid {
  const { p, board, switchTopD } = at;
  const { button } = shape;
  const landMm = p.faceMm - p.flangeMm;
  const edge = capEdge.map(([inset, d]) => [button(-inset), d - p.buttonProudMm] as const);
  return Solids.union([
    loft(...edge, [button(0), landMm]),
    loft([button(0), landMm], [button(p.flangeMm), p.faceMm], [button(p.flangeMm), flangeRearD(at)]),
    cylinder(board.press.at, plungerMm, [p.faceMm, switchTopD - p.buttonGapMm]),
  ]).subtract(Solids.union([...shape.drawnOnButton]));
}
