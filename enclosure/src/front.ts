/** The front: face, walls, and the posts that the board lies on. Printed on its face. */
import { box, cylinder, grow, loft, prism, type Range, rectangle, type Solid, Solids } from './kernel.ts';
import { behindFlangeMm, buttonSpaceMm, type Layout, usbEnvelope, windowShape } from './layout.ts';
import { bosses, pilots } from './screws.ts';
import { type CaseShape, type Edge, insideShape, throughDepths } from './shape.ts';

/** What is cut goes this far beyond the surface, so that no two faces coincide. */
const overMm = 1;
/** How far posts reach behind the board. */
const behindBoardMm = 0.8;

function windowCut(at: Layout): Solid {
  const { faceMm, wallMm } = at.p;
  const opening = windowShape(at);
  const bevelMm = faceMm - wallMm;
  const bevel = loft([grow(opening, bevelMm + overMm), -overMm], [opening, bevelMm]);
  return bevel.add(prism(opening, [0, faceMm + overMm]));
}

/** Straight where the finger is, wider behind by 45°: the button cannot come out, and nothing hangs over. */
function buttonCut({ p }: Layout, { button }: CaseShape): Solid {
  const opening = button(p.fitButtonMm);
  const landMm = p.faceMm - p.flangeMm;
  const behind = button(buttonSpaceMm(p));
  return prism(opening, [-overMm, landMm]).add(loft([opening, landMm], [behind, p.faceMm + behindFlangeMm]));
}

/** Posts under the board's front and beside its edges. */
function posts({ board, boardFrontD, boardRearD, p }: Layout): Solid[] {
  const [length, width] = board.sizeMm;
  const besideMm = width / 2 + p.fitBoardMm;
  const endMm = length / 2 + p.fitBoardMm;
  const fromD = p.faceMm - 0.5;
  const untilD = boardRearD + behindBoardMm;
  const seats = board.seats.flatMap(({ x, edge }) => [
    box(x, [edge * (width / 2 - p.seatMm), edge * (besideMm + p.postMm)], [fromD, boardFrontD]),
    box(x, [edge * besideMm, edge * (besideMm + p.postMm)], [fromD, untilD]),
  ]);
  return [
    ...seats,
    // Above the plug and opposite it: the board cannot slide along itself.
    box([-endMm - p.postMm, -endMm], [7, 10], [fromD, untilD]),
    box([endMm, endMm + p.postMm], [-2, 2], [fromD, untilD]),
  ];
}

/** Posts with pegs for a display module. */
function pegs({ board: { module, display }, glassD, p }: Layout): Solid[] {
  if (!module) return [];
  const seatD = glassD + display.topMm;
  const pegMm = module.holeMm - 2 * p.fitPegMm;
  const postMm = 2 * module.holeMm;
  return module.holesAt.flatMap(hole => [
    cylinder(hole, postMm, [p.faceMm - 0.5, seatD]),
    cylinder(hole, pegMm, [seatD - 0.5, seatD + module.thicknessMm + 1]),
  ]);
}

function pinHole({ board: { reset }, p }: Layout): Solid {
  return cylinder(reset.at, p.pinHoleMm, [-overMm, p.faceMm + overMm]);
}

/** Window, button and pin-hole cut; posts added. */
function withFeatures(face: Solid, at: Layout, shape: CaseShape): Solid {
  const cuts = [windowCut(at), buttonCut(at, shape), pinHole(at)];
  // Cut first: a cut must not take the foot of a post away.
  return Solids.union([face.subtract(Solids.union(cuts)), ...posts(at), ...pegs(at)]);
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
    x: [min[0], -at.board.sizeMm[0] / 2 - at.p.fitBoardMm],
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
  return withFeatures(prism(plate, [0, p.faceMm]), at, shape);
}
