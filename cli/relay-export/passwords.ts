/**
 * Passwords where enrolments left them. The users file holds only verifiers, and no other broker can use those; but with
 * them every password that is found can be tried, so that none is exported which the relay itself would refuse.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSecret } from '../../config/src/secret-file.ts';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import type { Users } from '../../relay/src/auth/users.ts';
import { isMachineKey, makeVerifier } from '../../relay/src/auth/verifier.ts';
import { readDeviceFile } from '../enroll/device-file.ts';

/** More files than this are not a folder of enrolments: somebody named the wrong one. */
const maxFiles = 20_000;

export interface Passwords {
  /** By user name; all of them right. */
  known: ReadonlyMap<string, string>;
  /** Users without one. */
  missing: string[];
  /** Files that could not be read, and why. */
  unread: string[];
}

const passwordFile = /.\.password$/;
const deviceFile = /\.device\.json$/;

/**
 * Looks for `*.password` and `*.device.json` in these folders, not below them.
 * @throws SetupError when a folder cannot be read
 */
export function findPasswords(users: Users, folders: readonly string[]): Passwords {
  const unread: string[] = [];
  const found = folders.flatMap(folder => list(folder)).flatMap(path => read(path, unread));
  const keys = new Map(found.filter(isMachineKey).map(password => [makeVerifier(password), password]));
  const known = new Map<string, string>();
  for (const user of users.values()) {
    // Whatever its file is called: a provisioner's is named after its site, or as it likes.
    const password = keys.get(user.verifier);
    if (password !== undefined) known.set(user.name, password);
  }
  return { known, missing: [...users.keys()].filter(name => !known.has(name)), unread };
}

function list(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new SetupError(`the folder of passwords ${folder} cannot be read: ${messageOf(error)}`);
  }
  if (names.length > maxFiles)
    throw new SetupError(`${folder} has more than ${maxFiles} files: is it the right one?`);
  return names
    .filter(name => passwordFile.test(name) || deviceFile.test(name))
    .map(name => join(folder, name));
}

function read(path: string, unread: string[]): string[] {
  try {
    if (deviceFile.test(path)) {
      return [readDeviceFile(path).relay.password];
    }
    return [readSecret(path, 'the password file')];
  } catch (error) {
    unread.push(messageOf(error));
    return [];
  }
}
