/** Where the picture is taken from, and which point of space lands on which dot. */
import { cross, dot, minus, plus, unit, type Vec } from './vector.ts';

export interface View {
  /** Degrees around the case: 0 looks at its front, positive from its right side. */
  aroundDegrees: number;
  /** Degrees above the table; 90 looks straight down. */
  aboveDegrees: number;
}

export interface Camera {
  eye: Vec;
  right: Vec;
  up: Vec;
  forward: Vec;
  /** Dots per unit of x/z, and the dot that the axis goes through. */
  focal: number;
  centreX: number;
  centreY: number;
}

/** How far away the eye is, in radii of what it sees: as from a chair, so that parallel edges nearly stay so. */
const distanceRadii = 7;

/** A camera that sees all of `points` as large as `width` × `height` dots allow, `margin` dots left free around them. */
export function cameraFor(points: Vec[], view: View, width: number, height: number, margin: number): Camera {
  const around = (view.aroundDegrees * Math.PI) / 180;
  const above = (view.aboveDegrees * Math.PI) / 180;
  const toEye: Vec = [
    Math.sin(around) * Math.cos(above),
    -Math.cos(around) * Math.cos(above),
    Math.sin(above),
  ];
  const forward: Vec = [-toEye[0], -toEye[1], -toEye[2]];
  const right: Vec = [Math.cos(around), Math.sin(around), 0];
  const up = unit(cross(right, forward));
  const [low, high] = rangeOf(points);
  const middle: Vec = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
  const radius = Math.sqrt(dot(minus(high, middle), minus(high, middle)));
  const eye = plus(middle, toEye, distanceRadii * radius);
  const camera: Camera = { eye, right, up, forward, focal: 1, centreX: 0, centreY: 0 };
  const [[left, top], [far, bottom]] = rangeOf(points.map(p => project(camera, p)));
  const focal = Math.min((width - 2 * margin) / (far - left), (height - 2 * margin) / (bottom - top));
  return {
    ...camera,
    focal,
    centreX: width / 2 - (focal * (left + far)) / 2,
    centreY: height / 2 - (focal * (top + bottom)) / 2,
  };
}

/** The same camera for a picture with `factor` times as many dots along each side. */
export function scaled(camera: Camera, factor: number): Camera {
  const [focal, centreX, centreY] = [camera.focal * factor, camera.centreX * factor, camera.centreY * factor];
  return { ...camera, focal, centreX, centreY };
}

/** Dot x (to the right), dot y (down), and 1/distance, which is straight over a triangle in the picture. */
export function project(camera: Camera, point: Vec): Vec {
  const d = minus(point, camera.eye);
  const w = 1 / dot(d, camera.forward);
  return [
    camera.centreX + camera.focal * dot(d, camera.right) * w,
    camera.centreY - camera.focal * dot(d, camera.up) * w,
    w,
  ];
}

/** The way back: the point of space at a dot and 1/distance. */
export function unproject(camera: Camera, x: number, y: number, w: number): Vec {
  const across = (x - camera.centreX) / (camera.focal * w);
  const upward = (camera.centreY - y) / (camera.focal * w);
  return plus(plus(plus(camera.eye, camera.forward, 1 / w), camera.right, across), camera.up, upward);
}

/** The smallest and the largest of each number. */
function rangeOf(points: Vec[]): [Vec, Vec] {
  const axis = (pick: (a: number, b: number) => number, start: number): Vec =>
    points.reduce<Vec>(
      (so, p) => [pick(so[0], p[0]), pick(so[1], p[1]), pick(so[2], p[2])],
      [start, start, start],
    );
  return [axis(Math.min, Infinity), axis(Math.max, -Infinity)];
}
