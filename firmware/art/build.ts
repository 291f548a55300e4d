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
/** Pictures that a font holds, in the places of characters that it need not have. No gap follows them. */
const pictures: Record<string, number> = { CHECK: 29, CROSS: 30, ARROW: 31, PHONE: 34, CLOUD: 35, RACK: 36 };

function read(name: string): Art[] {
  return readStrips(readFileSync(new URL(`./${name}.txt`, import.meta.url), 'utf8'));
}

/** A call as the formatter wants it: in one line of 110 characters, or with a line per argument. */
function call(indent: string, head: string, args: (string | number)[], tail: string): string {
  const line = `${indent}${head}(${args.join(', ')})${tail}`;
  const separate = args.map(arg => `${indent}  ${arg},`).join('\n');
  return line.length <= 110 ? line : `${indent}${head}(\n${separate}\n${indent})${tail}`;
}

function codeOf(name: string): number {
  return pictures[name] ?? special[name] ?? name.charCodeAt(0);
}

/** A font for setFontCustom: column by column, top first; the gap to the next character is part of a glyph. */
function font(name: string, gapColumns: number): string {
  const glyphs = new Map(read(name).map(art => [codeOf(art.name), art]));
  const codes = [...glyphs.keys()].sort((a, b) => a - b);
  const first = codes[0] ?? 0;
  const height = glyphs.get(first)?.rows.length ?? 0;
  const widths = new Uint8Array((codes.at(-1) ?? 0) - first + 1);
  const bits: boolean[] = [];
  for (const code of codes) {
    const { name: glyph = '', rows = [] } = glyphs.get(code) ?? {};
    if (rows.length !== height) throw new Error(`${name}: character ${code} is not ${height} px high`);
    const width = (rows[0]?.length ?? 0) + (glyph in pictures ? 0 : gapColumns);
    widths[code - first] = width;
    for (let x = 0; x < width; x++) bits.push(...rows.map(row => row[x] === '#'));
  }
  const encodedWidths = Buffer.from(widths).toString('base64');
  return [
    `export const ${name}Height = ${height};`,
    `export const ${name}First = ${first};`,
    call('', `export const ${name}Widths = chip.atob`, [`'${encodedWidths}'`], ';'),
    call('', `export const ${name}Bitmap = chip.atob`, [`'${packBits(bits)}'`], ';'),
  ].join('\n');
}

/** An icon for drawImage, made when it is asked for: most wakings draw none. */
function icon(art: Art): string {
  const bits = art.rows.flatMap(row => [...row].map(pixel => pixel === '#'));
  return [
    ...art.rows.map(row => `//   ${row}`),
    `export const ${art.name} = () => ({`,
    `  width: ${art.rows[0]?.length ?? 0},`,
    `  height: ${art.rows.length},`,
    '  bpp: 1 as const,',
    call('  ', 'buffer: chip.atob', [`'${packBits(bits)}'`], ','),
    '});',
  ].join('\n');
}

/** The generated files by name. */
export function generate(): Record<string, string> {
  return {
    'font.ts': [
      `/** The fonts, for Graphics.setFontCustom. ${notice} */`,
      "import { chip } from './hal.ts';\n",
      '/** Printable ASCII; 127 is an ellipsis; 29 to 31 are a check, a cross and an arrow. */',
      `${font('small', 1)}\n`,
      '/** Digits, capitals and a few signs; 34 to 36 are a phone, a cloud and a rack. */',
      `${font('large', 2)}\n`,
    ].join('\n'),
    'icons.ts': [
      `/** The icons, for Graphics.drawImage. ${notice} */`,
      "import { chip } from './hal.ts';\n",
      `${read('icons').map(icon).join('\n\n')}\n`,
    ].join('\n'),
  };
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of Object.entries(generate())) writeFileSync(new URL(name, sources), text);
}
