/** docs/printing.md names parameters, screws, files and pictures: they are there, and their figures are these. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { boards } from '../../enclosure/src/boards.ts';
import { cell } from '../../enclosure/src/cell.ts';
import { nuts } from '../../enclosure/src/foot.ts';
import { limits } from '../../enclosure/src/parameters.ts';
import { fileOf } from '../../enclosure/src/parts.ts';
import { leanDegrees } from '../../enclosure/src/viewing.ts';
import { allCases } from './fixtures/cases.ts';
import { forces, standOf } from './fixtures/stand-checks.ts';
import { stopBreaksN } from './fixtures/strength-checks.ts';
import { weights } from './fixtures/weights.ts';

const at = new URL('../../docs/printing.md', import.meta.url);
const page = readFileSync(at, 'utf8');
const cases = allCases();
const figures = new Map(Object.entries(limits).map(([name, { value }]) => [name, value]));

describe('docs/printing.md', () => {
  test('names only parameters that there are, with their figures', () => {
    const rows = [...page.matchAll(/^\| [^|]+ \| ([^|]*`\w+Mm`[^|]*) \| ([\d., ]+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [row, change = '', now = ''] of rows) {
      const names = [...change.matchAll(/`(\w+Mm)`/g)].map(([, name = '']) => name);
      expect(now.split(', ').map(Number), row).toEqual(names.map(name => figures.get(name)));
    }
  });

  test('says what to change for each clearance', () => {
    const fits = [...figures.keys()].filter(name => name.startsWith('fit'));
    expect(fits.filter(name => !page.includes(`\`${name}\``))).toEqual([]);
  });

  test('counts and names the screws as the shapes have them', () => {
    const words = ['none', 'one', 'two', 'three', 'four', 'five'];
    for (const { shape } of cases) {
      expect(page).toContain(`${words[shape.screws.length]} for the ${shape.case}`);
    }
    expect(page).toContain(`M2.5 × ${figures.get('screwLengthMm')}, countersunk`);
    expect(page).toContain(`No screw longer than ${figures.get('screwLengthMm')} mm`);
  });

  // Times and grams are the slicer's: slicers.long.test.ts.
  test('has a row for each file, with how it lies, a time and grams', () => {
    const row = /^\| `([\w-]+\.stl)` \| ([^|]+) \| (?:\d+ h )?\d+ min \| \d+\.\d g \|$/gm;
    const rows = [...page.matchAll(row)].map(([, file, lies]) => `${file} ${lies}`);
    const files = cases.flatMap(({ at, shape, parts }) =>
      parts.map(({ name, lies }) => `${fileOf(shape.case, at.board, name)} ${lies}`),
    );
    expect(rows.sort()).toEqual([...new Set(files)].sort());
  });

  test("has the cell's size and its room to swell", () => {
    const { lengthMm, widthMm, thicknessMm, swellingMm } = cell;
    expect(page).toContain(`at most ${lengthMm} × ${widthMm} × ${thicknessMm} mm`);
    expect(page).toContain(`${swellingMm} mm for swelling`);
  });

  test('has the forces that the models give: weight, slide, tip, stops', () => {
    const newtons = (n: number, digits: number) => (Number.isFinite(n) ? `${n.toFixed(digits)} N` : 'never');
    const names = { firebeetle: 'FireBeetle', heltec: 'Heltec' };
    for (const made of cases) {
      const [stand, all] = [standOf(made), weights(made)];
      const [square, flatter] = [forces(made, stand, all), forces(made, stand, all, 5)];
      const stops = Math.min(stopBreaksN(made, -1), stopBreaksN(made, 1));
      const row = [
        `${made.shape.case}, ${names[made.at.board.short]}`,
        `${square.grams.toFixed(0)} g`,
        newtons(square.slidesN, 1),
        newtons(square.tipsN, 1),
        newtons(flatter.slidesN, 1),
        newtons(flatter.tipsN, 1),
        newtons(stops, 0),
      ];
      expect(page).toContain(`| ${row.join(' | ')} |`);
    }
    expect(page).toContain(`leans back by ${leanDegrees}°`);
    expect(page).toContain(`M6 nuts (${(nuts.count * nuts.grams).toFixed(0)} g)`);
  });

  test('says of each figure of a board what it stands on', () => {
    const kinds = ['drawing', 'measured', 'claim', 'memory', 'ours'];
    for (const { name, sources } of boards) {
      const cells = kinds.map(kind =>
        Object.entries(sources)
          .filter(([, { from }]) => from === kind)
          .map(([figure]) => `\`${figure}\``),
      );
      expect(page).toContain(`| ${[name, ...cells.map(cell => cell.join(', ') || '–')].join(' | ')} |`);
    }
  });

  test('has the settings of enclosure/printing.ini', () => {
    const ini = readFileSync(new URL('../../enclosure/printing.ini', import.meta.url), 'utf8');
    const setting = (name: string) => new RegExp(`^${name} = (.+)$`, 'm').exec(ini)?.[1];
    expect(page).toContain(`**Layer height** ${setting('layer_height')} mm`);
    expect(page).toContain(`**nozzle** ${setting('nozzle_diameter')} mm`);
    expect([setting('perimeters'), setting('support_material'), setting('brim_width')]).toEqual([
      '3',
      '0',
      '0',
    ]);
    expect(page).toContain(setting('fill_density')?.replace('%', ' % infill'));
    expect(page).toContain(`${setting('elefant_foot_compensation')} mm if your slicer has it`);
  });

  test('links only to what there is, and shows every picture of the cases', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link);
    expect(links.filter(link => !existsSync(new URL(link, at)))).toEqual([]);
    const pictures = readdirSync(new URL('images/', at)).filter(file => file.startsWith('case-'));
    expect(pictures.filter(file => !links.includes(`images/${file}`))).toEqual([]);
  });
});
