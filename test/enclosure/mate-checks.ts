/** What must hold between the printed parts of a case: back and front, roof, screws. */
import { cylinder, Shapes } from '../../enclosure/src/kernel.ts';
import { screwBodies } from '../../enclosure/src/screws.ts';
import { between, cavity, inside, type Made, part, printed, sharedMm3, sliceAt } from './cases.ts';
import { apart, type Check, goesIn, guided, near, searchMm, wrong } from './say.ts';

const partsDoNotShareSpace: Check = made => {
  const parts = printed(made);
  return parts.flatMap((one, index) =>
    parts
      .slice(index + 1)
      .flatMap(other => apart(`${one.name} and ${other.name}`, sharedMm3(one.solid, other.solid))),
  );
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
    // Its thread cuts in, its core finds a hole.
    const xy = shape.screws[index] ?? [0, 0];
    const core = cylinder(xy, p.screwPilotMm - 0.1, [at.depthMm - p.screwLengthMm, at.rimD]);
    return [
      ...wrong(bite.volume() > 1 && max[2] - min[2] >= 4, `${title} does not hold in the front`),
      ...apart(`${title}'s core and front`, sharedMm3(core, front)),
      ...wrong(-screw.boundingBox().max[2] >= p.faceMm, `${title} comes out of the face`),
      ...others.flatMap(({ name, solid }) => apart(`${title} and ${name}`, sharedMm3(screw, solid))),
      ...inside(made).flatMap(({ name, solid }) => apart(`${title} and ${name}`, sharedMm3(screw, solid))),
    ];
  });
};

/** A lip at 0.15 mm more covers 2 % of this, the right one 71 %. */
const leastAlongWalls = 0.5;

/** How much of the walls has plastic of the back beside it, just beyond `fitLidMm`: a minimum distance may be of a single point. */
function alongWalls(made: Made): number {
  const { at, p } = made;
  const d = at.rimD - p.lipHeightMm / 2;
  const room = sliceAt(cavity(made), d);
  const inset = (byMm: number) => room.offset(-(p.fitLidMm + byMm), 'Round', 2, 64);
  const band = inset(0.03).subtract(inset(0.09));
  return band.intersect(sliceAt(part(made, 'back'), d)).area() / band.area();
}

/** The lip has `fitLidMm` to the walls on each side, the back lies on the rim all around, and goes straight in. */
const lidMates: Check = made => {
  const { at, p } = made;
  const [front, back] = [part(made, 'front'), part(made, 'back')];
  const lip = between(back, [at.rimD - p.lipHeightMm, at.rimD - 0.05]);
  const plate = between(back, [at.rimD, at.depthMm]);
  // The house's roof closes its gable.
  const rear = printed(made).filter(({ name }) => name === 'back' || name === 'roof');
  const closed = Shapes.union(rear.map(({ solid }) => sliceAt(solid, at.rimD + 0.05)));
  const rim = sliceAt(front, at.rimD - 0.05);
  const openMm2 = rim.subtract(closed).area();
  return [
    ...wrong(
      alongWalls(made) > leastAlongWalls,
      `the lip runs along ${(100 * alongWalls(made)).toFixed(0)} % of the walls`,
    ),
    ...near('lip to walls', lip.minGap(front, searchMm), p.fitLidMm),
    // One and a half: across a slope of 45° it is less.
    ...guided('lip', lip, front, 1.5 * p.fitLidMm + 0.05),
    ...near('back to rim', plate.translate([0, 0, -0.5]).minGap(front, searchMm), 0.5),
    ...wrong(openMm2 < 0.05 * rim.area(), `${openMm2.toFixed(1)} mm² of the rim are not covered`),
    ...goesIn('back', back, front),
  ];
};

/** The house's roof has `fitRoofMm`, slides on from behind over front and back, and holds the back's upper edge. */
const roofMates: Check = made => {
  if (made.shape.case !== 'house') return [];
  const { at, p } = made;
  const [front, back, roof] = [part(made, 'front'), part(made, 'back'), part(made, 'roof')];
  const over = between(roof, [-20, at.rimD - 0.05]);
  const sidewaysMm = 1.5 * p.fitRoofMm + 0.05;
  return [
    ...near('roof to walls', over.minGap(front, searchMm), p.fitRoofMm),
    ...near('roof to back', roof.minGap(back, searchMm), p.fitRoofMm),
    ...[-1, 1].flatMap(side =>
      wrong(
        sharedMm3(over.translate([side * sidewaysMm, 0, 0]), front) > 0.1,
        `the roof does not lie on the ${side < 0 ? 'right' : 'left'} wall`,
      ),
    ),
    ...wrong(
      sharedMm3(back.translate([0, 0, -p.fitRoofMm * 2 - 0.2]), roof) > 0.1,
      'the roof does not hold the back',
    ),
    ...goesIn('roof over the front', roof, front),
    ...goesIn('roof over the back', roof, back),
  ];
};

export const mateChecks: Record<string, Check> = {
  'the parts do not intersect': partsDoNotShareSpace,
  'the screws hold': screwsHold,
  'back and front mate': lidMates,
  'the roof mates': roofMates,
};
