/**
 * Builds the firmware: TypeScript in, one JavaScript file for the Espruino interpreter out.
 *
 * The interpreter has a subset of modern JavaScript. What esbuild can lower, it lowers here (`?.`, `??=`, `**`,
 * class fields); what it cannot (destructuring, defaults, rest, async), it refuses with the file and line. What
 * it lets through although the interpreter lacks it is caught by `test/firmware/dialect.ts`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildResult, build, transform } from 'esbuild';
import { minify as terser } from 'terser';
import { sortNames } from './names.ts';
import { staged } from './stages.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const target = 'es2022';

/** Syntax that Espruino 2v29 does not have. Each was tried on the interpreter. */
const missing = [
  'array-spread',
  'async-await',
  'async-generator',
  'bigint',
  'class-field',
  'class-static-blocks',
  'default-argument',
  'destructuring',
  'exponent-operator',
  'for-await',
  'generator',
  'import-meta',
  'logical-assignment',
  'new-target',
  'object-rest-spread',
  'optional-chain',
  'rest-argument',
];
const supported = Object.fromEntries(missing.map(feature => [feature, false]));

/**
 * Names that the minifier must not give away, though they look free to it: `of` is a reserved word to the
 * interpreter, the others are short globals of the chip.
 */
const pinNames = Array.from({ length: 40 }, (_, i) => `D${i}`);
const takenNames = ['of', 'E', 'AES', 'I2C', 'LOW', 'NRF', 'Pin', 'SPI', 'USB', 'url', ...pinNames];

/** Functions of the chip that are called so often that a short name pays. None of them looks at `this`. */
const nicknamed = [
  'String.fromCharCode',
  'JSON.stringify',
  'Math.round',
  'setTimeout',
  'chip.require',
  'Object.assign',
  'Math.max',
  'Math.min',
];

export interface BuildOptions {
  /** Small (the default) or readable. */
  minify?: boolean;
  /** The program's first file; the firmware's `main.ts` when left out. */
  entry?: string;
  /** Where to write; `firmware/dist/dashbutton.js` when left out. */
  outfile?: string;
}

export interface Firmware {
  path: string;
  code: string;
  bytes: number;
}

async function ourVersion(): Promise<string> {
  return String(JSON.parse(await readFile(resolve(root, 'package.json'), 'utf8')).version);
}

/** esbuild only warns about some of what it cannot lower; on the chip that fails at run time, so fail here. */
function refuseWarnings(result: BuildResult): void {
  const warning = result.warnings[0];
  if (warning) {
    const at = warning.location;
    throw new Error(`${at ? `${at.file}:${at.line}:${at.column}: ` : ''}${warning.text}`);
  }
}

/** All sources in one script: `(() => { … })();`. Constants are only inlined across files at this stage. */
async function bundle(entry: string, version: string, minify: boolean): Promise<string> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [resolve(entry)],
    bundle: true,
    minifySyntax: minify,
    write: false,
    format: 'iife',
    platform: 'neutral',
    target,
    supported,
    // The chip's strings are 8-bit; escapes keep the file readable byte by byte, whoever uploads it.
    charset: 'ascii',
    legalComments: 'none',
    define: { __VERSION__: JSON.stringify(version) },
    // A class field becomes an assignment in the constructor: the interpreter runs initialisers only once.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, verbatimModuleSyntax: true } },
    logLevel: 'silent',
  });
  refuseWarnings(result);
  return result.outputFiles.map(file => file.text).join('');
}

/**
 * Takes the function around the program off. Each function that is made inside another one keeps a reference to
 * it: without, the whole firmware needs 12 % fewer variables of the chip's few thousand (measured).
 */
function unwrapped(script: string): string {
  return without(/\}\)\(\);\s*$/, without(/^(?:"use strict";\s*)?\(\(\) => \{\s*/, script));
}

/** Two minifiers: esbuild shortens property names, terser does the rest (400 bytes better than esbuild at it). */
async function minified(code: string): Promise<string> {
  const { kept, tags } = await sortNames(code);
  const short = await transform(withKeys(withNicknames(code), tags), {
    minifySyntax: true,
    mangleProps: /./,
    reserveProps: new RegExp(`^(?:${kept.join('|')})$`),
    target,
    supported,
    legalComments: 'none',
    treeShaking: false,
  });
  const result = await terser(short.code, {
    ecma: 2020,
    // The program's outermost names are its own; see `unwrapped`.
    toplevel: true,
    // `inline` above 1 makes variables that are used above their definition, which the interpreter does not hoist.
    // Arrows are shorter, and nothing here looks at `this`.
    compress: {
      passes: 6,
      pure_getters: true,
      inline: 1,
      sequences: false,
      keep_fargs: false,
      unsafe_arrows: true,
    },
    mangle: { reserved: [...takenNames, '$'] },
    format: { ascii_only: true, comments: false },
  });
  // A variable without a value is undefined, and one letter.
  return `var $;${(result.code ?? '').replaceAll('void 0', '$$')}`;
}

/** Calls the chip's functions by a name of our own, or as the globals that they are. */
function withNicknames(code: string): string {
  const used = [...new Set(Array.from(code.matchAll(/\bchip\.(\w+)/g), match => match[1]))];
  const shadow = new RegExp(`\\b(?:function|class|var|let|const) (?:${used.join('|')})\\b`).exec(code);
  if (used.length > 0 && shadow) {
    throw new Error(`"${shadow[0]}": the chip has a global of that name`);
  }
  const direct = code.replace(/\bchip\.(?!require\b)(?=\w)/g, '');
  const named = nicknamed.reduce(
    (rest, called, i) => rest.replaceAll(new RegExp(`(?<![\\w.])${called}\\b`, 'g'), `nickname${i}`),
    direct,
  );
  const values = nicknamed.map((called, i) => `nickname${i} = ${called.replace('chip.', '')}`);
  return `var ${values.join()};\n${named}`;
}

/** esbuild takes a text with this mark for a property name, and shortens it as such. */
function withKeys(code: string, tags: string[]): string {
  return code.replace(new RegExp(`"(?:${tags.join('|')})"`, 'g'), '/* @__KEY__ */$&');
}

/** Control characters are legal in a text, but an upload over a serial line would take them for commands. */
function printable(code: string): string {
  return code.replace(/[^\n -~]/g, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function without(part: RegExp, code: string): string {
  if (!part.test(code)) {
    throw new Error(`esbuild's output has changed: no ${part}`);
  }
  return code.replace(part, '');
}

/**
 * Bundles the firmware into one file. The same sources give the same bytes.
 * @throws esbuild's own message, with the file and line, when the sources cannot be built.
 */
export async function buildFirmware(options: BuildOptions = {}): Promise<Firmware> {
  const path = resolve(options.outfile ?? resolve(root, 'firmware/dist/dashbutton.js'));
  const version = await ourVersion();
  const minify = options.minify ?? true;
  const script = await bundle(options.entry ?? resolve(root, 'firmware/src/main.ts'), version, minify);
  const plain = staged(unwrapped(script));
  const body = minify ? await minified(plain) : plain;
  const code = `// dashbutton ${version}\n${printable(body)}\n`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, code);
  return { path, code, bytes: Buffer.byteLength(code) };
}
