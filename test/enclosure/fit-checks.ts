/** What must hold between the parts of a case and what goes into it. Each check names what is wrong; nothing is right. */
import type { Xy } from '../../enclosure/src/boards.ts';
import { cell } from '../../enclosure/src/cell.ts';
import {
  box,
  cylinder,
  prism,
  rectangle,
  type Shape,
  Shapes,
  type Solid,
} from '../../enclosure/src/kernel.ts';
import { screwBodies } from '../../enclosure/src/screws.ts';
import {
  between,
  cavity,
  content,
  inside,
  type Made,
  nothingMm3,
  part,
  printed,
  sharedMm3,
  sliceAt,
  usbPlug,
} from './cases.ts';
import { apart, type Check, goesIn, guided, near, searchMm, wrong } from './say.ts';

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
  const outer = cavity(made);
  return inside(made).flatMap(({ name, solid }) => {
    const outsideMm3 = solid.subtract(outer).volume();
    return wrong(outsideMm3 < nothingMm3, `${outsideMm3.toFixed(3)} mm³ of ${name} are outside`);
  });
};

/** The board's corners, and what of a solid is there. */
const corners = [-1, 1].flatMap(x => [-1, 1].map((y): Xy => [x, y]));
const atCorner = (solid: Solid, [x, y]: Xy): Solid =>
  solid.intersect(box([0, 99 * x], [0, 99 * y], [-99, 99]));
const named = ([x, y]: Xy) => `${y > 0 ? 'upper' : 'lower'} ${x > 0 ? 'right' : 'left'} corner`;

/** The board lies on its posts, is held from behind with `fitClampMm`, at each corner, and has `fitBoardMm` at its edges. */
const boardIsHeld: Check = made => {
  const { at, p } = made;
  const board = content(made, 'board');
  const { min, max } = board.boundingBox();
  const front = part(made, 'front');
  const beside = between(front, [-max[2] + 0.1, at.rimD]);
  const back = part(made, 'back').intersect(box([min[0], max[0]], [min[1], max[1]], [0, at.depthMm]));
  // Moved towards the face it meets the posts at once.
  const lowered = board.translate([0, 0, 0.1]).intersect(front);
  return [
    ...corners.flatMap(corner => [
      ...wrong(
        atCorner(lowered, corner).volume() > 0.3,
        `the board does not lie on its post at its ${named(corner)}`,
      ),
      ...near(
        `board to clamp at its ${named(corner)}`,
        board.minGap(atCorner(back, corner), searchMm),
        p.fitClampMm,
      ),
    ]),
    ...near("board's edge to posts", board.minGap(beside, searchMm), p.fitBoardMm),
    ...guided('board', board, front, p.fitBoardMm + 0.05),
  ];
};

/** The cell has its size and its room to swell, `fitCellMm` on each side, and the back to lie on. */
const cellIsHeld: Check = made => {
  const { p } = made;
  const swollen = content(made, 'cell');
  const back = part(made, 'back');
  const { min, max } = swollen.boundingBox();
  const bay = between(back, [-max[2], -min[2] - 0.05]);
  return [
    ...near("cell's width", max[0] - min[0], cell.widthMm),
    ...near("cell's length", max[1] - min[1], cell.lengthMm),
    ...near('cell and its swelling', max[2] - min[2], cell.thicknessMm + cell.swellingMm),
    ...near('cell to its bay', swollen.minGap(bay, searchMm), p.fitCellMm),
    ...guided('cell', swollen, back, p.fitCellMm + 0.05),
    ...wrong(sharedMm3(swollen.translate([0, 0, -0.1]), back) > 1, 'the cell does not lie on the back'),
  ];
};

/** From far behind to its place, the board passes everything; so does what is on it, and its module. */
const boardGoesIn: Check = made => {
  const front = part(made, 'front');
  const own = made.at.board.press.own;
  const things = [
    'board',
    'parts behind the board',
    'display',
    'USB socket',
    'reset switch',
    ...(own ? [] : ['switch', "switch's actuator"]),
    ...(made.at.board.module ? ['parts on the board', 'display module'] : []),
  ];
  return things.flatMap(name => goesIn(name, content(made, name), front));
};

/** What is open over the lit area at a depth of the finished front; other openings may be near. */
function windowAt(made: Made, d: number): Shape {
  const { area, around } = litArea(made);
  const holes = around.subtract(sliceAt(part(made, 'front'), d)).decompose();
  return Shapes.union(holes.filter(hole => hole.intersect(area).area() > 1));
}

function litArea({ at }: Made): { area: Shape; around: Shape; x: Xy; y: Xy } {
  const { activeAt, activeMm } = at.board.display;
  const [x, y] = activeAt;
  const [w, h] = [activeMm[0] / 2, activeMm[1] / 2];
  return {
    area: rectangle([x - w, x + w], [y - h, y + h]),
    around: rectangle([x - w - 4, x + w + 4], [y - h - 4, y + h + 4]),
    x: [x - w, x + w],
    y: [y - h, y + h],
  };
}

/** The window shows all of the lit area and at most 0.3 mm more, and widens by 45° towards the viewer. */
const windowFits: Check = made => {
  const { p } = made;
  const front = part(made, 'front');
  const { area, x, y } = litArea(made);
  const margins = (d: number) => {
    const { min, max } = windowAt(made, d).bounds();
    return [x[0] - min[0], max[0] - x[1], y[0] - min[1], max[1] - y[1]];
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
  const { p } = made;
  const glass = content(made, 'display');
  const glassD = -glass.boundingBox().max[2];
  const behindWindow = prism(windowAt(made, p.faceMm - 0.05), [glassD, glassD + 0.5]);
  const besideMm3 = behindWindow.subtract(glass).volume();
  const face = between(part(made, 'front'), [0, p.faceMm]);
  return [
    ...near('glass to face', glass.minGap(face, searchMm), p.fitDisplayMm),
    ...wrong(besideMm3 < nothingMm3, 'beside the glass one sees into the case'),
  ];
};

/** The largest plug's grip, laid over the socket itself, has `fitUsbMm` on each side of the opening. */
const plugFits: Check = made => {
  const { p } = made;
  const plug = usbPlug(made);
  const front = part(made, 'front');
  // Behind the plug it narrows to a bridge, so it is deeper there by up to 1.6 mm.
  const sides = [
    { way: 'upwards', by: [0, 0.05, 0] },
    { way: 'downwards', by: [0, -0.05, 0] },
    { way: 'forwards', by: [0, 0, 0.05] },
    { way: 'backwards', by: [0, 0, -1.6] },
  ] as const;
  const onBoardMm =
    content(made, 'board').boundingBox().max[2] - content(made, 'USB socket').boundingBox().min[2];
  return [
    ...wrong(Math.abs(onBoardMm) < 0.2, `the socket stands ${onBoardMm.toFixed(2)} mm in the board`),
    ...printed(made).flatMap(({ name, solid }) => apart(`USB plug and ${name}`, sharedMm3(plug, solid))),
    ...near('USB plug to its opening', plug.minGap(front, searchMm), p.fitUsbMm),
    ...sides.flatMap(({ way, by }) => {
      const moved = by.map(mm => mm + Math.sign(mm) * p.fitUsbMm) as [number, number, number];
      return wrong(
        sharedMm3(plug.translate(moved), front) > 0.1,
        `the USB opening is larger than stated ${way}`,
      );
    }),
  ];
};

/** A straight wire reaches the reset switch, and is guided there. */
const resetIsReached: Check = made => {
  const { p } = made;
  const { min, max } = content(made, 'reset switch').boundingBox();
  const middle = [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2] as const;
  const wire = cylinder(middle, p.pinHoleMm - 0.1, [-30, -max[2]]);
  const all = [...printed(made), ...inside(made)];
  const sideMm = Math.min(max[0] - min[0], max[1] - min[1]);
  return [
    ...all.flatMap(({ name, solid }) => apart(`wire and ${name}`, sharedMm3(wire, solid))),
    // Leaning as far as it can, it still ends on the switch.
    ...guided('wire', wire, part(made, 'front'), (sideMm - p.pinHoleMm) / 2),
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

export const fitChecks: Record<string, Check> = {
  'board, cell and case do not intersect': contentsFit,
  'board and cell stay inside': contentsStayInside,
  'the board is held': boardIsHeld,
  'the cell is held': cellIsHeld,
  'the board goes in': boardGoesIn,
  'the window is over the lit area': windowFits,
  'the glass is behind the window': glassFits,
  'the USB plug goes in': plugFits,
  'a wire reaches the reset switch': resetIsReached,
  'the antenna is free of metal': antennaIsFree,
};
