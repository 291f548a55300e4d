/** docs/settings.md, made of the schemas: every setting, what may stand there, what counts without it. */
import { files, type JsonSchema, type Part, templates } from './schemas.ts';

const head = `# Settings

Every setting of every file, made from the schemas that check them (\`npm run reference\`). Durations are in seconds (\`…S\`) or milliseconds (\`…Ms\`),
sizes in bytes. Paths count from the file's folder. What is not named here is refused, with its name. For an editor that knows the YAML language
server, this line at the top of a file checks and completes it while you write (the files that we write have it):

\`\`\`yaml
# yaml-language-server: $schema=…/schemas/provisioner.json
\`\`\`
`;

/** Nobody means as much as that: there is a maximum because a number has one. */
const noMaximum = 2 ** 40;

interface Row {
  name: string;
  schema: JsonSchema;
  required: boolean;
}

/** Of one object: its own table, then those of the objects in it. */
function tables(path: string, schema: JsonSchema): string[] {
  const rows = Object.entries(schema.properties ?? {}).map(
    ([name, inner]): Row => ({ name, schema: inner, required: schema.required?.includes(name) ?? false }),
  );
  const title = path === '' ? [] : [`### \`${path}\``, ''];
  const table = [
    '| setting | what may stand there | without it | |',
    '| --- | --- | --- | --- |',
    ...rows.map(lineOf),
    '',
  ];
  const inner = rows.flatMap(({ name, schema }) => below(path === '' ? name : `${path}.${name}`, schema));
  return [...(rows.length === 0 ? [] : [...title, ...table]), ...inner];
}

function below(path: string, schema: JsonSchema): string[] {
  if (schema.oneOf !== undefined) {
    return schema.oneOf.flatMap(each => {
      const [name = '', kind] = Object.entries(each.properties ?? {}).find(([, { const: is }]) => is) ?? [];
      return tables(`${path} (${name}: ${kind?.const})`, each);
    });
  }
  if (schema.items !== undefined) return below(`${path}[]`, schema.items);
  if (typeof schema.additionalProperties === 'object') {
    return below(`${path}.<name>`, schema.additionalProperties);
  }
  return schema.properties === undefined ? [] : tables(path, schema);
}

function lineOf({ name, schema, required }: Row): string {
  const without = required ? '**needed**' : schema.default === undefined ? '' : code(schema.default);
  const cells = [code(name, true), kindOf(schema), without, schema.description ?? ''];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function kindOf(schema: JsonSchema): string {
  const { type, minimum, maximum, items, additionalProperties } = schema;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(each => code(each)).join(', ');
  if (type === 'array') {
    const each = items?.type === 'object' || items?.oneOf ? 'see below' : items && kindOf(items);
    return `list: ${each}`;
  }
  if (type === 'object') return additionalProperties ? 'by name' : 'see below';
  if (type !== 'integer') return type === 'boolean' ? '`true`, `false`' : 'text';
  const figure = (value = 0) => value.toLocaleString('en');
  return (maximum ?? noMaximum) >= noMaximum
    ? `from ${figure(minimum)}`
    : `${figure(minimum)} to ${figure(maximum)}`;
}

function code(value: unknown, isName = false): string {
  return `\`${isName || typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

const part = ({ title, words, schema }: Part) => [`## ${title}`, '', words, '', ...tables('', schema)];

export function referencePage(): string {
  return `${[head, ...[...Object.values(files), ...templates].flatMap(part)].join('\n').trimEnd()}\n`;
}
