/**
 * `npm run page:meshes`: the two cases as a page needs them, from the same solids as the STL files. What nobody can see from where the
 * page looks is left out, corners are numbers of 12 bits, and all are written as differences, which compress well.
 */
import { writeFileSync } from 'node:fs';
import { type CaseName, type Thing, things } from '../enclosure/pictures/bodies.ts';
import { eachDot } from '../enclosure/pictures/raster.ts';
import { cross, dot, placed, turned, unit, type Vec } from '../enclosure/pictures/vector.ts';
import { leanDegrees } from '../enclosure/src/viewing.ts';
import type { MeshHeader, MeshPart } from './src/mesh-file.ts';

const shown: Thing['name'][] = ['front', 'button', 'roof', 'back', 'foot'];
const place = turned('x', 90 - leanDegrees);

/** Where somebody may look from, in degrees: more than the page lets a case be turned to. */
const around = [-62, -40, -20, 0, 20, 40, 62];
const above = [2, 20, 38, 56, 74];
const dotsPerMm = 7;

/** Along the longest side of a part: 0.03 mm of a case, less than a dot of its picture. */
const steps = 4095;

interface Soup {
  things: Thing[];
  /** Thing and triangle in it, for each triangle. */
  owner: [number, number][];
  corners: Vec[];
}

function soupOf(all: Thing[]): Soup {
  const soup: Soup = { things: all, owner: [], corners: [] };
  all.forEach(({ mesh: { vertices, triangles } }, thing) => {
    for (let t = 0; t < triangles.length / 3; t++) {
      soup.owner.push([thing, t]);
      for (let k = 0; k < 3; k++) {
        const v = 3 * (triangles[3 * t + k] ?? 0);
        soup.corners.push(placed(place, [vertices[v] ?? 0, vertices[v + 1] ?? 0, vertices[v + 2] ?? 0]));
      }
    }
  });
  return soup;
}

/** The triangles that are nearest at some dot of some view. */
function seen({ corners, owner }: Soup): Set<number> {
  const found = new Set<number>();
  const side = Math.ceil(220 * dotsPerMm);
  const near = new Float64Array(side * side);
  const id = new Int32Array(side * side);
  for (const a of around) {
    for (const b of above) {
      const [ra, rb] = [(a * Math.PI) / 180, (b * Math.PI) / 180];
      const toEye: Vec = [Math.sin(ra) * Math.cos(rb), -Math.cos(ra) * Math.cos(rb), Math.sin(rb)];
      const right: Vec = [Math.cos(ra), Math.sin(ra), 0];
      const up = unit(cross(toEye, right));
      const dots = new Float64Array(3 * corners.length);
      corners.forEach((p, i) => {
        dots[3 * i] = side / 2 + dotsPerMm * dot(p, right);
        dots[3 * i + 1] = side / 2 - dotsPerMm * dot(p, up);
        dots[3 * i + 2] = 1000 + dot(p, toEye);
      });
      near.fill(0);
      id.fill(-1);
      for (let t = 0; t < owner.length; t++) {
        const at = 9 * t;
        eachDot(dots, at, side, side, (index, wa, wb, wc) => {
          const depth = wa * (dots[at + 2] ?? 0) + wb * (dots[at + 5] ?? 0) + wc * (dots[at + 8] ?? 0);
          if (depth <= (near[index] ?? 0)) return;
          near[index] = depth;
          id[index] = t;
        });
      }
      for (const t of id) if (t >= 0) found.add(t);
    }
  }
  return found;
}

const zigzag = (n: number) => (n << 1) ^ (n >> 31);

function pack(name: CaseName): Buffer {
  const all = things(name).filter(thing => shown.includes(thing.name) || thing.display);
  const soup = soupOf(all);
  const visible = seen(soup);
  const parts: MeshPart[] = [];
  const data: number[] = [];
  all.forEach((thing, index) => {
    const { vertices, triangles } = thing.mesh;
    const kept: number[] = [];
    soup.owner.forEach(([owner, t], i) => {
      if (owner === index && (visible.has(i) || thing.name === 'button')) kept.push(t);
    });
    const numbers = new Map<number, number>();
    const indices = kept.flatMap(t =>
      [0, 1, 2].map(k => {
        const v = triangles[3 * t + k] ?? 0;
        const known = numbers.get(v) ?? numbers.size;
        numbers.set(v, known);
        return known;
      }),
    );
    const used = [...numbers.keys()];
    const axis = (k: number) => used.map(v => vertices[3 * v + k] ?? 0);
    const min = [0, 1, 2].map(k => Math.min(...axis(k)));
    const step = Math.max(...[0, 1, 2].map(k => Math.max(...axis(k)) - (min[k] ?? 0))) / steps;
    for (let k = 0; k < 3; k++) {
      let before = 0;
      for (const value of axis(k)) {
        const whole = Math.round((value - (min[k] ?? 0)) / step);
        data.push(zigzag(whole - before));
        before = whole;
      }
    }
    let before = 0;
    for (const i of indices) {
      data.push(zigzag(i - before));
      before = i;
    }
    parts.push({
      name: thing.display ? 'glass' : (thing.name as MeshPart['name']),
      color: thing.color,
      vertices: used.length,
      triangles: kept.length,
      min: min as [number, number, number],
      step,
    });
  });
  const at = all.find(thing => thing.display)?.display?.at;
  if (at === undefined) throw new Error('a case without a display');
  const { activeAt, activeMm } = at.board.display;
  const header: MeshHeader = {
    leanDegrees,
    parts,
    display: { at: [activeAt[0], activeAt[1], -at.glassD], mm: [activeMm[0], activeMm[1]] },
  };
  const text = Buffer.from(JSON.stringify(header).padEnd(4 * Math.ceil(JSON.stringify(header).length / 4)));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(text.length);
  const low = Buffer.from(Uint16Array.from(data).buffer);
  return Buffer.concat([head, text, low]);
}

for (const name of ['house', 'cloud'] as const) {
  const file = pack(name);
  writeFileSync(new URL(`art/${name}.bin`, import.meta.url), file);
  process.stdout.write(`${name}.bin: ${Math.round(file.length / 1024)} kB\n`);
}
