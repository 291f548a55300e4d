/** The pictures: what is in each, where from, and what is written on it. Points are in the case's frame (src/kernel.ts). */

import { leanDegrees } from '../src/viewing.ts';
import type { CaseName, Thing } from './bodies.ts';
import type { View } from './camera.ts';
import { identity, type Matrix, turned, type Vec } from './vector.ts';

export type Label =
  /** `away`: the disc's distance from the point that it is about, in dots. */
  | { kind: 'number'; value: number; at: Vec; away?: readonly [number, number] }
  | { kind: 'arrow'; from: Vec; to: Vec };

export interface Scene {
  case: CaseName;
  /** What is shown, and how far from its place. */
  show: Partial<Record<Thing['name'], Vec>>;
  /** From the case's frame to the picture's, whose z is up. */
  place: Matrix;
  view: View;
  widthDots: number;
  heightDots: number;
  /** Something to stand on; else it floats. */
  table: boolean;
  labels: Label[];
}

/** As it stands on its foot. */
const standing = turned('x', 90 - leanDegrees);
/** In the air: upright. */
const upright = turned('x', 90);
const onItsFace = turned('y', 180);

const here: Vec = [0, 0, 0];
const whole = {
  front: here,
  button: here,
  roof: here,
  back: here,
  tray: here,
  foot: here,
  board: here,
  cell: here,
  'shelf switch': here,
  screws: here,
  'roof screw': here,
};

/** From a chair at the table: eyes 42° above it. */
const seated: View = { aroundDegrees: -24, aboveDegrees: 42 };
/** From the table's edge, eyes low. */
const low: View = { aroundDegrees: -30, aboveDegrees: 8 };
/** From the other side. */
const behind: View = { aroundDegrees: 152, aboveDegrees: 30 };

function closed(name: CaseName, view = seated): Scene {
  return {
    case: name,
    show: whole,
    place: standing,
    view,
    widthDots: 880,
    heightDots: 720,
    table: true,
    labels: [],
  };
}

/** How far everything comes out: the button sideways too, or the front would hide it. */
const apart = {
  front: [0, 0, 60],
  button: [-16, -4, 30],
  board: [0, 0, 6],
  tray: [0, 0, -14],
  cell: [0, 0, -34],
  back: [0, 0, -58],
  'shelf switch': [0, 0, -58],
  screws: [0, 0, -80],
  roof: [0, 36, 0],
  'roof screw': [0, 36, -26],
  foot: [0, -52, 6],
} satisfies Scene['show'];

/** The numbers of docs/printing.md: 1 front, 2 button, 3 board, 4 cell, 5 back, 6 screws, 7 roof, 8 tray, 9 foot. */
const numbers: Label[] = [
  { kind: 'number', value: 1, at: [14, -18, 60] },
  { kind: 'number', value: 2, at: [-38, -20, 30], away: [-46, 24] },
  { kind: 'number', value: 3, at: [22, -11, -6], away: [20, 56] },
  { kind: 'number', value: 8, at: [-10, 16, -30] },
  { kind: 'number', value: 4, at: [14, 28, -54], away: [10, -44] },
  { kind: 'number', value: 5, at: [-24, -16, -82] },
  { kind: 'number', value: 9, at: [-20, -80, 2] },
];

function exploded(name: CaseName, more: Label[]): Scene {
  const view = { aroundDegrees: -56, aboveDegrees: 18 };
  const labels = [...numbers, ...more];
  return {
    case: name,
    show: apart,
    place: upright,
    view,
    widthDots: 1040,
    heightDots: 720,
    table: false,
    labels,
  };
}

const above: View = { aroundDegrees: -24, aboveDegrees: 48 };

function step(show: Scene['show'], place: Matrix, labels: Label[]): Scene {
  return { case: 'house', show, place, view: above, widthDots: 760, heightDots: 600, table: true, labels };
}

/** How high what comes next hangs over where it goes, mm. */
const liftMm = 45;
const lifted: Vec = [0, 0, -liftMm];

/** An arrow along the case's depth: where it stands, and from which z to which. */
const arrow = (x: number, y: number, fromZ: number, toZ: number): Label => ({
  kind: 'arrow',
  from: [x, y, fromZ],
  to: [x, y, toZ],
});

const number = (value: number, at: Vec): Label => ({ kind: 'number', value, at });

const built = { front: here, button: here, board: here };
const lid: Vec = [0, 0, -liftMm - 5];
const shut = { ...built, tray: here, cell: here, back: here, 'shelf switch': here };
const down: Vec = [0, -34, 0];

export const scenes: Record<string, Scene> = {
  'case-house-closed': closed('house'),
  'case-cloud-closed': closed('cloud'),
  'case-house-low': closed('house', low),
  'case-cloud-low': closed('cloud', low),
  'case-house-behind': closed('house', behind),
  'case-house-exploded': exploded('house', [
    { kind: 'number', value: 7, at: [-26, 74, 0] },
    { kind: 'number', value: 6, at: [-32.1, -24.5, -106], away: [-20, 44] },
  ]),
  'case-cloud-exploded': exploded('cloud', [
    { kind: 'number', value: 6, at: [-33.8, -18.2, -106], away: [-20, 44] },
  ]),
  'case-coupon': step({ coupon: here, board: lifted, button: [0, 0, -20] }, onItsFace, [
    arrow(6, -10, -44, -12),
    number(2, [-22, -13, -24]),
    number(3, [6, 2, -56]),
  ]),
  'case-assembly-1': step({ front: here, button: lifted }, onItsFace, [
    arrow(-22, -15, -42, -8),
    number(2, [-14, -15, -48]),
    number(1, [10, 22, -2]),
  ]),
  'case-assembly-2': step({ front: here, button: here, board: lifted }, onItsFace, [
    arrow(12, -16, -52, -20),
    number(3, [-8, 4, -58]),
  ]),
  'case-assembly-3': step(
    { back: here, 'shelf switch': here, cell: [0, 0, 30], tray: [0, 0, 58] },
    identity,
    [arrow(0, -22, 38, 6), number(4, [-6, -12, 13]), number(8, [0, 2, 44]), number(5, [26, -20, -20])],
  ),
  'case-assembly-4': step({ ...built, cell: lid, tray: lid, back: lid, 'shelf switch': lid }, onItsFace, [
    arrow(-18, -26, -66, -34),
    number(5, [0, 0, -77]),
  ]),
  'case-assembly-5': step({ ...shut, roof: [0, 0, -45], 'roof screw': [0, 0, -75] }, onItsFace, [
    arrow(-43, 29, -60, -24),
    arrow(43, 29, -60, -24),
    number(7, [22, 41, -72]),
    number(6, [0, 49, -112]),
  ]),
  'case-assembly-6': {
    ...step({ ...shut, roof: here, 'roof screw': here, foot: down, screws: [0, -34, -40] }, upright, [
      { kind: 'arrow', from: [46, -70, -6], to: [46, -40, -6] },
      number(9, [-20, -62, -2]),
      { kind: 'number', value: 6, at: [32.1, -58.5, -68], away: [40, 20] },
    ]),
    view: { aroundDegrees: 30, aboveDegrees: 14 },
    table: false,
  },
};
