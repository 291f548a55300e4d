/** A scene becomes a picture. */
import { bodyOf, things } from './bodies.ts';
import { cameraFor, project, scaled } from './camera.ts';
import { addMarks, type Dot, type Mark } from './marks.ts';
import { type Body, type Picture, render } from './render.ts';
import type { Scene } from './scenes.ts';
import { type Matrix, placed, type Vec } from './vector.ts';

/** Dots left free at each side: numbers may stand there. */
const marginDots = 44;

/** Of the small picture that each file carries along (png.ts): a test draws it again. */
export const smallScale = 0.2;

/** What is to be seen in a scene, at its place. */
export function bodiesOf(scene: Scene): Body[] {
  return things(scene.case).flatMap(thing => {
    const offset = scene.show[thing.name];
    return offset ? [bodyOf(thing, offset, scene.place)] : [];
  });
}

/**
 * The picture, `scale` times as large as it is meant to be. The same scene, parts and program give the same dots: there
 * is nothing in it but arithmetic.
 */
export function drawScene(scene: Scene, scale = 1, bodies = bodiesOf(scene)): Picture {
  const { widthDots, heightDots, table, view, place, labels } = scene;
  const full = cameraFor(bodies.flatMap(cornersOf), view, widthDots, heightDots, marginDots);
  const [width, height] = [Math.round(widthDots * scale), Math.round(heightDots * scale)];
  const picture = render(bodies, scaled(full, scale), width, height, table, scale);
  const dotOf = (point: Vec, at: Matrix = place): Dot => {
    const [x, y] = project(full, placed(at, point));
    return [x, y];
  };
  const marks = labels.map((label): Mark => {
    if (label.kind === 'arrow') return { kind: 'arrow', from: dotOf(label.from), to: dotOf(label.to) };
    const to = dotOf(label.at);
    const [dx, dy] = label.away ?? [0, 0];
    return { kind: 'number', value: label.value, to, at: [to[0] + dx, to[1] + dy] };
  });
  addMarks(picture, marks, scale);
  return picture;
}

function cornersOf({ surface: { corners } }: Body): Vec[] {
  return Array.from(
    { length: corners.length / 3 },
    (_, i): Vec => [corners[3 * i] ?? 0, corners[3 * i + 1] ?? 0, corners[3 * i + 2] ?? 0],
  );
}
