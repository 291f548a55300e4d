/** All parts of both cases for every board, as meshes in the orientation in which they are printed. */
import { back, cap } from './back.ts';
import { type Board, boards } from './boards.ts';
import { cloud } from './cloud.ts';
import { foot } from './foot.ts';
import { coupon, front, usbBridge } from './front.ts';
import { house, slopes } from './house.ts';
import type { Range, Solid } from './kernel.ts';
import { type Layout, layout } from './layout.ts';
import { type Mesh, toMesh } from './mesh.ts';
import { type Parameters, parameters } from './parameters.ts';
import { roofColour, roofSolid } from './roof.ts';
import type { CaseShape } from './shape.ts';
import { tray } from './tray.ts';
import { leanDegrees } from './viewing.ts';

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
  /** Of its STL file. What is the same for several cases or boards has one file. */
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

/** How a part lies on the bed, and the half or part of a turn around x that brings it there, degrees. */
export const lies = { 'on its face': 180, 'on its rear': 0, 'on its feet': 90 - leanDegrees } as const;
export type Lie = keyof typeof lies;

/** A part as a solid in its place in the assembled case. */
export interface Placed {
  name: string;
  solid: Solid;
  lies: Lie;
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
      name: 'tray',
      solid: tray(at),
      lies: 'on its rear',
      explode: [0, 0, -12],
      color: '#9aa5b1',
      bridges: [],
    },
    {
      name: 'foot',
      solid: foot(at, shape),
      lies: 'on its feet',
      explode: [0, -30, 0],
      color: colours.foot,
      bridges: [],
    },
  ];
  if (name === 'house') {
    parts.push(
      {
        name: 'roof',
        solid: roofSolid(at, slopes(at), shape),
        lies: 'on its rear',
        explode: [0, 34, -50],
        color: roofColour,
        bridges: [],
      },
      // One a board is enough: the drop has the door's clearances.
      {
        name: 'coupon',
        solid: coupon(at, shape),
        lies: 'on its face',
        explode: [0, 0, 0],
        color: '#9aa5b1',
        bridges: [],
      },
    );
  }
  // Not simplify()d: manifold-3d 3.5.4 then leaves pits in even faces (seen at a roof with lidMm 2). toMesh() does what files need.
  return { at, shape, parts };
}

/** Laid on the bed: turned around x, then moved so that all coordinates are positive. */
export function toPrint(
  solid: Solid,
  lie: Lie,
): { solid: Solid; place: Matrix; fromCase: readonly number[] } {
  const turned = solid.rotate([lies[lie], 0, 0]);
  const { min } = turned.boundingBox();
  const [cos, sin] = turnOf(lie);
  const [x, y, z] = min;
  // Back: moved, then turned the other way.
  const place = [1, 0, 0, 0, 0, cos, -sin, 0, 0, sin, cos, 0, x, cos * y + sin * z, cos * z - sin * y, 1];
  return { solid: turned.translate([-x, -y, -z]), place, fromCase: min };
}

/** Cosine and sine of a lie's turn; quarter turns exactly. */
function turnOf(lie: Lie): readonly [cos: number, sin: number] {
  const degrees = lies[lie];
  if (degrees % 180 === 0) return [degrees === 0 ? 1 : -1, 0];
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

/** Same for both cases, or for all boards: the name leaves out what makes no difference. */
const sameForCases = ['tray', 'coupon'];
const sameForBoards = ['roof', 'foot'];

/** The file of a part. */
export function fileOf(of: Case['shape']['case'], board: Board, part: string): string {
  const words = [
    ...(sameForCases.includes(part) ? [] : [of]),
    ...(sameForBoards.includes(part) ? [] : [board.short]),
    part,
  ];
  return `${words.join('-')}.stl`;
}

/** A part as it is printed. */
export function toPart(made: Case, placed: Placed): Part {
  const { board } = made.at;
  const { solid, place } = toPrint(placed.solid, placed.lies);
  return {
    name: placed.name,
    case: made.shape.case,
    board: board.name,
    file: fileOf(made.shape.case, board, placed.name),
    mesh: toMesh(solid),
    place,
    explode: placed.explode,
    color: placed.color,
    lies: placed.lies,
    bridges: placed.bridges.map(bridge => printed(bridge, place)),
  };
}

/** A box of the assembled case in print orientation; of a part that lies on its face or its rear. */
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
 * All parts of both cases for all boards, each file once.
 * @throws Error when the parameters are out of their limits.
 */
export async function allParts(changed: Partial<Parameters> = {}): Promise<Part[]> {
  const p = parameters(changed);
  const all = (['house', 'cloud'] as const).flatMap(name =>
    boards.flatMap(board => {
      const made = makeCase(name, board, p);
      return made.parts.map(part => toPart(made, part));
    }),
  );
  return [...new Map(all.map(part => [part.file, part])).values()];
}
