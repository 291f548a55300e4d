/** What makes a case a house or a cloud: its outline and what is drawn on it. Everything else is the same for both. */
import type { Xy } from './boards.ts';
import { loft, type Range, type Shape, Shapes, type Solid } from './kernel.ts';
import type { Parameters } from './parameters.ts';

/** Inset from the outline at a depth behind the face. */
export type Edge = readonly (readonly [insetMm: number, dMm: number])[];

/** The foot's plate behind the back, mm. */
export const footPlateMm = 2.6;

export interface CaseShape {
  case: 'house' | 'cloud';
  /** Convex pieces whose union is the outline, each shrunk by an inset. */
  pieces: readonly ((insetMm: number) => Shape)[];
  /** The front's edge, from the face backwards, and the back's, from its outer side forwards. */
  frontEdge: Edge;
  backEdge: Edge;
  /** The button's outline, outwards by `growMm`. Convex, and the same number of corners whatever `growMm` is. */
  button: (growMm: number) => Shape;
  buttonName: string;
  screws: readonly Xy[];
  /** So many of them, the first ones, hold the foot too. */
  footScrews: number;
  /** How far the foot reaches to the left and to the right, x. */
  footX: Range;
  /** Where its bottom is flat: over the weight in the foot. */
  ballastX: Range;
  /** Openings in the face that the charger's light is seen through, convex. */
  lights: readonly Shape[];
  /** Middle of the switch that takes the cell off, in the back. */
  switchAt: Xy;
  /** Where the button's name is written on the back. */
  labelAt: Xy;
  /** Cut out of the front's face: grooves. */
  drawn: readonly Solid[];
  /** Cut out of the button's face. */
  drawnOnButton: readonly Solid[];
  /** Cut out of the back where another part takes its place: the house's gable, which belongs to the roof. */
  notBack?: Solid;
  colours: { front: string; back: string; button: string; foot: string };
}

/** The outline at an inset. */
export function outline(shape: CaseShape, insetMm = 0): Shape {
  return Shapes.union(shape.pieces.map(piece => piece(insetMm)));
}

/** What the walls leave inside, `fitMm` smaller all around. */
export function insideShape({ sideMm }: Parameters, shape: CaseShape, fitMm = 0): Shape {
  return outline(shape).offset(-(sideMm + fitMm), 'Round', 2, 64);
}

/** The outline through depths, each piece by itself: what is between two lobes stays a crease. */
export function throughDepths(shape: CaseShape, edge: Edge): Solid[] {
  return shape.pieces.map(piece => loft(...edge.map(([insetMm, d]) => [piece(insetMm), d] as const)));
}

/** A rounded edge: from 45° at the face, which prints without support when it lies on it, to upright. */
export function roundEdge(radiusMm: number, steps: number): Edge {
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = (Math.PI / 4) * (1 + step / steps);
    const insetMm = step === steps ? 0 : radiusMm * (1 - Math.sin(angle));
    return [insetMm, radiusMm * (Math.SQRT1_2 - Math.cos(angle))] as const;
  });
}
