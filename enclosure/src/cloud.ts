/** The cloud: it orders clusters in the public cloud. Round lobes, and a drop that is the button. */
import { arcGroove, circle, type Round, rectangle, roundHull, type Solid } from './kernel.ts';
import { buttonSpaceMm, floorInsideMm, type Layout } from './layout.ts';
import { type CaseShape, roundEdge } from './shape.ts';

const drop = { radiusMm: 6, middleMm: -15, fromFloorMm: 0.4, pointMm: 11.5, pointRadiusMm: 0.8 };
const edge = roundEdge(6, 8);
/** How far the curls are drawn into the face, degrees. */
const curlDegrees = 24;

/** Where two circles cross, as a direction from the middle of the first, degrees; `way` 1 is the one to the left of the way to the second. */
function crossing([ax, ay, ar]: Round, [bx, by, br]: Round, way: 1 | -1): number {
  const between = Math.hypot(bx - ax, by - ay);
  const half = Math.acos((ar * ar + between * between - br * br) / (2 * ar * between));
  return ((Math.atan2(by - ay, bx - ax) + way * half) * 180) / Math.PI;
}

/** The outline of a lobe, drawn on into its neighbour. */
function curl(at: Layout, lobe: Round, neighbour: Round, way: 1 | -1): Solid {
  const inset = edge[0]?.[0] ?? 0;
  const inner = ([x, y, r]: Round): Round => [x, y, r - inset];
  const from = crossing(inner(lobe), inner(neighbour), way);
  // The curl runs inside the neighbour, away from the outline.
  return arcGroove(inner(lobe), [from, from - way * curlDegrees], at.p.grooveMm);
}

export function cloud(at: Layout): CaseShape {
  const { p, board } = at;
  const floor = floorInsideMm - p.sideMm;
  // As large as what they leave inside, and a wall.
  const lobe = ([x, y, r]: Round): Round => [x, y, r + p.sideMm];
  const low = lobe([-22, floorInsideMm + 15.6, 15.6]);
  const small = lobe([-21, 9, 13.6]);
  const big = lobe([-1, 12, 26.6]);
  const far = lobe([28, floorInsideMm + 20.6, 20.6]);
  const [from, until] = [-22, 28];
  // Its middle is near the switch, or pressing there would not press the switch; a switch low down pulls it to the floor.
  const lowest = floorInsideMm + drop.fromFloorMm + drop.radiusMm + buttonSpaceMm(p);
  const x = board.press.at[0] - (board.press.own ? 0 : 0.4);
  const y = board.press.own ? lowest : Math.max(drop.middleMm, lowest);
  const outline: Round[] = [
    [x, y, drop.radiusMm],
    [x, y + drop.pointMm, drop.pointRadiusMm],
  ];
  return {
    case: 'cloud',
    pieces: [
      ...[low, small, big, far].map(
        ([cx, cy, r]) =>
          (inset: number) =>
            circle([cx, cy], r - inset),
      ),
      inset => rectangle([from, until], [floor + inset, 0]),
    ],
    frontEdge: edge,
    backEdge: [
      [1.2, 0],
      [0, 1.2],
    ],
    button: growMm => roundHull(outline, growMm),
    buttonName: 'drop',
    screws: [
      [-30, 15.5],
      [-1, 36],
      [44, -3],
      [33, -22],
    ],
    drawn: [curl(at, big, far, 1), curl(at, big, small, -1)],
    drawnOnButton: [],
    colours: { front: '#fbfcfe', back: '#dbe4ef', button: '#2f86e8' },
  };
}
