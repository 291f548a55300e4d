/** The house: it orders clusters on-premises. A door that is the button, and a roof (roof.ts). */
import {
  circle,
  grooveAround,
  grooveLine,
  grow,
  loft,
  polygon,
  type Round,
  rectangle,
  roundHull,
  type Shape,
  Shapes,
  type Solid,
} from './kernel.ts';
import { buttonSpaceMm, floorInsideMm, type Layout, windowShape } from './layout.ts';
import { gableSpace, type Slopes, topScrewMm } from './roof.ts';
import { type CaseShape, roundEdge } from './shape.ts';

const insideHalfMm = 30;
const eaveMm = 20;
/** Of the two lower corners, as seen from the front. */
const cornerMm = 3;
/** The switch is never nearer to the door's top; a shorter one would not look like a door. */
const door = { widthMm: 10.6, fromFloorMm: 0.2, overSwitchMm: 2.9, leastHighMm: 14.5, cornerMm: 1 };

const halfMm = ({ p }: Layout) => insideHalfMm + p.sideMm;

export function slopes(at: Layout): Slopes {
  return { apexMm: eaveMm + halfMm(at), longMm: halfMm(at) * Math.SQRT2 };
}

function walls(at: Layout, insetMm: number): Shape {
  const half = halfMm(at) - insetMm;
  const floor = floorInsideMm - at.p.sideMm + insetMm;
  // The slopes' inset is perpendicular to them.
  const apex = slopes(at).apexMm - insetMm * Math.SQRT2;
  // A point is no circle, and hull() needs the same number of corners at all depths to give even faces.
  const radius = Math.max(cornerMm - insetMm, 0.1);
  const upper = polygon([
    [half, floor + radius],
    [half, apex - half],
    [0, apex],
    [-half, apex - half],
    [-half, floor + radius],
  ]);
  const corners = [-1, 1].map(side => circle([side * (half - radius), floor + radius], radius));
  return Shapes.hull([upper, ...corners]);
}

/** Grooves: a frame around the display, a window beside it and one in the gable, a lantern at the reset, a doorstep. */
function drawn(at: Layout, doorX: number): Solid[] {
  const { p, board } = at;
  const depth = p.grooveMm;
  const { activeAt, activeMm } = board.display;
  const gable = { y: eaveMm + 7, r: 6 };
  const frameMm = p.faceMm - p.wallMm + depth + p.wallMm;
  const from = activeAt[0] + activeMm[0] / 2 + frameMm + 3;
  const x = (from + insideHalfMm - 1) / 2;
  const [w, h, y] = [Math.min(4.5, (insideHalfMm - 1 - from) / 2), 5.4, activeAt[1]];
  const step = floorInsideMm;
  return [
    grooveAround(grow(windowShape(at), frameMm), depth),
    grooveAround(circle([0, gable.y], gable.r), depth),
    grooveLine([-gable.r, gable.y], [gable.r, gable.y], depth),
    grooveLine([0, gable.y - gable.r], [0, gable.y + gable.r], depth),
    grooveAround(rectangle([x - w, x + w], [y - h, y + h]), depth),
    grooveLine([x - w, y], [x + w, y], depth),
    grooveLine([x, y - h], [x, y + h], depth),
    grooveLine([x - w - 0.4, y - h - 2.6], [x + w + 0.4, y - h - 2.6], depth),
    grooveAround(circle(board.reset.at, p.pinHoleMm / 2 + depth + p.wallMm), depth),
    grooveLine([doorX - 6.6, step], [doorX + 6.6, step], depth),
  ];
}

export function house(at: Layout): CaseShape {
  const { p, board } = at;
  const half = halfMm(at);
  const [x, switchY] = board.press.at;
  const radius = door.widthMm / 2;
  const bottomMm = floorInsideMm + door.fromFloorMm + buttonSpaceMm(p);
  const topMm = Math.max(switchY + door.overSwitchMm, bottomMm + door.leastHighMm);
  const corner = radius - door.cornerMm;
  const arch: Round[] = [
    [x, topMm - radius, radius],
    [x - corner, bottomMm + door.cornerMm, door.cornerMm],
    [x + corner, bottomMm + door.cornerMm, door.cornerMm],
  ];
  const panel = Shapes.hull([
    rectangle([x - radius + 2.4, x + radius - 2.4], [bottomMm + 2.4, topMm - radius]),
    circle([x, topMm - radius], radius - 2.4),
  ]);
  const knobAt = [x + 1.2, (bottomMm + topMm - 1.4) / 2] as const;
  const knob = loft(
    [circle(knobAt, 1.2), -p.buttonProudMm - 0.2],
    [circle(knobAt, 0.02), -p.buttonProudMm + 0.98],
  );
  const fromEdgeMm = p.sideMm + 2.8;
  return {
    case: 'house',
    pieces: [inset => walls(at, inset)],
    frontEdge: roundEdge(4, 6),
    backEdge: [
      [1, 0],
      [0, 1],
    ],
    button: growMm => roundHull(arch, growMm),
    buttonName: 'door',
    screws: [
      [-half + fromEdgeMm, eaveMm - 2],
      [half - fromEdgeMm, floorInsideMm + 2.8],
      [0, slopes(at).apexMm - topScrewMm(at)],
    ],
    drawn: drawn(at, x),
    drawnOnButton: [grooveAround(panel, p.grooveMm).translate([0, 0, p.buttonProudMm]), knob],
    notBack: gableSpace(at, slopes(at)),
    colours: { front: '#f3e9d8', back: '#f3e9d8', button: '#1f5fc4' },
  };
}
