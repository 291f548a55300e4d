/** What is on the back for people: the switch that takes the cell off, and the place for the button's name. */
import { box, grooveAround, prism, rectangle, type Shape, type Solid } from './kernel.ts';
import { around, type Layout } from './layout.ts';
import { chamferBehind } from './screws.ts';
import type { CaseShape } from './shape.ts';

const overMm = 0.5;
/**
 * A slide switch of the kind SS12D00 G3, in the cell's red wire: body, legs and how far its knob goes and stands out; from memory, its
 * makers agree within 0.3 mm. Its knob ends about flush with the back: nothing in a bag moves it.
 */
export const slideSwitch = {
  acrossMm: 3.7,
  alongMm: 8.6,
  highMm: 3.6,
  legsMm: 3,
  knobMm: [1.8, 3.9],
} as const;
/** Around its body, and around its knob. */
const fitMm = 0.2;
/** A name of eleven letters, by hand; or a label. */
const labelMm = [34, 10] as const;

const bodyShape = ({ switchAt: [x, y] }: CaseShape, moreMm = 0): Shape =>
  rectangle(around(x, slideSwitch.acrossMm + 2 * moreMm), around(y, slideSwitch.alongMm + 2 * moreMm));

/** Its body and its legs, as it lies on the back's inside. */
export function switchBody({ rimD }: Layout, shape: CaseShape): Solid {
  const [x, y] = shape.switchAt;
  const legsD = rimD - slideSwitch.highMm;
  const legs = box(around(x, 1), around(y, 5), [legsD - slideSwitch.legsMm, legsD]);
  return prism(bodyShape(shape), [legsD, rimD]).add(legs);
}

/** Four walls around its body; a drop of glue holds it there. */
export function switchHolder({ p, rimD }: Layout, shape: CaseShape): Solid {
  const d = [rimD - slideSwitch.highMm, rimD + overMm] as const;
  return prism(bodyShape(shape, fitMm + p.wallMm), d).subtract(
    prism(bodyShape(shape, fitMm), [d[0] - 1, rimD]),
  );
}

/** For its knob: through the back, wider outside for a fingernail. */
export function switchSlot({ p, rimD, depthMm }: Layout, shape: CaseShape): Solid {
  const [x, y] = shape.switchAt;
  const [across, along] = slideSwitch.knobMm;
  const slot = rectangle(around(x, across + 2 * fitMm), around(y, along + 2 * fitMm));
  return prism(slot, [rimD - overMm, depthMm + overMm]).add(chamferBehind(slot, depthMm, p));
}

/** A frame on the back's outside, to write the button's name in. */
export function backDrawings({ p, depthMm }: Layout, shape: CaseShape): Solid[] {
  const [x, y] = shape.labelAt;
  const frame = grooveAround(rectangle(around(x, labelMm[0]), around(y, labelMm[1])), p.grooveMm);
  // Drawn for the face; the back is its mirror image.
  return [frame.mirror([0, 0, 1]).translate([0, 0, -depthMm])];
}
