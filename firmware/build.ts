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
 * interpreter, the others are short globals of the chip. A program that refers to globals of these names keeps
 * them, so this goes in front of it and comes off again.
 */
const pinNames = Array.from({ length: 40 }, (_, i) => `D${i}`);
const keepNames = `function $(){${['of', 'E', 'AES', 'I2C', 'LOW', 'NRF', 'Pin', 'SPI', 'USB', 'url', ...pinNames].join()}}`;

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

async function minified(code: string): Promise<string> {
  // As a module, because only a module's outermost names are minified.
  const options = { format: 'esm', minify: true, target, supported, charset: 'ascii' } as const;
  const result = await transform(keepNames + code, { ...options, legalComments: 'none', treeShaking: false });
  return without(/^function \w+\(\)\{of,[^}]*\}/, result.code);
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
  const body = minify ? await minified(unwrapped(script)) : unwrapped(script);
  const code = `// dashbutton ${version}\n${body}\n`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, code);
  return { path, code, bytes: Buffer.byteLength(code) };
}
