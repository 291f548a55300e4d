/** Edits a relay's users file; comments and everybody else's entries stay. */
import { existsSync } from 'node:fs';
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import { readTextFile } from '../../config/src/yaml-file.ts';
import { makeUsers, readUsers, type User, type Users } from '../../relay/src/users.ts';

export interface UsersFile {
  path: string;
  /** As they are in the file; empty when there is no file yet. */
  users: Users;
  document: Document;
}

/** Opens a users file, or begins a new one. Throws a SetupError that lists all problems of one that is there. */
export function openUsers(path: string): UsersFile {
  if (!existsSync(path)) return { path, users: new Map(), document: parseDocument('users: []\n') };
  return { path, users: readUsers(path), document: parseDocument(readTextFile(path, 'the users file')) };
}

/** Puts a user at the end, or a new verifier into the entry that has this name. */
export function putUser({ document }: UsersFile, user: User): void {
  const list = listOf(document);
  const entry = entryOf(list, user.name);
  if (entry !== undefined) {
    entry.set('verifier', user.verifier);
    return;
  }
  const { name, role, site, verifier } = user;
  if (list.items.length === 0) list.flow = false;
  list.add(document.createNode({ name, role, site, verifier }));
}

export function removeUser({ document }: UsersFile, name: string): void {
  const list = listOf(document);
  const entry = entryOf(list, name);
  if (entry !== undefined) list.items.splice(list.items.indexOf(entry), 1);
}

/** The file's new text, held to the relay's own rules. */
export function usersText({ document }: UsersFile): string {
  makeUsers(document.toJS().users);
  return document.toString({ lineWidth: 0 });
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
