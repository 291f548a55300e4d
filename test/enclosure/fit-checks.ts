/** What must hold between the parts of a case and what goes into it. Each check names what is wrong; nothing is right. */
import { usbGripMm } from '../../enclosure/src/boards.ts';
import { box, cylinder, prism, rectangle, Shapes } from '../../enclosure/src/kernel.ts';
import { usbEnvelope } from '../../enclosure/src/layout.ts';
import { screwBodies } from '../../enclosure/src/screws.ts';
import {
  between,
  closeMm,
  hull,
  inside,
  type Made,
  nothingMm3,
  part,
  printed,
  sharedMm3,
  sliceAt,
} from './cases.ts';

/** Farther than any clearance: gaps are searched up to here, mm. */
const searchMm = 5;

export type Check = (made: Made) => string[];

const wrong = (holds: boolean, text: string): string[] => (holds ? [] : [text]);

const near = (what: string, foundMm: number, wantedMm: number): string[] =>
  wrong(Math.abs(foundMm - wantedMm) <= closeMm, `${what}: ${foundMm.toFixed(3)} mm, not ${wantedMm} mm`);

const apart = (what: string, mm3: number): string[] =>
  wrong(mm3 < nothingMm3, `${what} share ${mm3.toFixed(3)} mm³`);

/** Board, display, switches, plug and cell (swollen) take no plastic's place, and the cell nobody's. */
const contentsFit: Check = made => {
  const all = inside(made);
  const withPlastic = all.flatMap(content =>
    printed(made).flatMap(({ name, solid }) =>
      apart(`${content.name} and ${name}`, sharedMm3(content.solid, solid)),
    ),
  );
  const cells = ['cell', "cell's wires"];
  const withCell = inside(made, ...cells).flatMap(cell =>
    all
      .filter(({ name }) => !cells.includes(name))
      .flatMap(({ name, solid }) => apart(`${cell.name} and ${name}`, sharedMm3(cell.solid, solid))),
  );
  return [...withPlastic, ...withCell];
};

const contentsStayInside: Check = made => {
  const outer = hull(made);
  return inside(made).flatMap(({ name, solid }) => {
    const outsideMm3 = solid.subtract(outer).volume();
    return wrong(outsideMm3 < nothingMm3, `${outsideMm3.toFixed(3)} mm³ of ${name} are outside`);
  });
};

const partsDoNotShareSpace: Check = made => {
  const parts = printed(made);
  return parts.flatMap((one, index) =>
    parts
      .slice(index + 1)
      .flatMap(other => apart(`${one.name} and ${other.name}`, sharedMm3(one.solid, other.solid))),
  );
};

/** The board lies on its posts, is held from behind with `fitClampMm`, and has `fitBoardMm` at its edges. */
const boardIsHeld: Check = made => {
  const { at, p } = made;
  const board = inside(made, 'board')[0]?.solid;
  if (!board) return ['no board'];
  const front = part(made, 'front');
  const behind = between(front, [at.boardFrontD + 0.1, at.rimD]);
  const [x, y] = at.board.sizeMm;
  const clamps = part(made, 'back').intersect(box([-x / 2, x / 2], [-y / 2, y / 2], [0, at.depthMm]));
  return [
    // Moved towards the face it meets the posts at once.
    ...wrong(sharedMm3(board.translate([0, 0, 0.1]), front) > 1, 'the board does not lie on its posts'),
    ...near('board to clamps', board.minGap(clamps, searchMm), p.fitClampMm),
    ...near("board's edge to posts", board.minGap(behind, searchMm), p.fitBoardMm),
  ];
};

/** From far behind to its place, the board passes everything. */
const boardGoesIn: Check = made => {
  const front = part(made, 'front');
  const things = inside(made, 'board', 'display', 'USB socket', 'reset switch', 'parts on the board');
  return [0, 1, 2, 4, 8, 16, 32].flatMap(byMm =>
    things.flatMap(({ name, solid }) =>
      apart(
        `${byMm} mm before its place: ${name} and front`,
        sharedMm3(solid.translate([0, 0, -byMm]), front),
      ),
    ),
  );
};

/** The window shows all of the lit area and at most 0.3 mm more, and widens by 45° towards the viewer. */
const windowFits: Check = made => {
  const { at, p } = made;
  const { activeAt, activeMm } = at.board.display;
  const [x, y] = activeAt;
  const [w, h] = [activeMm[0] / 2, activeMm[1] / 2];
  const area = rectangle([x - w, x + w], [y - h, y + h]);
  const around = rectangle([x - w - 4, x + w + 4], [y - h - 4, y + h + 4]);
  const front = part(made, 'front');
  // Other openings may be near: the window is what is open over the lit area.
  const open = (d: number) =>
    Shapes.union(
      around
        .subtract(sliceAt(front, d))
        .decompose()
        .filter(hole => hole.intersect(area).area() > 1),
    ).bounds();
  const margins = (d: number) => {
    const { min, max } = open(d);
    return [x - w - min[0], max[0] - x - w, y - h - min[1], max[1] - y - h];
  };
  const depths = [0.05, p.faceMm / 2, p.faceMm - 0.05];
  const land = margins(p.faceMm - 0.05);
  const face = margins((p.faceMm - p.wallMm) / 2);
  return [
    ...depths.flatMap(d =>
      wrong(area.intersect(sliceAt(front, d)).area() < 1e-6, `at ${d} mm the window covers lit dots`),
    ),
    ...land.flatMap(mm =>
      wrong(mm >= -1e-5 && mm <= 0.3 + 1e-5, `the window is ${mm.toFixed(3)} mm larger than the lit area`),
    ),
    ...face.flatMap((mm, side) => near('bevel half-way', mm - (land[side] ?? 0), (p.faceMm - p.wallMm) / 2)),
  ];
};

/** The glass has `fitDisplayMm` to the face, and covers the window. */
const glassFits: Check = made => {
  const { at, p } = made;
  const glass = inside(made, 'display')[0]?.solid;
  if (!glass) return ['no display'];
  const { activeAt, activeMm } = at.board.display;
  const [x, y] = activeAt;
  const [w, h] = [activeMm[0] / 2 + p.windowMarginMm, activeMm[1] / 2 + p.windowMarginMm];
  const behindWindow = prism(rectangle([x - w, x + w], [y - h, y + h]), [at.glassD, at.glassD + 0.5]);
  const face = between(part(made, 'front'), [0, p.faceMm]);
  return [
    ...near('glass to face', glass.minGap(face, searchMm), p.fitDisplayMm),
    ...wrong(behindWindow.subtract(glass).volume() < nothingMm3, 'beside the glass one sees into the case'),
  ];
};

const plugFits: Check = made => {
  const envelope = usbEnvelope(made.at);
  const { min, max } = envelope.boundingBox();
  const size = [max[1] - min[1], max[2] - min[2]].map(mm => Math.round(mm * 1e6) / 1e6);
  return [
    ...wrong(size.join() === usbGripMm.join(), `the plug's grip is ${size.join(' × ')} mm`),
    ...printed(made).flatMap(({ name, solid }) => [
      ...apart(`USB plug and ${name}`, sharedMm3(envelope, solid)),
    ]),
    ...near('USB plug to its opening', envelope.minGap(part(made, 'front'), searchMm), made.p.fitUsbMm),
  ];
};

/** A straight wire reaches the reset switch, and is guided there. */
const resetIsReached: Check = made => {
  const { at, p } = made;
  const { at: xy, sizeMm } = at.board.reset;
  const wire = cylinder(xy, p.pinHoleMm - 0.1, [-30, at.boardFrontD - at.board.reset.topMm]);
  const others = inside(made).filter(({ name }) => name !== 'reset switch');
  return [
    ...printed(made).flatMap(({ name, solid }) => apart(`wire and ${name}`, sharedMm3(wire, solid))),
    ...others.flatMap(({ name, solid }) => apart(`wire and ${name}`, sharedMm3(wire, solid))),
    ...wrong(p.pinHoleMm <= Math.min(...sizeMm), 'the hole is wider than the switch'),
  ];
};

/** No metal in front of the antenna or behind it. */
const antennaIsFree: Check = made => {
  const { at } = made;
  const [x0, x1, y0, y1] = at.board.antenna;
  const keepOut = box([x0, x1], [y0, y1], [0, at.depthMm]);
  const metal = [
    ...inside(
      made,
      'cell',
      "cell's wires",
      'battery plug',
      'display',
      'display module',
      'switch',
      'USB socket',
    ),
    ...screwBodies(at, made.shape).map(solid => ({ name: 'screw', solid })),
  ];
  return metal.flatMap(({ name, solid }) => apart(`antenna and ${name}`, sharedMm3(keepOut, solid)));
};

/** Screws pass the back (and the roof), bite into the front, and touch nothing else. */
const screwsHold: Check = made => {
  const { at, p, shape } = made;
  const front = part(made, 'front');
  return screwBodies(at, shape).flatMap((screw, index) => {
    const title = `screw ${index + 1}`;
    const bite = screw.intersect(front);
    const { min, max } = bite.boundingBox();
    const others = printed(made).filter(({ name }) => name !== 'front');
    return [
      ...wrong(bite.volume() > 1 && max[2] - min[2] >= 4, `${title} does not hold in the front`),
      ...wrong(-screw.boundingBox().max[2] >= p.faceMm, `${title} comes out of the face`),
      ...others.flatMap(({ name, solid }) => apart(`${title} and ${name}`, sharedMm3(screw, solid))),
      ...inside(made).flatMap(({ name, solid }) => apart(`${title} and ${name}`, sharedMm3(screw, solid))),
    ];
  });
};

/** The lip has `fitLidMm` to the walls, the back lies on the rim, and goes straight in. */
const lidMates: Check = made => {
  const { at, p } = made;
  const [front, back] = [part(made, 'front'), part(made, 'back')];
  const lip = between(back, [at.rimD - p.lipHeightMm, at.rimD - 0.05]);
  const plate = between(back, [at.rimD, at.depthMm]);
  const ways = [0, 0.5, 1, 2, 4, 8, 16];
  return [
    ...near('lip to walls', lip.minGap(front, searchMm), p.fitLidMm),
    ...near('back to rim', plate.translate([0, 0, -0.5]).minGap(front, searchMm), 0.5),
    ...wrong(
      lip.minGap(front.translate([0, p.fitLidMm + 0.05, 0]), searchMm) === 0,
      'the lip does not guide the back',
    ),
    ...ways.flatMap(byMm =>
      apart(`${byMm} mm before: back and front`, sharedMm3(back.translate([0, 0, -byMm]), front)),
    ),
  ];
};

/** The house's roof has `fitRoofMm`, slides on from behind over front and back, and holds the back's upper edge. */
const roofMates: Check = made => {
  if (made.shape.case !== 'house') return [];
  const { at, p } = made;
  const [front, back, roof] = [part(made, 'front'), part(made, 'back'), part(made, 'roof')];
  const over = between(roof, [-20, at.rimD - 0.05]);
  return [
    ...near('roof to walls', over.minGap(front, searchMm), p.fitRoofMm),
    ...near('roof to back', roof.minGap(back, searchMm), p.fitRoofMm),
    ...wrong(
      sharedMm3(back.translate([0, 0, -p.fitRoofMm * 2 - 0.2]), roof) > 0.1,
      'the roof does not hold the back',
    ),
    ...[0, 1, 2, 4, 8, 16, 32].flatMap(byMm => {
      const moved = roof.translate([0, 0, -byMm]);
      return [
        ...apart(`${byMm} mm before: roof and front`, sharedMm3(moved, front)),
        ...apart(`${byMm} mm before: roof and back`, sharedMm3(moved, back)),
      ];
    }),
  ];
};

export const fitChecks: Record<string, Check> = {
  'board, cell and case do not intersect': contentsFit,
  'board and cell stay inside': contentsStayInside,
  'the parts do not intersect': partsDoNotShareSpace,
  'the board is held': boardIsHeld,
  'the board goes in': boardGoesIn,
  'the window is over the lit area': windowFits,
  'the glass is behind the window': glassFits,
  'the USB plug goes in': plugFits,
  'a wire reaches the reset switch': resetIsReached,
  'the antenna is free of metal': antennaIsFree,
  'the screws hold': screwsHold,
  'back and front mate': lidMates,
  'the roof mates': roofMates,
};
