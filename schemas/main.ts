/** `npm run reference`: writes what is made of the schemas. A test says when that was forgotten. */
import { writeFileSync } from 'node:fs';
import { referencePage } from './page.ts';
import { files, scriptDocuments } from './schemas.ts';

const write = (name: string, schema: object) =>
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);

for (const [name, { title, schema }] of Object.entries(files)) write(name, { title, ...schema });
write('script-platform', scriptDocuments);
writeFileSync(new URL('../docs/settings.md', import.meta.url), referencePage());
