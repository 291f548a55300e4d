/** The house: it orders clusters on-premises. A door that is the button, and a roof (roof.ts). */
import {
  circle,
  grooveAround,
  grooveLine,
  grow,
  loft,
  polygon,
  prism,
  type Round,
  rectangle,
  roundHull,
  type Shape,
  Shapes,
  type Solid,
} from './kernel.ts';
import { buttonSpaceMm, floorInsideMm, type Layout, panelPocket, windowShape } from './layout.ts';
import { gableSpace, type Slopes, topScrewMm } from './roof.ts';
import { type CaseShape, roundEdge } from './shape.ts';

/** From the middle to the door's left edge: the farther one of the boards' buttons is 22 to the left. */
const doorLeftMm = 22 + 5.3;
const eaveMm = 20;
/** Of the two lower corners, as seen from the front. */
const cornerMm = 3;
/** From the walls' inside to the lower screws, and how far the foot stands out beside the walls. */
const cornerScrewMm = 1.5;
const footBesideMm = 4;
/** The switch is never nearer to the door's top; a shorter one would not look like a door. */
const door = { widthMm: 10.6, fromFloorMm: 0.2, overSwitchMm: 2.9, leastHighMm: 14.5, cornerMm: 1 };

/** Room for a screw left of the door; then a board of 60 mm and its stops find room too. */
const insideHalfMm = ({ p }: Layout) => doorLeftMm + buttonSpaceMm(p) + p.bossMm / 2 + cornerScrewMm;

const halfMm = (at: Layout) => insideHalfMm(at) + at.p.sideMm;

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

/** The round window in the gable: its panes are open, so that the charger's light is seen. */
const gable = { yMm: eaveMm + 9, radiusMm: 6.4, barMm: 1.6 };

/** Four panes, each convex: three corners and the round side. */
function panes(at: Layout): Shape[] {
  const { radiusMm, yMm, barMm } = gable;
  const inside = radiusMm - at.p.grooveMm - at.p.wallMm;
  const pane = circle([0, 0], inside).intersect(rectangle([barMm / 2, 99], [barMm / 2, 99]));
  return [0, 90, 180, 270].map(degrees => pane.rotate(degrees).translate(0, yMm));
}

/** Around the window and around the pocket behind it, where the face is too thin for a groove. */
function windowFrame(at: Layout): Shape {
  const { p } = at;
  const front = grow(windowShape(at), p.windowPlateMm - p.windowLandMm).bounds();
  const behind = panelPocket(at).bounds();
  const frame = rectangle(
    [Math.min(front.min[0], behind.min[0]), Math.max(front.max[0], behind.max[0])],
    [Math.min(front.min[1], behind.min[1]), Math.max(front.max[1], behind.max[1])],
  );
  return grow(frame, p.grooveMm + p.wallMm);
}

/** Grooves: a frame around the display that gives way to the door, a window beside it and the frame of the one in the gable, a lantern at the reset. */
function drawn(at: Layout, door: Shape): Solid[] {
  const { p, board } = at;
  const depth = p.grooveMm;
  const frame = windowFrame(at);
  const { min, max } = frame.bounds();
  const from = max[0] + depth + 1.4;
  const until = insideHalfMm(at) - 1;
  const [x, w, h] = [(from + until) / 2, Math.min(4.5, (until - from) / 2), 5.4];
  const y = (min[1] + max[1]) / 2 + 1.5;
  return [
    grooveAround(frame, depth).subtract(prism(door, [-1, depth + 1])),
    grooveAround(circle([0, gable.yMm], gable.radiusMm), depth),
    grooveAround(rectangle([x - w, x + w], [y - h, y + h]), depth),
    grooveLine([x - w, y], [x + w, y], depth),
    grooveLine([x, y - h], [x, y + h], depth),
    grooveLine([x - w - 0.4, y - h - 2.6], [x + w + 0.4, y - h - 2.6], depth),
    grooveAround(circle(board.reset.at, p.pinHoleMm / 2 + depth + p.wallMm), depth),
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
  const fromEdgeMm = p.sideMm + cornerScrewMm;
  const floorScrew = floorInsideMm + cornerScrewMm;
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
      // Beside the door: what a finger pushes, it holds.
      [-half + fromEdgeMm, floorScrew],
      [half - fromEdgeMm, floorScrew],
      [0, slopes(at).apexMm - topScrewMm(at)],
    ],
    footScrews: 2,
    footX: [-half - footBesideMm, half + footBesideMm],
    ballastX: [-half, half],
    lights: panes(at),
    switchAt: [24.3, 17.2],
    labelAt: [0, -4],
    drawn: drawn(at, roundHull(arch, buttonSpaceMm(p) + p.wallMm)),
    drawnOnButton: [grooveAround(panel, p.grooveMm).translate([0, 0, p.buttonProudMm]), knob],
    notBack: gableSpace(at, slopes(at)),
    colours: { front: '#e6dac4', back: '#e6dac4', button: '#1f5fc4', foot: '#7fa35c' },
  };
}
