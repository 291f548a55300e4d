/**
 * The pictures of the documents: the firmware's own screens, drawn by the simulated display. Run by
 * `npm run pictures`; a test holds the committed files to what this makes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { explain } from '../firmware/src/explain.ts';
import { draw } from '../firmware/src/screens.ts';
import type { View } from '../firmware/src/view.ts';
import { toSvg } from './board/frame.ts';
import { sketch } from './board/sketch.ts';

const folder = new URL('../docs/images/', import.meta.url);
const button = 'house-01';
const cluster = 'house-01-7';

/** A press from the finger to the address, and how long each screen stands in the moving picture, in seconds. */
const press: [View, number][] = [
  [{ kind: 'connecting', button, hop: 'hotspot', detail: "Ada's phone" }, 1.2],
  [{ kind: 'connecting', button, hop: 'relay', detail: '' }, 0.6],
  [{ kind: 'connecting', button, hop: 'lab', detail: 'press 7' }, 0.6],
  [{ kind: 'building', cluster, phase: 'accepted', percent: 0, leftS: 160 }, 0.8],
  [{ kind: 'building', cluster, phase: '0 of 3 nodes ready', percent: 18, leftS: 130 }, 0.9],
  [{ kind: 'building', cluster, phase: '1 of 3 nodes ready', percent: 47, leftS: 84 }, 0.9],
  [{ kind: 'building', cluster, phase: '2 of 3 nodes ready', percent: 76, leftS: 38 }, 0.9],
  [{ kind: 'building', cluster, phase: 'asking its API server', percent: 95, leftS: 5 }, 0.8],
  [{ kind: 'ready', cluster, address: '10.10.20.31', note: 'control plane' }, 3.5],
];

const stills: Record<string, View> = {
  ready: { kind: 'ready', cluster, address: '10.10.20.31', note: 'control plane' },
  building: { kind: 'building', cluster, phase: '1 of 3 nodes ready', percent: 47, leftS: 84 },
  'error-hotspot': {
    kind: 'error',
    code: 'HOTSPOT',
    line: "Ada's phone not joined",
    advice: "Open the phone's hotspot page",
  },
  'error-lab': { kind: 'error', code: 'LAB', line: 'The lab is offline', advice: 'Start the provisioner' },
};

/** `https://10.10.20.31:6443` as the provisioner sends it (provisioner/src/buttons/qr.ts). */
const qr = {
  side: 21,
  bitmap: atob('/rv8FlBulrt05dutrsFJB/qv4BEA5v+ZDPVRtZQpSqnhxYBIb/g+8F1Ium3l0douo5cF4h/sQYA='),
};

/** Every kind of screen, for the sheet in docs/screens.md: two columns of them. */
const sheet: View[] = [
  { kind: 'idle', button, detail: 'press to build' },
  { kind: 'connecting', button, hop: 'hotspot', detail: "Ada's phone", batteryMv: 3900 },
  { kind: 'connecting', button, hop: 'relay', detail: '' },
  { kind: 'connecting', button, hop: 'lab', detail: 'press 7' },
  { kind: 'building', cluster, phase: 'accepted', percent: 0, leftS: 160, batteryMv: 3900 },
  { kind: 'building', cluster, phase: 'lab is offline, waiting', percent: 47, leftS: 84 },
  { kind: 'ready', cluster, address: '10.10.20.31', note: 'control plane' },
  { kind: 'qr', ...qr, text: cluster },
  { kind: 'idle', button, title: 'RELEASE?', detail: `press to give ${cluster} back` },
  { kind: 'idle', button, title: 'RELEASED', detail: `${cluster} is gone` },
  explain('HOTSPOT', "Ada's phone not joined"),
  explain('RELAY', 'The relay is not there'),
  explain('LAB', 'The lab is offline'),
  explain('PLATFORM', 'No free addresses in default-pool'),
  explain('QUOTA', 'No address range is left'),
  explain('STALE', 'The press came 600 s late'),
  explain('KEY', 'The keys do not match'),
  explain('BATTERY', '3.31 V is too low to finish'),
  explain('DEVICE', 'device.json is missing'),
  { kind: 'ready', cluster, address: 'k8s.lab.corp:6443', note: 'given back in 25 min' },
];

/** All pictures by file name. The same sources give the same bytes. */
export function pictures(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, view] of Object.entries(stills)) files.set(`${name}.svg`, toSvg(picture(view), name));
  files.set('press.svg', moving(press));
  files.set('screens.svg', grid(sheet));
  return files;
}

function picture(view: View) {
  return sketch(64, g => draw(g, view));
}

/** One SVG that shows its frames one after another, for ever, with nothing but CSS. */
function moving(frames: [View, number][]): string {
  const totalS = frames.reduce((sum, [, seconds]) => sum + seconds, 0);
  let fromS = 0;
  const rules: string[] = [];
  const layers = frames.map(([view, seconds], index) => {
    const [start, end] = [fromS, fromS + seconds].map(s => ((100 * s) / totalS).toFixed(2));
    fromS += seconds;
    // step-end holds each value until the next one: dark, lit from start to end, dark again.
    rules.push(
      `@keyframes f${index}{${index > 0 ? '0%{opacity:0}' : ''}${start}%{opacity:1}${end}%{opacity:0}}`,
    );
    const style = `opacity:0;animation:f${index} ${totalS.toFixed(1)}s step-end infinite`;
    return `<g style="${style}">${body(toSvg(picture(view)))}</g>`;
  });
  const still = toSvg(
    picture(press[press.length - 1]?.[0] as View),
    'A press: from the finger to the address',
  );
  const head = still.slice(0, still.indexOf('>') + 1);
  return `${head}\n<style>${rules.join('')}</style>\n${layers.join('\n')}\n</svg>\n`;
}

/** Many frames on one sheet, two beside each other. */
function grid(views: View[]): string {
  const frames = views.map(view => toSvg(picture(view)));
  const [width = 0, height = 0] =
    /viewBox="0 0 (\d+) (\d+)"/
      .exec(frames[0] ?? '')
      ?.slice(1)
      .map(Number) ?? [];
  const cells = frames.map((frame, index) => {
    const [x, y] = [(index % 2) * width, Math.floor(index / 2) * height];
    return `<g transform="translate(${x} ${y})">${body(frame)}</g>`;
  });
  const size = `${2 * width} ${height * Math.ceil(frames.length / 2)}`;
  const label = 'role="img" aria-label="Every screen of the button"';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size}" ${label}>\n${cells.join('\n')}\n</svg>\n`;
}

function body(svg: string): string {
  return svg.slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>')).trim();
}

/** Writes them all to docs/images. */
export function writePictures(): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of pictures()) writeFileSync(new URL(name, folder), content);
}
