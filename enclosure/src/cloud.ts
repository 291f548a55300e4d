/** The cloud: it orders clusters in the public cloud. Round lobes, and a drop that is the button. */
import type { Xy } from './boards.ts';
import { arcGroove, circle, type Round, rectangle, roundHull, type Solid } from './kernel.ts';
import { buttonSpaceMm, floorInsideMm, type Layout } from './layout.ts';
import { type CaseShape, roundEdge } from './shape.ts';

const drop = { radiusMm: 6, middleMm: -15, fromFloorMm: 0.4, pointMm: 10.6, pointRadiusMm: 0.8 };
const edge = roundEdge(6, 8);
/** How far a curl is drawn into the face, degrees. */
const curlDegrees = 24;
/** A curl that ends in a given point bends as a circle with this radius. */
const bendMm = 22;
/** Small drops beside the large one: the charger's light is seen through them. */
const drops = {
  radiusMm: 1,
  pointMm: 2,
  besideMm: [
    [14.5, -0.5],
    [19.5, -3.5],
  ],
} as const;

/** Where two circles cross, as a direction from the middle of the first, degrees; `way` 1 is the one to the left of the way to the second. */
function crossing([ax, ay, ar]: Round, [bx, by, br]: Round, way: 1 | -1): number {
  const between = Math.hypot(bx - ax, by - ay);
  const half = Math.acos((ar * ar + between * between - br * br) / (2 * ar * between));
  return ((Math.atan2(by - ay, bx - ax) + way * half) * 180) / Math.PI;
}

/** The face's edge: what is drawn on the face begins there. */
const onFace = ([x, y, r]: Round): Round => [x, y, r - (edge[0]?.[0] ?? 0)];

/** The outline of a lobe, drawn on into its neighbour. */
function curl(at: Layout, lobe: Round, neighbour: Round, way: 1 | -1): Solid {
  const from = crossing(onFace(lobe), onFace(neighbour), way);
  // The curl runs inside the neighbour, away from the outline.
  return arcGroove(onFace(lobe), [from, from - way * curlDegrees], at.p.grooveMm);
}

/** From the crease between two lobes to a point: the reset's hole, which is then no hole in an even face. */
function curlTo(at: Layout, lobe: Round, neighbour: Round, way: 1 | -1, to: Xy): Solid {
  const [x, y, r] = onFace(lobe);
  const angle = (crossing(onFace(lobe), onFace(neighbour), way) * Math.PI) / 180;
  const from = [x + r * Math.cos(angle), y + r * Math.sin(angle)] as const;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const half = Math.hypot(dx, dy) / 2;
  // The middle of the bend, to the right of the way.
  const off = Math.sqrt(bendMm ** 2 - half ** 2) / (2 * half);
  const middle = [(from[0] + to[0]) / 2 + dy * off, (from[1] + to[1]) / 2 - dx * off] as const;
  const direction = (p: Xy) => (Math.atan2(p[1] - middle[1], p[0] - middle[0]) * 180) / Math.PI;
  const start = direction(from);
  const turn = ((direction(to) - start + 540) % 360) - 180;
  return arcGroove([middle[0], middle[1], bendMm], [start, start + turn], at.p.grooveMm);
}

const drawnDrop = ([x, y]: Xy) =>
  roundHull([
    [x, y, drops.radiusMm],
    [x, y + drops.pointMm, 0.4],
  ]);

export function cloud(at: Layout): CaseShape {
  const { p, board } = at;
  const floor = floorInsideMm - p.sideMm;
  // As large as what they leave inside, and a wall.
  const lobe = ([x, y, r]: Round): Round => [x, y, r + p.sideMm];
  const low = lobe([-22, floorInsideMm + 15.6, 15.6]);
  const small = lobe([-21, 9, 13.6]);
  const big = lobe([-1, 12.4, 27.4]);
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
      // Beside the drop: what a finger pushes, it holds.
      [-33.8, -18.2],
      [33, -22],
      [-23.2, 24.4],
      [22.9, 22.6],
    ],
    footScrews: 2,
    footX: [-38.8, 42],
    ballastX: [from, until],
    lights: drops.besideMm.map(([dx, dy]) => drawnDrop([x + dx, y + dy])),
    switchAt: [39, -4],
    labelAt: [-2, 0],
    drawn: [curl(at, big, far, 1), curlTo(at, big, small, -1, board.reset.at)],
    drawnOnButton: [],
    colours: { front: '#e2e8f0', back: '#d3dce8', button: '#2f86e8', foot: '#c3d3e6' },
  };
}
