/** All parts of both cases for every board, as meshes in the orientation in which they are printed. */
import { back, cap } from './back.ts';
import { type Board, boards } from './boards.ts';
import { cloud } from './cloud.ts';
import { coupon, front, usbBridge } from './front.ts';
import { house, slopes } from './house.ts';
import type { Range, Solid } from './kernel.ts';
import { type Layout, layout } from './layout.ts';
import { type Mesh, toMesh } from './mesh.ts';
import { type Parameters, parameters } from './parameters.ts';
import { roofColour, roofSolid } from './roof.ts';
import type { CaseShape } from './shape.ts';

export type { Mesh };

/** 4 × 4, column-major. */
export type Matrix = readonly number[];

/** A place where plastic spans a gap without support, in print orientation, mm. */
export interface Bridge {
  name: string;
  min: readonly [number, number, number];
  max: readonly [number, number, number];
}

export interface Part {
  name: string;
  case: 'house' | 'cloud';
  board: Board['name'];
  /** Of its STL file. */
  file: string;
  mesh: Mesh;
  /** From print orientation into the assembled case: x to the right, y up, z towards the viewer. */
  place: Matrix;
  /** Where it goes in an exploded view, mm. */
  explode: readonly [number, number, number];
  color: string;
  /** How it lies on the printer's bed. */
  lies: string;
  bridges: readonly Bridge[];
}

/** A part as a solid in its place in the assembled case. */
export interface Placed {
  name: string;
  solid: Solid;
  lies: 'on its face' | 'on its rear';
  explode: readonly [number, number, number];
  color: string;
  bridges: readonly { name: string; x: Range; y: Range; d: Range }[];
}

export interface Case {
  at: Layout;
  shape: CaseShape;
  parts: Placed[];
}

/** One case for one board. */
export function makeCase(name: 'house' | 'cloud', board: Board, p: Parameters = parameters()): Case {
  const at = layout(p, board);
  const shape = name === 'house' ? house(at) : cloud(at);
  const { colours } = shape;
  const parts: Placed[] = [
    {
      name: 'front',
      solid: front(at, shape),
      lies: 'on its face',
      explode: [0, 0, 30],
      color: colours.front,
      bridges: [{ name: 'over the USB opening', ...usbBridge(at) }],
    },
    {
      name: shape.buttonName,
      solid: cap(at, shape),
      lies: 'on its face',
      explode: [0, 0, 15],
      color: colours.button,
      bridges: [],
    },
    {
      name: 'back',
      solid: back(at, shape),
      lies: 'on its rear',
      explode: [0, 0, -35],
      color: colours.back,
      bridges: [],
    },
    {
      name: 'coupon',
      solid: coupon(at, shape),
      lies: 'on its face',
      explode: [0, 0, 0],
      color: '#9aa5b1',
      bridges: [],
    },
  ];
  if (name === 'house') {
    parts.push({
      name: 'roof',
      solid: roofSolid(at, slopes(at), shape),
      lies: 'on its rear',
      explode: [0, 34, -50],
      color: roofColour,
      bridges: [],
    });
  }
  // Not simplify()d: manifold-3d 3.5.4 then leaves pits in even faces (seen at a roof with lidMm 2). toMesh() does what files need.
  return { at, shape, parts };
}

/** Laid on the bed: turned, then moved so that all coordinates are positive. */
export function toPrint(
  solid: Solid,
  lies: Placed['lies'],
): { solid: Solid; place: Matrix; fromCase: readonly number[] } {
  // Half a turn around x brings the face down; the rear is down already.
  const flip = lies === 'on its face' ? -1 : 1;
  const turned = flip === -1 ? solid.transform([1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1]) : solid;
  const { min } = turned.boundingBox();
  const place = [1, 0, 0, 0, 0, flip, 0, 0, 0, 0, flip, 0, min[0], flip * min[1], flip * min[2], 1];
  return { solid: turned.translate([-min[0], -min[1], -min[2]]), place, fromCase: min };
}

/** A part as it is printed. */
export function toPart(made: Case, placed: Placed): Part {
  const { board } = made.at;
  const { solid, place } = toPrint(placed.solid, placed.lies);
  return {
    name: placed.name,
    case: made.shape.case,
    board: board.name,
    file: `${made.shape.case}-${board.short}-${placed.name}.stl`,
    mesh: toMesh(solid),
    place,
    explode: placed.explode,
    color: placed.color,
    lies: placed.lies,
    bridges: placed.bridges.map(bridge => printed(bridge, place)),
  };
}

/** A box of the assembled case in print orientation. */
function printed({ name, x, y, d }: Placed['bridges'][number], place: Matrix): Bridge {
  const flip = place[5] ?? 1;
  const moved = [place[12] ?? 0, place[13] ?? 0, place[14] ?? 0];
  const turned = [x, y, [-d[1], -d[0]]].map((range, axis) =>
    range.map(value => (value - (moved[axis] ?? 0)) * (axis === 0 ? 1 : flip)).sort((a, b) => a - b),
  );
  const corner = (which: 0 | 1) => turned.map(range => range[which] ?? 0) as [number, number, number];
  return { name, min: corner(0), max: corner(1) };
}

/**
 * All parts of both cases for all boards.
 * @throws Error when the parameters are out of their limits.
 */
export async function allParts(changed: Partial<Parameters> = {}): Promise<Part[]> {
  const p = parameters(changed);
  return (['house', 'cloud'] as const).flatMap(name =>
    boards.flatMap(board => {
      const made = makeCase(name, board, p);
      return made.parts.map(part => toPart(made, part));
    }),
  );
}
