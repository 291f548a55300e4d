/** A person's YAML file, checked by a zod schema: either a value that can be trusted, or every problem at once. */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { errnoOf, listed, messageOf, SetupError, type SetupProblem } from './setup-error.ts';

/** Settings files are written by hand; anything larger is a mistake (bytes). */
export const maxFileBytes = 1024 * 1024;

/** Reads a text file, or says in one sentence why that is not possible. `what` names it: "the users file". */
export function readTextFile(path: string, what: string, maxBytes = maxFileBytes): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length <= maxBytes) return text;
  } catch (error) {
    throw new SetupError(`${what} ${path} cannot be read: ${reasonFor(error)}`);
  }
  throw new SetupError(`${what} ${path} is larger than ${maxBytes} bytes: is it the right file?`);
}

function reasonFor(error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'this user may not read it (check its owner and mode)';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return messageOf(error);
  }
}

/**
 * Reads and checks a YAML file.
 * @param what names the file in messages, for example "the users file".
 * @throws SetupError that lists all problems, one a line: path in the file, what was expected, what was found.
 */
export function readYamlFile<T>(path: string, what: string, schema: z.ZodType<T>): T {
  return checkYaml(readTextFile(path, what), `${what} ${path}`, schema);
}

/** The same for text that is already in memory. `source` stands at the start of the message. */
export function checkYaml<T>(text: string, source: string, schema: z.ZodType<T>): T {
  const document = parseDocument(text);
  const syntax = document.errors.map(error => firstLine(error.message));
  if (syntax.length > 0) {
    const lines = syntax.map(line => `  ${line}`).join('\n');
    const problems = syntax.map(line => ({ found: `it is not YAML: ${line}` }));
    throw new SetupError(`${source} is not YAML:\n${lines}`, problems);
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.flatMap(issue => describe(issue, value));
  throw listed(
    source,
    problems.map(({ line }) => line),
    problems.map(({ problem }) => problem),
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

/** So begin the messages of our schemas that say what should stand there. */
const wanted = 'expected ';

/** Unknown keys are one each, because each is a mistake of its own. */
function describe(issue: z.core.$ZodIssue, value: unknown): { line: string; problem: SetupProblem }[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const found = 'there is no such setting';
    return issue.keys.map(key => {
      const setting = [...path, key].join('.');
      return { line: `${setting}: ${found}`, problem: { setting, found } };
    });
  }
  const setting = path.join('.') || '(top)';
  const there = foundText(issue.path, value);
  const said = there === '' ? '' : ` (${there})`;
  const problem =
    said !== '' && issue.message.startsWith(wanted)
      ? { found: there.replace(/^found /, ''), expected: issue.message.slice(wanted.length) }
      : { found: `${issue.message}${said}` };
  return [{ line: `${setting}: ${issue.message}${said}`, problem: { setting, ...problem } }];
}

/** What stands there now. Long texts and whole blocks are not repeated: they may hold what is nobody's business. */
function foundText(path: readonly PropertyKey[], value: unknown): string {
  let found: unknown = value;
  for (const key of path) {
    found =
      typeof found === 'object' && found !== null ? (found as Record<PropertyKey, unknown>)[key] : undefined;
  }
  if (found === undefined) return 'nothing is there';
  const secret = /password|secret|token|verifier|key$/i.test(String(path.at(-1) ?? ''));
  if (secret || typeof found === 'object') return '';
  // An address may hold a login; what stands before its @ is nobody's business either.
  const text = JSON.stringify(found).replace(/\/\/[^/@]*@/g, '//…@');
  return text.length <= 60 ? `found ${text}` : '';
}
