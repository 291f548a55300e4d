/**
 * Edits a relay's users file; comments and everybody else's entries stay. In the form that enroll writes an entry is put in
 * or cut out as text, in milliseconds also among 100,000; a file in another form goes through a YAML parser.
 */
import { existsSync } from 'node:fs';
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import { editorLine } from '../../config/src/editor-line.ts';
import {
  checkUsersText,
  formatUser,
  parseFreely,
  readUsersText,
  type User,
  type Users,
} from '../../relay/src/auth/users.ts';
import { scanAtOnce } from '../../relay/src/auth/users-scan.ts';

export interface UsersFile {
  path: string;
  /** As they are in the file; empty when there is no file yet. */
  users: Users;
  /** Its text, or what a parser made of it. */
  content: { text: string } | { document: Document };
}

/** Opens a users file, or begins a new one. Throws a SetupError that lists all problems of one that is there. */
export function openUsers(path: string): UsersFile {
  if (!existsSync(path)) {
    return { path, users: new Map(), content: { text: `${editorLine('users')}users: []\n` } };
  }
  const text = readUsersText(path);
  const scanned = scanAtOnce(text);
  if (scanned !== undefined) return { path, users: scanned.users, content: { text } };
  const users = parseFreely(text, `the users file ${path}`);
  return { path, users, content: { document: parseDocument(text) } };
}

/** Puts a user at the end, or a new verifier into the entry that has this name. */
export function putUser({ content }: UsersFile, user: User): void {
  if ('document' in content) {
    putInto(content.document, user);
    return;
  }
  const { text } = content;
  const place = placeOf(text, user.name);
  if (place !== undefined) {
    const [start, end] = place;
    const entry = text.slice(start, end).replace(/verifier: .*\n/, `verifier: ${user.verifier}\n`);
    content.text = text.slice(0, start) + entry + text.slice(end);
  } else {
    content.text = `${text.replace(emptyList, 'users:\n')}${text.endsWith('\n') ? '' : '\n'}${formatUser(user)}`;
  }
}

export function removeUser({ content }: UsersFile, name: string): void {
  if ('document' in content) {
    removeFrom(content.document, name);
    return;
  }
  const place = placeOf(content.text, name);
  if (place === undefined) return;
  const rest = content.text.slice(0, place[0]) + content.text.slice(place[1]);
  content.text = /^ {2}- name: /m.test(rest) ? rest : rest.replace(/^users:[ \t]*$/m, 'users: []');
}

/**
 * The file's new text, held to the relay's own rules and limits.
 * @throws SetupError when the relay would not take it.
 */
export function usersText({ content }: UsersFile): string {
  const text = 'text' in content ? content.text : content.document.toString({ lineWidth: 0 });
  checkUsersText(text);
  return text;
}

const emptyList = /^users: \[\][ \t]*\n/m;

/** Where the entry of this name begins and ends. */
function placeOf(text: string, name: string): [start: number, end: number] | undefined {
  for (const written of [name, `"${name}"`]) {
    const line = `\n  - name: ${written}\n`;
    const before = text.indexOf(line);
    if (before < 0) continue;
    const start = before + 1;
    const entry = /^ {2}- name: .*\n(?: {4}\S.*\n){3}/.exec(text.slice(start, start + 1_000));
    if (entry !== null) return [start, start + entry[0].length];
  }
  return undefined;
}

function putInto(document: Document, { name, role, site, verifier }: User): void {
  const list = listOf(document);
  const entry = entryOf(list, name);
  if (entry !== undefined) {
    entry.set('verifier', verifier);
    return;
  }
  if (list.items.length === 0) list.flow = false;
  list.add(document.createNode({ name, role, site, verifier }));
}

function removeFrom(document: Document, name: string): void {
  const list = listOf(document);
  const entry = entryOf(list, name);
  if (entry !== undefined) list.items.splice(list.items.indexOf(entry), 1);
}

function listOf(document: Document): YAMLSeq {
  const list = document.get('users', true);
  if (isSeq(list)) return list;
  const empty = new YAMLSeq();
  document.set('users', empty);
  return empty;
}

function entryOf(list: YAMLSeq, name: string): YAMLMap | undefined {
  return list.items.filter(isMap).find(entry => entry.get('name') === name);
}
