/**
 * `npm run enclosure:pictures`: draws the pictures of the cases into docs/images, in about a minute; with words, only those whose names have
 * one of them in it. A test holds the committed files to what this draws.
 */
import { writeFileSync } from 'node:fs';
import { drawScene, smallScale } from './draw.ts';
import { toPng } from './png.ts';
import { scenes } from './scenes.ts';

const folder = new URL('../../docs/images/', import.meta.url);
const words = process.argv.slice(2);

for (const [name, scene] of Object.entries(scenes)) {
  if (words.length > 0 && !words.some(word => name.includes(word))) continue;
  const file = toPng(drawScene(scene), drawScene(scene, smallScale));
  writeFileSync(new URL(`${name}.png`, folder), file);
  process.stdout.write(`${name}.png: ${Math.round(file.length / 1024)} kB\n`);
}
