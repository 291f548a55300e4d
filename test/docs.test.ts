/** Pages lead where they say, and decisions say when they were taken and whether they hold. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { boards } from '../firmware/src/boards.ts';
import { codes } from '../protocol/src/messages.ts';

const root = join(import.meta.dirname, '..');
const skipped = /^(node_modules|\.git)(\/|$)/;

const pages = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.md') && !skipped.test(path) && !path.includes('/node_modules/'))
  .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** As GitHub makes them of headings. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (text: string) =>
  text.match(/^#+ .*$/gm)?.map(line => anchorOf(line.replace(/^#+ /, ''))) ?? [];

test('every link to a file or a heading of ours leads somewhere', () => {
  expect(pages.length).toBeGreaterThan(30);
  const dead = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, target))) return [`${path}: ${link}`];
      if (anchor === undefined || !target.endsWith('.md')) return [];
      return anchorsOf(readFileSync(join(root, target), 'utf8')).includes(anchor) ? [] : [`${path}: ${link}`];
    }),
  );
  expect(dead).toEqual([]);
});

const textOf = (...paths: string[]) => paths.map(path => readFileSync(join(root, path), 'utf8')).join('\n');

/** Names that stand on no page as a word of their own. */
const unnamed = (names: readonly string[], text: string) =>
  names.filter(name => !new RegExp(`(^|[^\\w-])${name}($|[^\\w-])`, 'm').test(text));

const metricsIn = (path: string) =>
  [...textOf(path).matchAll(/\b(dashbutton_\w+)\b/g)].map(([, name = '']) => name);

test.each<[string, string[], string[]]>([
  [
    'metric of the provisioner',
    metricsIn('provisioner/src/operator/metrics.ts'),
    ['docs/lab.md', 'docs/operating.md'],
  ],
  ['metric of the relay', metricsIn('relay/src/metrics/metrics.ts'), ['docs/operating.md']],
  ['code on the display', [...codes], ['docs/troubleshooting.md']],
  ['board', boards.map(({ name }) => name), ['docs/hardware.md']],
])('every %s stands on a page', (_, names, pagesOfIt) => {
  expect(names.length).toBeGreaterThan(2);
  expect(unnamed(names, textOf(...pagesOfIt))).toEqual([]);
});

test('every decision has a date and a status, and stands in the list', () => {
  const decisions = pages.filter(({ path }) => /^docs\/decisions\/\d{4}-/.test(path));
  const list = readFileSync(join(root, 'docs/decisions/README.md'), 'utf8');
  expect(decisions.length).toBeGreaterThan(30);
  const wrong = decisions.filter(({ path, text }) => {
    const [title = '', , status = ''] = text.split('\n');
    const isSaid = /^\*2\d{3}-\d\d(-\d\d)?, (accepted|superseded by \[\d{4}\]\(.*\))\*$/.test(status);
    const [, file = ''] = /([^/]+)$/.exec(path) ?? [];
    return !(title.startsWith(`# ${file.slice(0, 4)} `) && isSaid && list.includes(`(${file})`));
  });
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
