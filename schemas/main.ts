/** `npm run reference`: writes what is made of the schemas. A test says when that was forgotten. */
import { writeFileSync } from 'node:fs';
import { referencePage } from './page.ts';
import { files } from './schemas.ts';

for (const [name, { title, schema }] of Object.entries(files)) {
  writeFileSync(
    new URL(`${name}.json`, import.meta.url),
    `${JSON.stringify({ title, ...schema }, null, 2)}\n`,
  );
}
writeFileSync(new URL('../docs/settings.md', import.meta.url), referencePage());
