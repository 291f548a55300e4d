/**
 * Turns the art in this folder into `firmware/src/font.ts` and `firmware/src/icons.ts`. Run it after drawing:
 *
 *     npx tsx firmware/art/build.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Art, packBits, readStrips } from './strips.ts';

const sources = new URL('../src/', import.meta.url);
const notice = 'Made from firmware/art by its build.ts: draw there, not here.';
const special: Record<string, number> = { SPACE: 32, ELLIPSIS: 127 };

function read(name: string): Art[] {
  return readStrips(readFileSync(new URL(`${name}.txt`, import.meta.url), 'utf8'));
}

/** A call as the formatter wants it: in one line of 110 characters, or with a line per argument. */
function call(indent: string, head: string, args: (string | number)[], tail: string): string {
  const line = `${indent}${head}(${args.join(', ')})${tail}`;
  const separate = args.map(arg => `${indent}  ${arg},`).join('\n');
  return line.length <= 110 ? line : `${indent}${head}(\n${separate}\n${indent})${tail}`;
}

/** A font for setFontCustom: column by column, top first; the gap to the next character is part of a glyph. */
function font(name: string, gapColumns: number): string {
  const glyphs = new Map(read(name).map(art => [special[art.name] ?? art.name.charCodeAt(0), art]));
  const codes = [...glyphs.keys()].sort((a, b) => a - b);
  const first = codes[0] ?? 0;
  const height = glyphs.get(first)?.rows.length ?? 0;
  const widths = new Uint8Array((codes.at(-1) ?? 0) - first + 1);
  const bits: boolean[] = [];
  for (const code of codes) {
    const rows = glyphs.get(code)?.rows ?? [];
    if (rows.length !== height) throw new Error(`${name}: character ${code} is not ${height} px high`);
    const width = (rows[0]?.length ?? 0) + gapColumns;
    widths[code - first] = width;
    for (let x = 0; x < width; x++) bits.push(...rows.map(row => row[x] === '#'));
  }
  const encodedWidths = Buffer.from(widths).toString('base64');
  return [
    `export const ${name} = {`,
    `  height: ${height},`,
    `  first: ${first},`,
    call('  ', 'widths: chip.atob', [`'${encodedWidths}'`], ','),
    call('  ', 'bitmap: chip.atob', [`'${packBits(bits)}'`], ','),
    '};',
  ].join('\n');
}

function icon(art: Art): string {
  const bits = art.rows.flatMap(row => [...row].map(pixel => pixel === '#'));
  const comment = art.rows.map(row => `//   ${row}`).join('\n');
  const args = [art.rows[0]?.length ?? 0, art.rows.length, `'${packBits(bits)}'`];
  return `${comment}\n${call('', `export const ${art.name} = icon`, args, ';')}`;
}

/** The generated files by name. */
export function generate(): Record<string, string> {
  return {
    'font.ts': [
      `/** The fonts, for Graphics.setFontCustom. ${notice} */`,
      "import { chip } from './hal.ts';\n",
      '/** Printable ASCII; 127 is an ellipsis. */',
      `${font('small', 1)}\n`,
      '/** Capitals, digits and a few signs. */',
      `${font('large', 2)}\n`,
    ].join('\n'),
    'icons.ts': [
      `/** The icons, for Graphics.drawImage; their dark pixels draw nothing. ${notice} */`,
      "import { chip } from './hal.ts';\n",
      'function icon(width: number, height: number, rows: string) {',
      '  return { width, height, bpp: 1 as const, transparent: 0 as const, buffer: chip.atob(rows) };',
      '}\n',
      `${read('icons').map(icon).join('\n\n')}\n`,
    ].join('\n'),
  };
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of Object.entries(generate())) writeFileSync(new URL(name, sources), text);
}
