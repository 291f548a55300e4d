/** The front: face, walls, and the posts that the board lies on. Printed on its face. */
import type { Board } from './boards.ts';
import {
  box,
  circle,
  cylinder,
  grow,
  loft,
  prism,
  type Range,
  rectangle,
  type Shape,
  type Solid,
  Solids,
} from './kernel.ts';
import {
  behindFlangeMm,
  buttonSpaceMm,
  type Layout,
  panelPocket,
  usbEnvelope,
  windowShape,
} from './layout.ts';
import type { Parameters } from './parameters.ts';
import { bosses, pilots } from './screws.ts';
import { type CaseShape, type Edge, insideShape, outline, throughDepths } from './shape.ts';

/** What is cut goes this far beyond the surface, so that no two faces coincide. */
const overMm = 1;
/** How far posts reach behind the board. */
const behindBoardMm = 0.8;

function windowCut(at: Layout): Solid {
  const { faceMm, windowLandMm, windowPlateMm } = at.p;
  const opening = windowShape(at);
  const bevelMm = windowPlateMm - windowLandMm;
  const bevel = loft([grow(opening, bevelMm + overMm), -overMm], [opening, bevelMm]);
  return Solids.union([
    bevel,
    prism(opening, [0, faceMm + overMm]),
    prism(panelPocket(at), [windowPlateMm, faceMm + overMm]),
  ]);
}

/** A convex opening that lies on the bed: wider there by a chamfer of 45°. */
function chamfered(opening: Shape, { bedChamferMm }: Parameters): Solid {
  return loft([grow(opening, bedChamferMm + overMm), -overMm], [opening, bedChamferMm]);
}

/** Straight where the finger is, wider behind by 45°: the button cannot come out, and nothing hangs over. */
function buttonCut({ p }: Layout, { button }: CaseShape): Solid {
  const opening = button(p.fitButtonMm);
  const landMm = p.faceMm - p.flangeMm;
  const behind = button(buttonSpaceMm(p));
  return Solids.union([
    loft([button(p.fitButtonMm + p.bedChamferMm + overMm), -overMm], [opening, p.bedChamferMm]),
    prism(opening, [-overMm, landMm]),
    loft([opening, landMm], [behind, p.faceMm + behindFlangeMm]),
  ]);
}

/** Farther than this from the board a stop need not go to a wall: as long along the plug's pull it does not break. */
const stopReachMm = 9;
/** Where the stops are across the board: beside the plug, and opposite it. Where a button presses the board there is no room for one. */
const stopsFor = ({ press }: Board) => [
  { side: -1, y: [7, 12] as Range },
  ...(press.own ? [{ side: -1, y: [-12, -7] as Range }] : []),
  { side: 1, y: [-4.5, 4.5] as Range },
];

/** Where posts begin: in the face, and in the plate of its pocket. */
const intoFaceD = (p: Parameters) => p.windowPlateMm - 0.4;

/** Beyond the board's ends, into the walls where these are near: a plug is pulled with 35 N. */
function endStops({ board, boardRearD, p }: Layout, shape: CaseShape): Solid[] {
  const endMm = board.sizeMm[0] / 2 + p.fitBoardMm;
  const within = outline(shape, p.sideMm / 2);
  return stopsFor(board).map(({ side, y }) =>
    prism(rectangle([side * endMm, side * (endMm + stopReachMm)], y).intersect(within), [
      p.faceMm - 0.3,
      boardRearD + behindBoardMm,
    ]),
  );
}

/** Posts under the board's front and beside its edges. */
function posts({ board, boardFrontD, boardRearD, p }: Layout): Solid[] {
  const [, width] = board.sizeMm;
  const besideMm = width / 2 + p.fitBoardMm;
  const fromD = intoFaceD(p);
  return board.seats.flatMap(({ x, edge }) => [
    box(x, [edge * (width / 2 - p.seatMm), edge * (besideMm + p.postMm)], [fromD, boardFrontD]),
    box(x, [edge * besideMm, edge * (besideMm + p.postMm)], [fromD, boardRearD + behindBoardMm]),
  ]);
}

/** Posts with pegs for a display module. */
function pegs({ board: { module, display }, glassD, p }: Layout): Solid[] {
  if (!module) return [];
  const seatD = glassD + display.topMm;
  const pegMm = module.holeMm - 2 * p.fitPegMm;
  // Thin enough to leave the glass its air.
  const postMm = 1.5 * module.holeMm;
  return module.holesAt.flatMap(hole => [
    cylinder(hole, postMm, [intoFaceD(p), seatD]),
    cylinder(hole, pegMm, [seatD - 0.5, seatD + module.thicknessMm + 1]),
  ]);
}

function pinHole({ board: { reset }, p }: Layout): Solid {
  const hole = circle(reset.at, p.pinHoleMm / 2);
  return prism(hole, [-overMm, p.faceMm + overMm]).add(chamfered(hole, p));
}

/** Openings that the charger's light is seen through. */
function lights({ p }: Layout, { lights }: CaseShape): Solid[] {
  return lights.flatMap(hole => [prism(hole, [-overMm, p.faceMm + overMm]), chamfered(hole, p)]);
}

/** Window, button, pin-hole and lights cut; posts added. */
function withFeatures(face: Solid, at: Layout, shape: CaseShape): Solid {
  const cuts = [windowCut(at), buttonCut(at, shape), pinHole(at), ...lights(at, shape)];
  // Cut first: a cut must not take the foot of a post away.
  return Solids.union([face.subtract(Solids.union(cuts)), ...posts(at), ...endStops(at, shape), ...pegs(at)]);
}

/** Behind the plug the opening narrows by 45°: what is left to bridge when the front lies on its face. */
const usbNarrowMm = 1.5;

/** The opening's ceiling in print orientation. */
export function usbBridge(at: Layout): { x: Range; y: Range; d: Range } {
  const { x, y, d } = usbOpening(at);
  const rear = d[1] + usbNarrowMm;
  return { x, y: [y[0] + usbNarrowMm, y[1] - usbNarrowMm], d: [rear, rear] };
}

function usbOpening(at: Layout): { x: Range; y: Range; d: Range } {
  const { min, max } = usbEnvelope(at, at.p.fitUsbMm).boundingBox();
  return {
    x: [min[0], Math.max(-at.board.sizeMm[0] / 2 - at.p.fitBoardMm, max[0] + at.p.fitUsbMm)],
    y: [min[1], max[1]],
    d: [-max[2], -min[2]],
  };
}

function usbCut(at: Layout): Solid {
  const { x, y, d } = usbOpening(at);
  const bridge = usbBridge(at);
  return Solids.hull([box(x, y, d), box(x, bridge.y, [d[0], bridge.d[1]])]);
}

/** What is hollow. Where the edge is rounded the inside follows it, or a crease between two lobes would be thin. */
function insideOf({ p, rimD }: Layout, shape: CaseShape): Solid {
  const behindEdgeD = Math.max(p.faceMm, ...shape.frontEdge.map(([, d]) => d));
  const inner = insideShape(p, shape);
  const rear = prism(inner, [behindEdgeD, rimD + overMm]);
  // Clearly narrower and a little deeper: faces that coincide, or nearly, leave slivers.
  const stepMm = 0.05;
  const untilD = behindEdgeD + 0.2;
  const edge: Edge = [...shape.frontEdge, [0, untilD]];
  const following = Solids.union(
    throughDepths(
      shape,
      edge.map(([insetMm, d]) => [insetMm + p.sideMm + stepMm, d] as const),
    ),
  );
  return rear.add(prism(inner, [p.faceMm, untilD]).intersect(following));
}

export function front(at: Layout, shape: CaseShape): Solid {
  const { rimD } = at;
  const body = Solids.union(throughDepths(shape, [...shape.frontEdge, [0, rimD]]));
  const shell = Solids.union([body.subtract(insideOf(at, shape)), bosses(at, shape)]);
  const cut = Solids.union([usbCut(at), pilots(at, shape.screws), ...shape.drawn]);
  return withFeatures(shell, at, shape).subtract(cut);
}

/** The middle of the front's face with its posts: prints in minutes, and shows whether board, button and window fit. */
export function coupon(at: Layout, shape: CaseShape): Solid {
  const { p, board } = at;
  const edgeMm = p.fitButtonMm + p.flangeMm + 2 * p.wallMm;
  const { min, max } = shape.button(edgeMm).bounds();
  const [x, y] = [
    board.sizeMm[0] / 2 + p.fitBoardMm + p.postMm,
    board.sizeMm[1] / 2 + p.fitBoardMm + p.postMm,
  ];
  const plate = rectangle([Math.min(min[0], -x), x], [Math.min(min[1], -y), Math.max(max[1], y)]);
  const whole = withFeatures(prism(plate, [0, p.faceMm]), at, { ...shape, lights: [] });
  return whole.intersect(prism(plate, [-overMm, at.rimD]));
}
