/** docs/printing.md names parameters, screws, files and pictures: they are there, and their figures are these. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { boards } from '../../enclosure/src/boards.ts';
import { cell } from '../../enclosure/src/cell.ts';
import { limits } from '../../enclosure/src/parameters.ts';
import { makeCase } from '../../enclosure/src/parts.ts';

const at = new URL('../../docs/printing.md', import.meta.url);
/** Four cases are made to count their screws: a second each at most, on a busy machine ten. */
const makeLimitMs = 120_000;
const page = readFileSync(at, 'utf8');
const figures = new Map(Object.entries(limits).map(([name, { value }]) => [name, value]));

describe('docs/printing.md', () => {
  it('names only parameters that there are, with their figures', () => {
    const rows = [...page.matchAll(/^\| [^|]+ \| ([^|]*`\w+Mm`[^|]*) \| ([\d., ]+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [row, change = '', now = ''] of rows) {
      const names = [...change.matchAll(/`(\w+Mm)`/g)].map(([, name = '']) => name);
      expect(now.split(', ').map(Number), row).toEqual(names.map(name => figures.get(name)));
    }
  });

  it('says what to change for each clearance', () => {
    const fits = [...figures.keys()].filter(name => name.startsWith('fit'));
    expect(fits.filter(name => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it(
    'counts and names the screws as the shapes have them',
    () => {
      const words = ['none', 'one', 'two', 'three', 'four', 'five'];
      for (const board of boards) {
        for (const name of ['house', 'cloud'] as const) {
          expect(page).toContain(`${words[makeCase(name, board).shape.screws.length]} for the ${name}`);
        }
      }
      expect(page).toContain(`M2.5 × ${figures.get('screwLengthMm')}, countersunk`);
      expect(page).toContain(`No screw longer than ${figures.get('screwLengthMm')} mm`);
    },
    makeLimitMs,
  );

  it("has the cell's size and its room to swell", () => {
    const { lengthMm, widthMm, thicknessMm, swellingMm } = cell;
    expect(page).toContain(`at most ${lengthMm} × ${widthMm} × ${thicknessMm} mm`);
    expect(page).toContain(`${swellingMm} mm for swelling`);
  });

  it('has the settings of enclosure/printing.ini', () => {
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

  it('links only to what there is, and shows every picture of the cases', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link);
    expect(links.filter(link => !existsSync(new URL(link, at)))).toEqual([]);
    const pictures = readdirSync(new URL('images/', at)).filter(file => file.startsWith('case-'));
    expect(pictures.filter(file => !links.includes(`images/${file}`))).toEqual([]);
  });
});
