/** The page's files, built in memory: what changes with the sources is bundled by esbuild, the rest is read. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * What the board in the worker uses of its world, by name: handed to it once, before the program's world is cut down to what the chip
 * has. A name that is missing here is a ReferenceError in the worker as soon as it is used.
 */
const usedByBoard = [
  ...[
    'Map',
    'Set',
    'WeakMap',
    'WeakSet',
    'Proxy',
    'Reflect',
    'Symbol',
    'BigInt',
    'TextEncoder',
    'DOMException',
  ],
  ...[
    'BigUint64Array',
    'SharedArrayBuffer',
    'Atomics',
    'WebSocket',
    'performance',
    'importScripts',
    'structuredClone',
  ],
  ...[
    'setTimeout',
    'clearTimeout',
    'queueMicrotask',
    'btoa',
    'atob',
    'self',
    'console',
    'RangeError',
    'escape',
  ],
];

export interface BuiltFile {
  type: string;
  body: Buffer;
}

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  bin: 'application/octet-stream',
  webp: 'image/webp',
  json: 'application/json',
  svg: 'image/svg+xml',
};

const stored = [
  'art/house.bin',
  'art/cloud.bin',
  'art/house.webp',
  'art/cloud.webp',
  'art/stills.json',
  'icon.svg',
];

/** By path. `/dashbutton.js` is the firmware as it is flashed, byte for byte. */
export async function buildPage(firmware: string): Promise<Map<string, BuiltFile>> {
  const shared = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    tsconfigRaw: {},
  } as const;
  const names = usedByBoard.join();
  const [page, worker] = await Promise.all([
    build({
      ...shared,
      entryPoints: { page: 'src/dom/main.ts' },
      format: 'esm',
      splitting: true,
      outdir: '/',
      chunkNames: '[name]-[hash]',
    }),
    build({
      ...shared,
      entryPoints: { worker: 'src/worker/worker.ts' },
      format: 'iife',
      outdir: '/',
      banner: { js: `(function(${names}){` },
      footer: {
        js: `})(${usedByBoard.map(name => (/^[a-z]/.test(name) ? bound(name) : `self.${name}`)).join()});`,
      },
    }),
  ]);
  const files = new Map<string, BuiltFile>();
  for (const { path, contents } of [...page.outputFiles, ...worker.outputFiles]) {
    files.set(`/${path.split('/').at(-1)}`, { type: types.js ?? '', body: Buffer.from(contents) });
  }
  for (const name of ['index.html', 'style.css', ...stored]) {
    const type = types[name.split('.').at(-1) ?? ''] ?? '';
    files.set(name === 'index.html' ? '/' : `/${name}`, { type, body: readFileSync(`${root}${name}`) });
  }
  files.set('/dashbutton.js', { type: types.js ?? '', body: Buffer.from(firmware, 'latin1') });
  return files;
}

/** Functions of the worker's global object, which lose it as parameters. */
function bound(name: string): string {
  return ['performance', 'self', 'console'].includes(name)
    ? `self.${name}`
    : `self.${name} && self.${name}.bind(self)`;
}
