/** The parts as plain JavaScript: a compiler in the same process would be measured as memory of the broker. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const parts = ['relay-part', 'aedes-part', 'load-part', 'attack-part'];

/** Writes each part into `folder` as `<part>.mjs`, with all that it needs. */
export async function bundleParts(folder: string): Promise<void> {
  await build({
    entryPoints: parts.map(part => fileURLToPath(new URL(`./${part}.ts`, import.meta.url))),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // aedes and pino are CommonJS and call require for Node's own modules.
    banner: {
      js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
    },
    logLevel: 'error',
  });
}
