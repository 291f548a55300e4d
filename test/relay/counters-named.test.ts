/** The guides name metrics and reasons as the code does. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

/** All of a room's sources. */
const sources = (room: string) =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => textOf(join(room, name)))
    .join('\n');

const code = ['relay/src', 'provisioner/src'].map(sources).join('\n');

test.each(['docs/operating.md', 'docs/lab.md'])('metrics of the guide are those of the code: %s', guide => {
  const named = [...new Set(textOf(guide).match(/dashbutton_[a-z_]+/g))];
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(name => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
});

test('reasons by which the guide says that a limit is counted are those of the code', () => {
  const [, table = ''] = textOf('docs/operating.md').split('| limit | default | counted as |');
  const rows = table.split('\n\n')[0]?.split('\n').slice(2) ?? [];
  const reasons = rows.flatMap(
    row =>
      row
        .split('|')
        .at(-2)
        ?.match(/(?<=`)[a-z]+(?:-[a-z]+)*(?=`)/g) ?? [],
  );
  expect(reasons.length).toBeGreaterThan(8);
  expect(reasons.filter(reason => !code.includes(`'${reason}'`))).toEqual([]);
});
