/** What is in the pictures: the printed parts, and stand-ins for what is bought, each with its colour. */
import { draw } from '../../firmware/src/screens.ts';
import type { View } from '../../firmware/src/view.ts';
import type { Frame } from '../../simulator/board/frame.ts';
import { sketch } from '../../simulator/board/sketch.ts';
import { boards } from '../src/boards.ts';
import { cell } from '../src/cell.ts';
import { cylinder, type Range, type Solid, Solids } from '../src/kernel.ts';
import { contents, type Layout } from '../src/layout.ts';
import { type Case, makeCase } from '../src/parts.ts';
import { switchBody } from '../src/rear.ts';
import { screwBodies } from '../src/screws.ts';
import type { Body } from './render.ts';
import { type Mesh, surfaceOf } from './surface.ts';
import { after, dot, type Matrix, minus, moved, type Vec } from './vector.ts';

export type CaseName = 'house' | 'cloud';

export interface Thing {
  /** What moves together has one name. */
  name:
    | 'front'
    | 'button'
    | 'roof'
    | 'back'
    | 'tray'
    | 'foot'
    | 'coupon'
    | 'board'
    | 'cell'
    | 'shelf switch'
    | 'screws'
    | 'roof screw';
  mesh: Mesh;
  /** `#rrggbb`. */
  color: string;
  /** Of the display: what it shows, and where. */
  display?: { at: Layout; frame: Frame };
}

const shining = '#d6ecff';
const glass = '#0b0e14';
const screwColor = '#aab2bb';

/** Colours of what is bought, by the name that src/layout.ts gives it; what is not here is no body but a free space. */
const bought: Record<string, string> = {
  board: '#2a5f4e',
  display: glass,
  switch: '#d7dbe0',
  "switch's actuator": '#2b2f36',
  'reset switch': '#d7dbe0',
  'USB socket': '#c9ced4',
  'battery plug': '#e9e6df',
  'display module': '#1f3f8a',
};

/** What the displays show: the firmware's own screen of a press that has succeeded. */
const screens: Record<CaseName, View> = {
  house: { kind: 'ready', cluster: 'house-01-7', address: '10.10.20.31', note: 'control plane' },
  cloud: { kind: 'ready', cluster: 'cloud-01-3', address: '10.20.4.17', note: 'control plane' },
};

/** The bodies of one case for the first board of the table, the recommended one: printed parts, board, cell, switches and screws. */
export function things(name: CaseName): Thing[] {
  const known = made.get(name) ?? makeThings(name);
  made.set(name, known);
  return known;
}

const made = new Map<CaseName, Thing[]>();

function makeThings(name: CaseName): Thing[] {
  const [board] = boards;
  if (!board) throw new Error('there is no board');
  const shapes = makeCase(name, board);
  const frame = sketch(64, g => draw(g, screens[name]));
  const printed = shapes.parts.map(part => ({
    name: nameOf(part.name),
    mesh: meshOf(part.solid),
    color: part.color,
  }));
  const inside = contents(shapes.at)
    .filter(content => bought[content.name])
    .map(({ name: what, solid }): Thing => {
      const thing = { mesh: meshOf(solid), color: bought[what] ?? glass };
      if (what === 'display') return { name: 'board', ...thing, display: { at: shapes.at, frame } };
      return { name: 'board', ...thing };
    });
  const shelf: Thing = {
    name: 'shelf switch',
    mesh: meshOf(switchBody(shapes.at, shapes.shape)),
    color: screwColor,
  };
  return [...printed, ...inside, ...cellThings(shapes), shelf, ...screws(shapes)];
}

const partNames = ['front', 'back', 'roof', 'coupon', 'tray', 'foot'] as const;

const nameOf = (part: string): Thing['name'] => partNames.find(name => name === part) ?? 'button';

/** The cell: a pouch with round sides, the tape over its protection circuit, and the first bit of its wires. */
function cellThings({ at: { cellX, cellY, cellD } }: Case): Thing[] {
  const tapeMm = 5;
  const [end, wiresMm] = [cellY[1], 9];
  const roundMm = 2;
  const depth = cellD[0] + cell.thicknessMm / 2;
  const along = (radiusMm: number, [from, to]: Range, x: number, d: number) =>
    Solids.cylinder(to - from, radiusMm, radiusMm, 32)
      .rotate([-90, 0, 0])
      .translate([x, from, -d]);
  const pouch = (y: Range, moreMm: number) => {
    const [dx, dd] = [cell.widthMm / 2 - roundMm, cell.thicknessMm / 2 - roundMm];
    const middle = (cellX[0] + cellX[1]) / 2;
    const edges = [-dx, dx].flatMap(x =>
      [-dd, dd].map(d => along(roundMm + moreMm, y, middle + x, depth + d)),
    );
    return Solids.hull(edges);
  };
  const wire = (x: number, color: string) => [along(0.8, [end - 1, end + wiresMm], x, depth), color] as const;
  const bodies = [
    [pouch([cellY[0], end - tapeMm], 0), '#c6ced8'],
    [pouch([end - tapeMm, end], 0.05), '#e0b22c'],
    wire(-1.6, '#c8261e'),
    wire(1.6, '#23262b'),
  ] as const;
  return bodies.map(([solid, color]) => ({ name: 'cell', mesh: meshOf(solid), color }));
}

/** With a socket each; the house's topmost one holds the roof and comes last. */
function screws({ at, shape }: Case): Thing[] {
  const socket = { acrossMm: 1.6, deepMm: 0.8 };
  const top = Math.max(...shape.screws.map(([, y]) => y));
  return screwBodies(at, shape).map((solid, i): Thing => {
    const [x = 0, y = 0] = shape.screws[i] ?? [];
    const outerD = -solid.boundingBox().min[2];
    const hole = cylinder([x, y], socket.acrossMm, [outerD - socket.deepMm, outerD + 1]);
    const name = shape.case === 'house' && y === top ? 'roof screw' : 'screws';
    return { name, mesh: meshOf(solid.subtract(hole)), color: screwColor };
  });
}

function meshOf(solid: Solid): Mesh {
  const { vertProperties, triVerts, numProp } = solid.getMesh();
  if (numProp !== 3) throw new Error('a mesh with more than positions');
  return { vertices: vertProperties.slice(), triangles: triVerts.slice() };
}

/** A thing moved by `offset` in the case's frame (src/kernel.ts), then put at `place`. */
export function bodyOf(thing: Thing, offset: Vec, place: Matrix): Body {
  const matrix = after(place, moved(offset));
  const body = { surface: surfaceOf(thing.mesh, matrix), color: thing.color, group: thing.name };
  return thing.display ? { ...body, shines: screen(thing.display, matrix) } : body;
}

/** The lit dots of the display's area, and nothing on the sides of its glass. */
function screen({ at, frame }: NonNullable<Thing['display']>, matrix: Matrix) {
  const { activeMm, activeAt } = at.board.display;
  const [width, height] = activeMm;
  const [left, top] = [activeAt[0] - width / 2, activeAt[1] + height / 2];
  const onGlassMm = 0.05;
  const back = inverse(matrix);
  return (point: Vec): string | undefined => {
    const [x, y, z] = back(point);
    if (Math.abs(z + at.glassD) > onGlassMm) return undefined;
    const column = Math.floor(((x - left) / width) * frame.width);
    const row = Math.floor(((top - y) / height) * frame.height);
    if (column < 0 || row < 0 || column >= frame.width || row >= frame.height) return undefined;
    return frame.pixels[row * frame.width + column] ? shining : undefined;
  };
}

/** The way back of a placement that turns and moves only: its turn is undone by the same numbers, read by columns. */
function inverse(m: Matrix): (point: Vec) => Vec {
  const column = (i: number): Vec => [m[i] ?? 0, m[i + 4] ?? 0, m[i + 8] ?? 0];
  const [x, y, z, by] = [column(0), column(1), column(2), column(3)];
  return point => {
    const p = minus(point, by);
    return [dot(p, x), dot(p, y), dot(p, z)];
  };
}
