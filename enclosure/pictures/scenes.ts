/** The pictures: what is in each, where from, and what is written on it. Points are in the case's frame (src/kernel.ts). */
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

const standing = turned('x', 90);
const onItsFace = turned('y', 180);

const here: Vec = [0, 0, 0];
const whole = {
  front: here,
  button: here,
  roof: here,
  back: here,
  board: here,
  cell: here,
  screws: here,
  'roof screw': here,
};

function closed(name: CaseName): Scene {
  const view = { aroundDegrees: -24, aboveDegrees: 11 };
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
  front: [0, 0, 58],
  button: [-14, -4, 26],
  board: [0, 0, 6],
  cell: [0, 0, -18],
  back: [0, 0, -44],
  screws: [0, 0, -66],
  roof: [0, 35, 4],
  'roof screw': [0, 35, -18],
} satisfies Scene['show'];

/** The numbers of docs/printing.md: 1 front, 2 button, 3 board, 4 cell, 5 back, 6 screws, 7 roof. */
const numbers: Label[] = [
  { kind: 'number', value: 1, at: [12, -17, 58] },
  { kind: 'number', value: 2, at: [-36, -22, 24], away: [-40, 34] },
  { kind: 'number', value: 3, at: [19, -10, 0], away: [26, 56] },
  { kind: 'number', value: 4, at: [0, 0, -31] },
  { kind: 'number', value: 5, at: [0, -8, -62] },
];

function exploded(name: CaseName, more: Label[]): Scene {
  const view = { aroundDegrees: -56, aboveDegrees: 18 };
  const labels = [...numbers, ...more];
  return {
    case: name,
    show: apart,
    place: standing,
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
const shut = { ...built, cell: here, back: here, screws: here };

export const scenes: Record<string, Scene> = {
  'case-house-closed': closed('house'),
  'case-cloud-closed': closed('cloud'),
  'case-house-exploded': exploded('house', [
    { kind: 'number', value: 7, at: [-24, 71, 0] },
    { kind: 'number', value: 6, at: [-27.2, 17.5, -92], away: [-34, 40] },
  ]),
  'case-cloud-exploded': exploded('cloud', [
    { kind: 'number', value: 6, at: [-30, 15.5, -92], away: [-2, 50] },
  ]),
  'case-coupon': step({ coupon: here, board: lifted, button: [0, 0, -20] }, onItsFace, [
    arrow(6, -10, -44, -12),
    number(2, [-21.5, -13, -24]),
    number(3, [6, 2, -52]),
  ]),
  'case-assembly-1': step({ front: here, button: lifted }, onItsFace, [
    arrow(-21.5, -15, -42, -8),
    number(2, [-14, -15, -48]),
    number(1, [10, 22, -2]),
  ]),
  'case-assembly-2': step({ front: here, button: here, board: lifted }, onItsFace, [
    arrow(10, -12, -46, -18),
    number(3, [-8, 4, -55]),
  ]),
  'case-assembly-3': step({ back: here, cell: [0, 0, liftMm] }, identity, [
    arrow(0, -22, 30, -12),
    number(4, [0, 8, 32]),
    number(5, [18, -24, -20]),
  ]),
  'case-assembly-4': step({ ...built, cell: lid, back: lid, screws: [0, 0, lid[2] - 28] }, onItsFace, [
    arrow(-18, -26, -72, -40),
    number(5, [0, 0, -72]),
    number(6, [26.8, -23.2, -112]),
  ]),
  'case-assembly-5': step({ ...shut, roof: [0, 0, -45], 'roof screw': [0, 0, -75] }, onItsFace, [
    arrow(-40, 29, -60, -24),
    arrow(40, 29, -60, -24),
    number(7, [22, 38, -66]),
    number(6, [0, 46, -108]),
  ]),
};
