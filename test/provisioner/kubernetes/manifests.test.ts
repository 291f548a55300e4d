/** Files of Kubernetes objects: what is read, what is refused, and what is filled in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SetupError } from '../../../config/src/setup-error.ts';
import { readManifests } from '../../../provisioner/src/kubernetes/manifests.ts';
import { fillIn } from '../../../provisioner/src/kubernetes/placeholders.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'manifests-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string) {
  const path = join(folder, 'file.yaml');
  writeFileSync(path, text);
  return readManifests(path);
}

/** The problems, without the line that counts them. */
function problemsOf(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return (error as SetupError).message
      .split('\n')
      .slice(1)
      .map(line => line.trim());
  }
  return [];
}

const configMap = (name: string, more = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${more}`;

test('reads documents, skips empty ones, follows aliases and merges', () => {
  const text = `---\n# nothing\n---\n${configMap('a', 'data: &d {x: "1"}\nmore: {<<: *d, y: 0o644}\n')}---\n---\n${configMap('b')}...\n`;
  expect(read(text)).toEqual([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { x: '1' },
      more: { x: '1', y: 420 },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } },
  ]);
});

test('lists all problems at once, each with its line', () => {
  const text = [
    'kind: ConfigMap\nmetadata: {namespace: 5}\n',
    configMap('b', `data: {a: "\${clutser}", b: "\${", c: "\${cluster} $\${ok}"}\n`),
    'apiVersion: a/b/c\nkind: configMap\nmetadata: {name: "", generateName: x}\n',
    '- 1\n',
    configMap('b'),
    'apiVersion: v1\nkind: List\nmetadata: {name: x, managedFields: []}\nitems: []\n',
  ].join('---\n');
  expect(problemsOf(text)).toEqual([
    'line 1: apiVersion: is missing',
    'line 1: metadata.name: is missing',
    'line 1: metadata.namespace: expected a text',
    `line 4: there is no placeholder \${clutser}: there are \${cluster}, \${button}, \${press}; a literal is written $\${…}`,
    'line 4: a placeholder is not closed: "${"',
    'line 9: apiVersion: expected something like v1 or apps/v1',
    'line 9: kind: expected something like ConfigMap',
    'line 9: metadata.name: expected a text',
    'line 13: (top): Invalid input: expected object, received array',
    'line 15: ConfigMap b is there twice',
    'line 19: metadata.managedFields: take it out',
    'line 19: kind: write the items of the List as documents of their own',
  ]);
});

test('refuses what kubectl would read otherwise', () => {
  const problems = problemsOf(
    configMap('a', 'data:\n  mode: 0644\n  on: yes\n  fine: "0644"\n  zero: 0\n  float: 0.5\n'),
  );
  expect(problems).toHaveLength(3);
  expect(problems[0]).toMatch(/^line 5: 0644 means different things/);
  expect(problems.slice(1).map(line => line.slice(0, 12))).toEqual(['line 6: on m', 'line 6: yes ']);
});

test('refuses what is no YAML, too much, nothing, and what cannot be read', () => {
  expect(problemsOf('a: [')[0]).toMatch(/at line 1/);
  expect(problemsOf('a: 1\na: 2\n')[0]).toMatch(/unique/);
  expect(problemsOf(configMap('a', 'x: !!js/function 5\n'))[0]).toMatch(/tag/i);
  expect(problemsOf('# nothing\n')).toEqual(['there is no object in it']);
  const many = (count: number) => Array.from({ length: count }, (_, i) => configMap(`n${i}`)).join('---\n');
  expect(read(many(200))).toHaveLength(200);
  expect(problemsOf(many(201))).toEqual(['201 objects: at most 200']);
  expect(() => read(`#${' '.repeat(1024 * 1024)}`)).toThrow(/larger than 1048576 bytes/);
  expect(() => readManifests(join(folder, 'none.yaml'), 'manifests')).toThrow(/^manifests .*no such file/);
  const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefgh'
    .split('')
    .map((n, i) => `${n}: &${n} [${Array(9).fill(`*${'abcdefg'[i]}`).join()}]`)
    .join('\n')}\n`;
  expect(problemsOf(bomb)).toEqual(['there are too many aliases (*name)']);
});

test('a file of another sort ends in a short list', () => {
  const problems = problemsOf(Array(100).fill('a: 1\n').join('---\n'));
  expect(problems).toHaveLength(51);
  expect(problems.at(-1)).toBe('…');
});

const names: Record<string, string> = { B: 'button', P: 'press', C: 'cluster' };

test('fills in what differs from press to press, in values only', () => {
  const more = [
    'data:',
    '  $press: "B/P/P"', // a key is no value
    '  b: "$C $$ $ {x}"',
    '  n: 5',
    '  l: ["C", null, true]\n',
  ].join('\n');
  const written = (text: string) => text.replaceAll(/[BPC](?=["/ ])/g, key => `\${${names[key]}}`);
  const [manifest] = read(configMap(written('"n-C"'), written(more)));
  const filled = fillIn(manifest === undefined ? [] : [manifest], { cluster: 'c', button: '$&', press: '7' });
  expect(filled).toEqual([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'n-c' },
      data: { $press: '$&/7/7', b: `\${cluster} $$ $ {x}`, n: 5, l: ['c', null, true] },
    },
  ]);
  // What was read stays as it is, for the next press.
  expect(manifest?.metadata.name).toBe(`n-\${cluster}`);
});

test('the example is in order', () => {
  const kinds = readManifests('provisioner/manifests/isolation.yaml').map(({ kind }) => kind);
  expect(kinds).toEqual(['Namespace', 'NetworkPolicy', 'NetworkPolicy', 'LimitRange', 'ResourceQuota']);
});
