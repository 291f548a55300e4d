/**
 * `npm run enclosure`: writes enclosure/stl/*.stl, and removes files there that no part has any more.
 * With an argument: into that folder, which may be new.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stl } from './export.ts';
import { allParts } from './parts.ts';

const folder = process.argv[2] ?? fileURLToPath(new URL('../stl', import.meta.url));

const parts = await allParts();
mkdirSync(folder, { recursive: true });
const files = new Set(parts.map(part => part.file));
for (const name of readdirSync(folder)) {
  if (name.endsWith('.stl') && !files.has(name)) rmSync(join(folder, name));
}
for (const part of parts) writeFileSync(join(folder, part.file), stl(part.mesh, part.file));
process.stdout.write(`${parts.length} files in ${folder}\n`);
