/**
 * The light: a soft box above the right shoulder and a bright sky. Both are many small lamps, each with its own shadow
 * map, so that soft shadows and dark corners come out of the same sum.
 */
import { eachDot } from './raster.ts';
import { boxOf, type Surface } from './surface.ts';
import { cross, dot, minus, plus, unit, type Vec } from './vector.ts';

/** How many lamps make the soft box and the sky: with fewer, the shadows show steps. Both divide by nine, see below. */
const boxLamps = 81;
const skyLamps = 63;

/** A dot's nine samples take every ninth lamp, each sample others: averaged they are all of them. */
export const samplesPerDot = 9;

/** Dots along a side of a shadow map: 0.3 mm on a case whose diagonal is 150 mm; fewer for a small picture. */
const fullMapSide = 512;
const leastMapSide = 192;

/** Where the soft box stands: so far to the right of the camera, so high, and how large it is (its radius over its distance). */
const boxAsideDegrees = 44;
const boxHighDegrees = 47;
const boxSize = 0.2;

/** How much of the light each kind gives to what faces it; the rest comes from everywhere. A front gets about 1. */
const boxShare = 1.12;
const skyShare = 0.5;
const restShare = 0.16;

interface Lamp {
  direction: Vec;
  right: Vec;
  up: Vec;
  /** How far towards the lamp the nearest surface is, for each dot of its map. */
  map: Float32Array;
  share: number;
}

export interface Light {
  /** How bright a spot is, 1 in the open and facing the soft box: `sample` of 0…8 chooses which lamps are asked. */
  at(point: Vec, normal: Vec, sample: number): number;
}

/**
 * The light over these surfaces: it knows their shadows on themselves and on a table below. `cameraRight` is level, and
 * the soft box goes around with the camera.
 */
export function lightOver(surfaces: Surface[], cameraRight: Vec, scale: number): Light {
  const mapSide = Math.max(leastMapSide, Math.round(fullMapSide * Math.min(1, scale)));
  const [low, high] = boxOf(surfaces);
  const middle: Vec = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
  const radius = Math.sqrt(dot(minus(high, middle), minus(high, middle)));
  const dotsPerMm = (mapSide - 4) / (2 * radius);
  // A spot must not lie in its own shadow: it is lifted by a bit more than a dot of the map.
  const liftMm = 1.2 / dotsPerMm;
  const lamps = [
    ...directions(boxLamps, boxAside(cameraRight), boxShare),
    ...directions(skyLamps, sky, skyShare),
  ].map(([direction, share]) => lamp(surfaces, direction, share, middle, mapSide, dotsPerMm));
  return {
    at(point, normal, sample) {
      // From below comes what the table throws back.
      let sum = restShare * (0.75 + 0.25 * normal[2]);
      const x = point[0] + liftMm * normal[0] - middle[0];
      const y = point[1] + liftMm * normal[1] - middle[1];
      const z = point[2] + liftMm * normal[2] - middle[2];
      for (let i = sample; i < lamps.length; i += samplesPerDot) {
        const { direction, right, up, map, share } = lamps[i] as Lamp;
        const facing = dot(normal, direction);
        if (facing <= 0) continue;
        const column = Math.floor(mapSide / 2 + (x * right[0] + y * right[1] + z * right[2]) * dotsPerMm);
        const row = Math.floor(mapSide / 2 - (x * up[0] + y * up[1] + z * up[2]) * dotsPerMm);
        const height = x * direction[0] + y * direction[1] + z * direction[2] + liftMm;
        const inside = column >= 0 && row >= 0 && column < mapSide && row < mapSide;
        if (!inside || (map[row * mapSide + column] ?? 0) <= height) sum += share * samplesPerDot * facing;
      }
      return sum;
    },
  };
}

/** So many directions spread evenly, and the share of each: a spiral of golden angles over a disc, made into directions. */
function directions(count: number, onDisc: (x: number, y: number) => Vec, share: number): [Vec, number][] {
  const golden = Math.PI * (3 - Math.sqrt(5));
  return Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt((i + 0.5) / count);
    return [onDisc(radius * Math.cos(i * golden), radius * Math.sin(i * golden)), share / count];
  });
}

function boxAside([rightX, rightY]: Vec): (x: number, y: number) => Vec {
  const [aside, high] = [boxAsideDegrees, boxHighDegrees].map(degrees => (degrees * Math.PI) / 180) as [
    number,
    number,
  ];
  const [sin, cos] = [Math.sin(aside) * Math.cos(high), Math.cos(aside) * Math.cos(high)];
  const middle: Vec = [sin * rightX + cos * rightY, sin * rightY - cos * rightX, Math.sin(high)];
  const right = unit(cross([0, 0, 1], middle));
  const up = cross(middle, right);
  return (x, y) => unit(plus(plus(middle, right, boxSize * x), up, boxSize * y));
}

/** A disc lifted to the half sphere has most lamps overhead; none stands so low that its shadows run off the table. */
function sky(x: number, y: number): Vec {
  return [0.92 * x, 0.92 * y, Math.sqrt(1 - 0.92 * 0.92 * (x * x + y * y))];
}

function lamp(
  surfaces: Surface[],
  direction: Vec,
  share: number,
  middle: Vec,
  mapSide: number,
  dotsPerMm: number,
): Lamp {
  const right = unit(cross(Math.abs(direction[2]) > 0.9 ? [0, 1, 0] : [0, 0, 1], direction));
  const up = cross(direction, right);
  const map = new Float32Array(mapSide * mapSide).fill(-Infinity);
  for (const { corners } of surfaces) {
    const dots = new Float64Array(corners.length);
    for (let i = 0; i < corners.length; i += 3) {
      const p = minus([corners[i] ?? 0, corners[i + 1] ?? 0, corners[i + 2] ?? 0], middle);
      dots[i] = dot(p, right) * dotsPerMm + mapSide / 2;
      // Upside down, so that a front is clockwise as it is in a picture whose y goes down.
      dots[i + 1] = mapSide / 2 - dot(p, up) * dotsPerMm;
      dots[i + 2] = dot(p, direction);
    }
    for (let t = 0; t < dots.length; t += 9) {
      eachDot(dots, t, mapSide, mapSide, (index, a, b, c) => {
        const height = a * (dots[t + 2] ?? 0) + b * (dots[t + 5] ?? 0) + c * (dots[t + 8] ?? 0);
        if (height > (map[index] ?? 0)) map[index] = height;
      });
    }
  }
  return { direction, right, up, map, share };
}
