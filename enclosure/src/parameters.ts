/** Every wall, clearance and travel of the cases, in millimetres, in one place, each with its limits. */

interface Limit {
  value: number;
  min: number;
  max: number;
  what: string;
}

const limit = (value: number, min: number, max: number, what: string): Limit => ({ value, min, max, what });

/** The defaults suit a 0.4 mm nozzle, 0.2 mm layers, PLA or PETG. Below a limit it will not print, above it looks clumsy. */
export const limits = {
  wallMm: limit(1.2, 0.8, 1.2, 'nothing is thinner; three lines of a 0.4 mm nozzle'),
  faceMm: limit(2.4, 2, 2.6, 'front plate, where the window and the button are'),
  sideMm: limit(2.4, 1.6, 4, 'outer walls'),
  lidMm: limit(2.4, 2, 4, 'back plate'),
  fitLidMm: limit(0.2, 0.1, 0.5, "between the back's lip and the walls that it plugs into"),
  fitButtonMm: limit(0.3, 0.15, 0.6, 'around the button, in its opening'),
  fitRoofMm: limit(0.25, 0.1, 0.6, 'between the roof and the walls and back that it lies on'),
  fitBoardMm: limit(0.3, 0.1, 0.6, "between the board's edge and the posts beside it"),
  fitClampMm: limit(0.15, 0, 0.5, 'between the posts of the back and the board that they hold'),
  fitCellMm: limit(0.5, 0.2, 0.8, 'around the cell, in its plane'),
  fitDisplayMm: limit(0.4, 0.2, 0.4, "between the display's glass and the front plate"),
  fitFootMm: limit(0.25, 0.1, 0.5, 'between the foot and the case that stands in it'),
  fitUsbMm: limit(0.5, 0.2, 1, "around the largest USB plug's grip"),
  fitPegMm: limit(0.15, 0.05, 0.4, "between a peg and the display module's hole, radius"),
  windowPlateMm: limit(
    1.6,
    1.6,
    2,
    "the front's thickness around the window, where the glass lies in a pocket",
  ),
  windowLandMm: limit(0.4, 0.4, 0.6, "the window's straight part behind its bevel: two layers"),
  windowMarginMm: limit(0.05, 0.02, 0.05, 'window beyond what lines from the lit area to the eyes need'),
  flangeMm: limit(1.2, 0.8, 1.4, 'how far the button is wider inside than its opening, so that it stays in'),
  buttonProudMm: limit(1.2, 0.8, 3, 'how far the button stands out of the front'),
  buttonGapMm: limit(
    0.3,
    0.1,
    0.4,
    'from the button at rest to the switch; at rest it may lean out by another fitButtonMm',
  ),
  buttonTravelMm: limit(
    0.8,
    0.5,
    0.9,
    'what the button can be pressed, from rest to its stop: the gap, the switch, and some over',
  ),
  lipMm: limit(1.6, 1.2, 2, "thickness of the back's lip"),
  lipHeightMm: limit(3, 2, 6, 'how far the lip plugs in'),
  postMm: limit(2.4, 1.6, 5, 'posts beside the board'),
  seatMm: limit(2.2, 1.5, 3, "how much of the board's edge lies on a post"),
  screwPilotMm: limit(2.1, 1.6, 2.3, 'hole that an M2.5 screw cuts its thread into, diameter'),
  screwClearMm: limit(2.8, 2.6, 3.4, 'hole that an M2.5 screw passes, diameter'),
  screwHeadMm: limit(5, 4.6, 6.5, 'countersunk head, diameter'),
  screwLengthMm: limit(12, 8, 16, 'length of the screw, with its head'),
  bossMm: limit(6, 5, 6.4, 'post around the screw, diameter'),
  pinHoleMm: limit(1.8, 1.2, 3, 'hole for a paper clip to the reset switch, diameter'),
  grooveMm: limit(0.6, 0.3, 1, 'depth of the lines drawn into faces'),
  bedChamferMm: limit(
    0.4,
    0.2,
    0.6,
    'chamfer of openings that lie on the bed, where a first layer is squeezed wider',
  ),
} satisfies Record<string, Limit>;

export type Parameters = Record<keyof typeof limits, number>;

/** What must hold between figures: the least that one may be when the others are as they are. */
interface Rule {
  name: keyof typeof limits;
  leastMm: (p: Parameters) => number;
  why: string;
  /** What else could be changed. */
  or: string;
}

/** The push buttons' own travel, 0.25 mm, and a little over. */
const switchMm = 0.3;

const rules: readonly Rule[] = [
  {
    name: 'windowPlateMm',
    leastMm: p => p.wallMm,
    why: 'nothing is thinner than wallMm',
    or: 'wallMm smaller',
  },
  {
    name: 'faceMm',
    leastMm: p => p.windowPlateMm + 0.2,
    why: 'the glass lies in a pocket of it',
    or: 'windowPlateMm smaller',
  },
  {
    name: 'faceMm',
    leastMm: p => p.wallMm + p.grooveMm,
    why: 'lines are drawn into it',
    or: 'grooveMm or wallMm smaller',
  },
  {
    name: 'faceMm',
    leastMm: p => p.wallMm + p.flangeMm,
    why: "the button's flange lies in it",
    or: 'flangeMm or wallMm smaller',
  },
  {
    name: 'sideMm',
    leastMm: p => p.wallMm * Math.SQRT2,
    why: 'its edge slopes by 45°',
    or: 'wallMm smaller',
  },
  { name: 'postMm', leastMm: p => p.wallMm, why: 'nothing is thinner than wallMm', or: 'wallMm smaller' },
  {
    name: 'lidMm',
    leastMm: p => p.wallMm + (p.screwHeadMm - p.screwClearMm) / 2,
    why: "the screws' heads sink into it",
    or: 'screwHeadMm or wallMm smaller',
  },
  {
    name: 'flangeMm',
    leastMm: p => 2 * p.fitButtonMm,
    why: 'or the button falls out',
    or: 'fitButtonMm smaller',
  },
  {
    name: 'buttonTravelMm',
    leastMm: p => p.buttonGapMm + switchMm,
    why: `the switch needs ${switchMm} mm after the gap`,
    or: 'buttonGapMm smaller',
  },
  {
    name: 'buttonProudMm',
    leastMm: p => p.buttonTravelMm,
    why: 'a finger must not be stopped by the front',
    or: 'buttonTravelMm smaller',
  },
];

/** Figures as people write them: 2.4, not 2.4000000000000004. */
const figure = (mm: number) => String(Math.round(mm * 1000) / 1000);

function broken(p: Parameters): string[] {
  const toleranceMm = 1e-9;
  return rules
    .filter(({ name, leastMm }) => p[name] < leastMm(p) - toleranceMm)
    .map(
      ({ name, leastMm, why, or }) =>
        `${name} is ${figure(p[name])} mm, must be at least ${figure(leastMm(p))} mm here: ${why}. Make it larger, or ${or}`,
    );
}

/**
 * The defaults with some figures changed.
 * @throws Error naming every figure out of its limits and every broken rule, all at once.
 */
export function parameters(changed: Partial<Parameters> = {}): Parameters {
  const names = Object.keys(limits) as (keyof Parameters)[];
  const unknown = Object.keys(changed).filter(name => !(name in limits));
  const all = Object.fromEntries(
    names.map(name => [name, changed[name] ?? limits[name].value]),
  ) as Parameters;
  const outside = names.filter(name => !(all[name] >= limits[name].min && all[name] <= limits[name].max));
  const problems = [
    ...unknown.map(name => `${name} is no parameter of the cases; they are in enclosure/src/parameters.ts`),
    ...outside.map(name => {
      const { min, max, what } = limits[name];
      return `${name} is ${all[name]} mm, must be ${min} to ${max} mm (${what})`;
    }),
    // A rule about figures that are wrong by themselves would only be noise.
    ...(outside.length > 0 ? [] : broken(all)),
  ];
  if (problems.length > 0) throw new Error(`The case cannot be made:\n  ${problems.join('\n  ')}`);
  return all;
}
