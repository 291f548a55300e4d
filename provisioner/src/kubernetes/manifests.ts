/** Reads the Kubernetes objects that a person wants in every new cluster, or tells all that is wrong with the file. */
import { type Document, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';
import { z } from 'zod';
import { listed } from '../../../config/src/setup-error.ts';
import { readTextFile } from '../../../config/src/yaml-file.ts';
import { placeholderProblems } from './placeholders.ts';

/** One Kubernetes object of whatever kind. Its texts may have placeholders: see {@link fillIn}. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** Objects in one file. Applying them is one request each: more is a package for something else than a button. */
const maxManifests = 200;

const text = z.string('expected a text').min(1, 'expected a text');
const missing = 'is missing';
const schema = z.looseObject({
  apiVersion: text.regex(/^([a-z0-9.-]+\/)?v[a-z0-9]+$/, 'expected something like v1 or apps/v1'),
  kind: text.regex(/^[A-Z][A-Za-z0-9]*$/, 'expected something like ConfigMap'),
  metadata: z.looseObject({ name: text, namespace: text.exactOptional() }, 'expected name and more'),
});

/**
 * Reads a file of YAML documents, one object each; empty documents count for nothing. At most 1 MiB and 200 objects.
 * @param what names the file in messages, for example "the manifests".
 * @param placeholders the names that may stand in `${…}`; left out: those of {@link fillIn}.
 * @throws SetupError that lists all problems, one a line.
 */
export function readManifests(
  path: string,
  what = 'the manifests',
  placeholders?: readonly string[],
): Manifest[] {
  const lines = new LineCounter();
  const source = readTextFile(path, what);
  const documents = parseAllDocuments(source, { lineCounter: lines, merge: true, uniqueKeys: true });
  const problems: string[] = [];
  const manifests: Manifest[] = [];
  const seen = new Set<string>();
  for (const document of Array.isArray(documents) ? documents : []) {
    const line = lines.linePos(document.contents?.range?.[0] ?? document.range[0]).line;
    const value = plainValue(document, lines, problems);
    if (value === undefined) continue;
    const checked = schema.safeParse(value);
    const ownProblems = [
      ...(checked.success
        ? rulesOf(checked.data)
        : checked.error.issues.map(issue => sayIssue(issue, value))),
      ...placeholderProblems(value, placeholders),
    ];
    problems.push(...ownProblems.map(problem => `line ${line}: ${problem}`));
    if (!checked.success) continue;
    const title = `${checked.data.apiVersion} ${titleOf(checked.data)}`;
    if (seen.has(title)) problems.push(`line ${line}: ${titleOf(checked.data)} is there twice`);
    seen.add(title);
    manifests.push(checked.data);
  }
  if (manifests.length > maxManifests) problems.push(`${manifests.length} objects: at most ${maxManifests}`);
  if (problems.length === 0 && manifests.length === 0) problems.push('there is no object in it');
  if (problems.length > 0) {
    const about = problems.map(found => ({ found, file: path }));
    throw listed(`${what} ${path}`, problems, about);
  }
  return manifests;
}

/** `ConfigMap team/name`, or without the namespace when none is said. */
export function titleOf({ kind, metadata: { name, namespace } }: Manifest): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** The document as a value, or undefined when it is empty or no YAML. */
function plainValue(document: Document.Parsed, lines: LineCounter, problems: string[]): unknown {
  const before = problems.length;
  for (const { message } of [...document.errors, ...document.warnings]) {
    problems.push(message.split('\n', 1)[0] ?? message);
  }
  visit(document, {
    Scalar: (_key, node) => {
      if (!isScalar(node) || node.type !== 'PLAIN' || !isAmbiguous(node.source ?? '')) return;
      const { line } = lines.linePos(node.range?.[0] ?? 0);
      const what =
        'means different things in different versions of YAML: write true, false or 0o…, or quote it';
      problems.push(`line ${line}: ${node.source} ${what}`);
    },
  });
  if (problems.length > before) return undefined;
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? undefined;
  } catch {
    problems.push('there are too many aliases (*name)');
    return undefined;
  }
}

/** kubectl reads YAML 1.1 (`yes` is true, 0644 is 420), this reader 1.2 (a text, and 644). */
function isAmbiguous(plain: string): boolean {
  return /^([-+]?0[0-9_]+|yes|no|on|off)$/i.test(plain);
}

function rulesOf(manifest: Manifest): string[] {
  const problems: string[] = [];
  // The server would make a new object at each try.
  if ('generateName' in manifest.metadata) problems.push('metadata.generateName: give it a name of its own');
  // The server refuses an apply that has them.
  if ('managedFields' in manifest.metadata) problems.push('metadata.managedFields: take it out');
  if (manifest.kind === 'List') problems.push('kind: write the items of the List as documents of their own');
  return problems;
}

function sayIssue(issue: z.core.$ZodIssue, value: unknown): string {
  let found: unknown = value;
  for (const key of issue.path) found = (found as Record<PropertyKey, unknown> | undefined)?.[key];
  return `${issue.path.join('.') || '(top)'}: ${found === undefined ? missing : issue.message}`;
}
