/** The printable files as others see them, and docs/printing.md's times and grams as the slicer says them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allParts, type Part } from '../../enclosure/src/parts.ts';
import { installed } from '../fixtures/installed.ts';
import { patience } from '../fixtures/patience.ts';
import { admesh, type Slicing, slice } from './fixtures/slicers-programs.ts';

const folder = fileURLToPath(new URL('../../enclosure/stl/', import.meta.url));
const page = readFileSync(new URL('../../docs/printing.md', import.meta.url), 'utf8');
const files = readdirSync(folder).filter(name => name.endsWith('.stl'));

/** The version that docs/printing.md's figures are from. Another one moves a little differently. */
const documented = /PrusaSlicer (\d+\.\d+)/.exec(page)?.[1] ?? '';
const tolerance = (version: string) => (version === documented ? 0.1 : 0.3);
/** What rounding in the table may hide. */
const roundedMinutes = 1;
const roundedGrams = 0.1;

interface Row {
  lies: string;
  minutes: number;
  grams: number;
}

/** The table's rows by file: | `house-heltec-front.stl` | on its face | 2 h 08 min | 25.7 g | */
const rows = new Map<string, Row>();
const rowPattern =
  /^\| `(?<file>[\w-]+\.stl)` \| (?<lies>[^|]+) \| (?:(?<h>\d+) h )?(?<min>\d+) min \| (?<grams>[\d.]+) g \|/gm;
for (const { groups: { file = '', lies = '', h = 0, min, grams } = {} } of page.matchAll(rowPattern)) {
  rows.set(file, { lies, minutes: 60 * Number(h) + Number(min), grams: Number(grams) });
}

/** The row as it should be, to be copied from a failed test. */
function rowOf(file: string, lies: string, { minutes, grams }: Slicing): string {
  const whole = Math.round(minutes);
  const [h, min] = [Math.floor(whole / 60), whole % 60];
  const time = h > 0 ? `${h} h ${String(min).padStart(2, '0')} min` : `${min} min`;
  return `| \`${file}\` | ${lies} | ${time} | ${grams.toFixed(1)} g |`;
}

/** Files from {@link broken}. */
let scratch = '';

/** A file of ours whose facets are changed: 50 bytes each, corners from byte 12 (src/export.ts). */
function broken(name: string, change: (facets: Buffer[]) => Buffer[]): string {
  const good = readFileSync(join(folder, files.find(file => file.includes('door')) ?? ''));
  const count = good.readUInt32LE(80);
  const facets = change(
    Array.from({ length: count }, (_, i) => Buffer.from(good.subarray(84 + 50 * i, 134 + 50 * i))),
  );
  const size = Buffer.alloc(4);
  size.writeUInt32LE(facets.length);
  const file = join(scratch, name);
  writeFileSync(file, Buffer.concat([good.subarray(0, 80), size, ...facets]));
  return file;
}

/** Seen from the other side. */
function inverted(facet: Buffer): Buffer {
  const [normal, a, b, rest] = [
    facet.subarray(0, 12),
    facet.subarray(12, 24),
    facet.subarray(24, 36),
    facet.subarray(36),
  ];
  return Buffer.concat([normal, b, a, rest]);
}

const withHole = () => broken('hole.stl', facets => facets.slice(0, -1));
const oneInverted = () =>
  broken('one-inverted.stl', ([first, ...others]) => (first ? [inverted(first), ...others] : []));
const allInverted = () => broken('inverted.stl', facets => facets.map(inverted));
const twoBodies = () =>
  broken('two-bodies.stl', facets => [...facets, ...facets.map(facet => shifted(facet, 100))]);

function shifted(facet: Buffer, byMm: number): Buffer {
  const moved = Buffer.from(facet);
  for (const at of [12, 24, 36]) moved.writeFloatLE(facet.readFloatLE(at) + byMm, at);
  return moved;
}

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'broken-'));
});

afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 }));

describe.skipIf(!installed('admesh'))('admesh says (needs admesh)', () => {
  test.each(files)('%s: one body, no defect', async file => {
    expect(await admesh(join(folder, file))).toEqual({ parts: 1, found: {} });
  });

  test('sees a hole, an inverted facet, an inside-out body and a second body', async () => {
    expect((await admesh(withHole())).found).toMatchObject({
      'Facets added': 1,
      'Total disconnected facets': 3,
    });
    expect((await admesh(oneInverted())).found).toMatchObject({ 'Facets reversed': 1 });
    expect((await admesh(allInverted())).found).toHaveProperty('Facets reversed');
    expect((await admesh(twoBodies())).parts).toBe(2);
  });
});

describe.skipIf(!installed('prusa-slicer'))('PrusaSlicer says (needs prusa-slicer)', () => {
  const sliced = new Map<string, Slicing | Error>();
  const parts = new Map<string, Part>();

  beforeAll(async () => {
    for (const part of await allParts()) parts.set(part.file, part);
    const left = [...files];
    // Two at a time: as many as the cores that we count on.
    const worker = async () => {
      for (let file = left.shift(); file; file = left.shift()) {
        sliced.set(file, await slice(join(folder, file)).catch((error: Error) => error));
      }
    };
    await Promise.all([worker(), worker()]);
  }, patience(60_000));

  test.each(files)('%s: sliced as it lies, nothing mended, no support', file => {
    const slicing = sliced.get(file);
    if (!slicing || slicing instanceof Error) throw slicing ?? new Error('not sliced');
    expect(slicing).toMatchObject({ complaints: [], supports: false });
    expect(slicing.grams).toBeGreaterThan(0);
  });

  test('docs/printing.md has the lie, the time and the grams of each file, and no other file', () => {
    const wrong = [...sliced].flatMap(([file, slicing]) => {
      if (slicing instanceof Error) return [];
      const [row, lies = ''] = [rows.get(file), parts.get(file)?.lies];
      const share = tolerance(slicing.version);
      const near = (a: number, b: number, rounded: number) => Math.abs(a - b) <= share * b + rounded;
      const good =
        row?.lies === lies &&
        near(row.minutes, slicing.minutes, roundedMinutes) &&
        near(row.grams, slicing.grams, roundedGrams);
      return good ? [] : [rowOf(file, lies, slicing)];
    });
    expect(wrong.join('\n'), 'rows that docs/printing.md should have').toBe('');
    expect([...rows.keys()].sort()).toEqual([...files].sort());
  });

  test('sees a hole, an inverted facet and an inside-out body', async () => {
    expect((await slice(withHole())).complaints).toContain('manifold = no');
    expect((await slice(oneInverted())).complaints).toContain('facets_reversed = 1');
    expect((await slice(allInverted())).complaints[0]).toMatch(/^facets_reversed = /);
  });
});
