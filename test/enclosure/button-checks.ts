/** The button: does it reach the switch, is its way free, does it stay in, and where can one press it? */
import type { Solid } from '../../enclosure/src/kernel.ts';
import {
  between,
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
import { type Check, goesIn, guided, near, searchMm, ways, wrong } from './say.ts';

const actuator = "switch's actuator";

/** Everything that the button must not touch on its way. */
function obstacles(made: Made): { name: string; solid: Solid }[] {
  const others = printed(made).filter(({ name }) => name !== made.shape.buttonName);
  const plug = { name: 'USB plug', solid: usbPlug(made) };
  return [...others, ...inside(made).filter(({ name }) => name !== actuator), plug];
}

const touched = (made: Made, cap: Solid, when: string): string[] =>
  obstacles(made).flatMap(({ name, solid }) => {
    const mm3 = sharedMm3(cap, solid);
    return wrong(mm3 < nothingMm3, `${when} the button is ${mm3.toFixed(3)} mm³ in ${name}`);
  });

/** From rest to its stop, in steps of 0.1 mm. */
const wayIsFree: Check = made => {
  const { buttonTravelMm } = made.p;
  const cap = part(made, 'button');
  const steps = Math.ceil(buttonTravelMm / 0.1);
  return Array.from({ length: steps + 1 }, (_, step) => (step * buttonTravelMm) / steps).flatMap(byMm =>
    // Exactly at the stop both faces are one.
    touched(
      made,
      cap.translate([0, 0, -Math.min(byMm, buttonTravelMm - 0.001)]),
      `after ${byMm.toFixed(2)} mm`,
    ),
  );
};

/** The gap to the switch is the stated one, all of its actuator is met, and it closes before the stop is reached. */
const reachesSwitch: Check = made => {
  const { p, at } = made;
  const { travelMm, own } = at.board.press;
  const cap = part(made, 'button');
  const found = content(made, actuator);
  const pressed = cap.translate([0, 0, -(p.buttonGapMm + travelMm)]);
  const deep = pressed.intersect(found);
  const { min, max } = deep.boundingBox();
  const topMm2 = sliceAt(found, -found.boundingBox().max[2] + 0.1).area();
  const behind = own ? part(made, 'back') : content(made, 'board');
  return [
    ...near('button to switch', cap.minGap(found, searchMm), p.buttonGapMm),
    ...near('switch pressed by', max[2] - min[2], travelMm),
    ...wrong(deep.volume() > 0.98 * topMm2 * travelMm, 'the button meets the switch beside its middle'),
    ...wrong(
      sharedMm3(pressed, part(made, 'back')) < nothingMm3,
      'the back stops the button before the switch closes',
    ),
    ...wrong(
      sharedMm3(content(made, 'switch').translate([0, 0, -0.1]), behind) > 1,
      'nothing is behind the switch',
    ),
  ];
};

/** `fitButtonMm` around it in the opening; it stops at the back; it cannot come out, wherever it lies in its opening. */
const isCaptive: Check = made => {
  const { p } = made;
  const [cap, front] = [part(made, 'button'), part(made, 'front')];
  const straight = [0.1, p.faceMm - p.flangeMm - 0.1] as const;
  const [shaft, opening] = [between(cap, straight), between(front, straight)];
  const stopped = cap.translate([0, 0, -p.buttonTravelMm - 0.1]);
  const outMm = (byMm: number) => sharedMm3(cap.translate([0, 0, byMm]), front);
  return [
    ...near('around the button', shaft.minGap(opening, searchMm), p.fitButtonMm),
    ...guided('button', shaft, opening, p.fitButtonMm + 0.05),
    ...wrong(sharedMm3(stopped, part(made, 'back')) > 0.1, 'the back does not stop the button'),
    // The README's word for how far it may lean out.
    ...wrong(
      outMm(p.fitButtonMm - 0.02) < nothingMm3 && outMm(p.fitButtonMm + 0.05) > 0.1,
      'the flange does not stop it where it should',
    ),
    ...ways.flatMap(({ x, y }) => {
      const shifted = cap.translate([x * p.fitButtonMm, y * p.fitButtonMm, p.faceMm / 2]);
      return wrong(sharedMm3(shifted, front) > 1, 'the button falls out of the front');
    }),
    ...near('proud', cap.boundingBox().max[2], p.buttonProudMm),
    ...goesIn('button', cap, front),
  ];
};

export interface Lever {
  /** How far the finger goes, mm, until the switch closes. */
  fingerMm: number;
  /** The button's angle then: its lower end is deeper when positive; and how deep its middle line is at y = 0. */
  slope: number;
  atOriginMm: number;
}

/**
 * A press at a height `y`: the cap is stiff, its ends cannot come further out than at rest, its lower end meets the stop
 * after `buttonTravelMm`. Of all ways to close the switch, the one in which the finger goes farthest.
 */
export function lever(made: Made, y: number): Lever {
  const { p, at, shape } = made;
  const { min, max } = shape.button(p.flangeMm).bounds();
  const [low, high] = [min[1], max[1]];
  const switchY = at.board.press.at[1];
  const deepMm = p.buttonGapMm + at.board.press.travelMm;
  // Depth at y is deepMm + slope · (switchY − y): steepest until an end is at rest, or the lower one at its stop.
  const steepest = Math.min(deepMm / (high - switchY), (p.buttonTravelMm - deepMm) / (switchY - low));
  const flattest = -deepMm / (switchY - low);
  const slope = y < switchY ? steepest : flattest;
  return { fingerMm: deepMm + slope * (switchY - y), slope, atOriginMm: deepMm + slope * switchY };
}

/** Pressed where a fingertip lands (the drop: on its round part), it closes the switch before the finger meets the front. */
const closesWhereverPressed: Check = made => {
  const { p, shape } = made;
  const { min, max } = shape.button(0).bounds();
  const cap = part(made, 'button');
  return [0.2, 0.4, 0.6].flatMap(share => {
    const y = min[1] + share * (max[1] - min[1]);
    const { fingerMm, slope, atOriginMm } = lever(made, y);
    const degrees = (Math.atan(slope) * 180) / Math.PI;
    // Turned about x through the origin in depth 0: y' stays, z' = z − (atOrigin − slope · y).
    const tilted = cap.rotate([degrees, 0, 0]).translate([0, 0, -atOriginMm]);
    const text = `pressed at ${share} of its height`;
    return [
      ...wrong(fingerMm <= p.buttonProudMm, `${text} the finger must go ${fingerMm.toFixed(2)} mm`),
      ...touched(made, tilted, text),
    ];
  });
};

export const buttonChecks: Record<string, Check> = {
  'the way of the button is free': wayIsFree,
  'the button reaches the switch': reachesSwitch,
  'the button stays in': isCaptive,
  'the button works wherever it is pressed': closesWhereverPressed,
};
