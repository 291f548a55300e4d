/** What is made of the schemas is made of these; every setting has words, and somebody who reads it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { openUsers, usersText } from '../cli/enroll/users-file.ts';
import { verbs } from '../provisioner/src/platforms/script/contract.ts';
import { referencePage } from '../schemas/page.ts';
import { files, type JsonSchema, scriptDocuments, templates } from '../schemas/schemas.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

test.each(Object.entries(files))('schemas/%s.json is what the schema says (npm run reference)', (name, {
  title,
  schema,
}) => {
  expect(JSON.parse(textOf(`schemas/${name}.json`))).toEqual({ title, ...schema });
});

test('schemas/script-platform.json is what the contract says (npm run reference)', () => {
  expect(JSON.parse(textOf('schemas/script-platform.json'))).toEqual(scriptDocuments);
});

test('docs/settings.md is what the schemas say (npm run reference)', () => {
  expect(textOf('docs/settings.md')).toBe(referencePage());
});

/** Path and schema of every setting. */
function settingsIn(schema: JsonSchema, path = ''): [string, JsonSchema][] {
  const { properties = {}, items, additionalProperties, oneOf = [] } = schema;
  const inner = [
    items,
    typeof additionalProperties === 'object' ? additionalProperties : undefined,
    ...oneOf,
  ];
  return [
    ...Object.entries(properties).flatMap(([name, each]): [string, JsonSchema][] => [
      [`${path}${name}`, each],
      ...settingsIn(each, `${path}${name}.`),
    ]),
    ...inner.flatMap(each => (each === undefined ? [] : settingsIn(each, path))),
  ];
}

const all = [...Object.values(files), ...templates].flatMap(({ title, schema }) =>
  settingsIn(schema).map(([path, each]): [string, JsonSchema] => [`${title}: ${path}`, each]),
);

test('every setting has words for its page', () => {
  expect(all.length).toBeGreaterThan(100);
  expect(
    all
      .filter(([, { description = '' }]) => !/^.{10,}\.$|^By name\.$/.test(description))
      .map(([path]) => path),
  ).toEqual([]);
});

test('docs/script-platform.md has every verb and every field of its documents', () => {
  const page = textOf('docs/script-platform.md');
  const fields = Object.values(scriptDocuments.$defs).flatMap(each => settingsIn(each).map(([path]) => path));
  const names = [...verbs, ...fields.map(path => path.split('.').at(-1) ?? '')];
  expect([...new Set(names)].filter(name => !page.includes(`\`${name}\``))).toEqual([]);
});

/** Where settings are described, and not read. */
const described = /(config-schema|settings\/schema|limits\/limits)\.ts$/;

test.each([
  ['relay', [files.relay, files.users]],
  ['provisioner', [files.provisioner, ...templates]],
] as const)('every setting of the %s is read by somebody', (room, parts) => {
  const sources = readdirSync(join(root, room, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && !described.test(path))
    .map(path => textOf(join(room, 'src', path)))
    .join('\n');
  const names = new Set(
    parts.flatMap(({ schema }) => settingsIn(schema).map(([path]) => path.split('.').at(-1) ?? '')),
  );
  const read = (name: string) => new RegExp(`[.{,] ?${name}\\b(?!: (z\\.|file|text))`).test(sources);
  expect([...names].filter(name => !read(name))).toEqual([]);
});

const schemaLine = /^# yaml-language-server: \$schema=(\S+)\n/;

test.each([
  'relay/example.yaml',
  'provisioner/example.yaml',
  'provisioner/deploy/lab.yaml',
])('the first line of %s leads to its schema', path => {
  const [, to = ''] = schemaLine.exec(textOf(path)) ?? [];
  const { required, properties } = JSON.parse(
    readFileSync(resolve(root, path, '..', to), 'utf8'),
  ) as JsonSchema;
  const settings = parse(textOf(path)) as object;
  expect(Object.keys(settings)).toEqual(expect.arrayContaining(required ?? []));
  expect(Object.keys(properties ?? {})).toEqual(expect.arrayContaining(Object.keys(settings)));
});

test('a users file that enroll begins leads to its schema', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-users-'));
  try {
    const [, to = ''] = schemaLine.exec(usersText(openUsers(join(folder, 'users.yaml')))) ?? [];
    expect(fileURLToPath(to)).toBe(join(root, 'schemas/users.json'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
