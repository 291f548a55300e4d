/**
 * Passwords where enrolments left them. The users file holds only verifiers, and no other broker can use those; but with
 * them every password that is found can be tried, so that none is exported which the relay itself would refuse.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSecret } from '../../config/src/secret-file.ts';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import type { User, Users } from '../../relay/src/users.ts';
import { fastVerifier, isFast, verify } from '../../relay/src/verifier.ts';
import { readDeviceFile } from '../enroll/device-file.ts';

/** More files than this are not a folder of enrolments: somebody named the wrong one. */
const maxFiles = 20_000;

interface Found {
  /** Whose it is, as far as the file says: a person's own password is tried under this name only, a try takes long. */
  name: string;
  password: string;
}

export interface Passwords {
  /** By user name; all of them right. */
  known: ReadonlyMap<string, string>;
  /** Users without one. */
  missing: string[];
  /** Files that could not be read, and why. */
  unread: string[];
}

const passwordFile = /^(.+)\.password$/;
const deviceFile = /\.device\.json$/;

/**
 * Looks for `*.password` and `*.device.json` in these folders, not below them.
 * @throws SetupError when a folder cannot be read
 */
export async function findPasswords(users: Users, folders: readonly string[]): Promise<Passwords> {
  const unread: string[] = [];
  const found = folders.flatMap(folder => list(folder)).flatMap(path => read(path, unread));
  const keys = new Map(found.map(({ password }) => [fastVerifier(password), password]));
  const known = new Map<string, string>();
  for (const user of users.values()) {
    const password = await passwordOf(user, found, keys);
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

function read(path: string, unread: string[]): Found[] {
  try {
    if (deviceFile.test(path)) {
      const { button, relay } = readDeviceFile(path);
      return [{ name: button, password: relay.password }];
    }
    const name = passwordFile.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? '';
    return [{ name, password: readSecret(path, 'the password file') }];
  } catch (error) {
    unread.push(messageOf(error));
    return [];
  }
}

/** A machine's key is known whatever its file is called: a provisioner's is named after its site, or as it likes. */
async function passwordOf(
  { name, verifier }: User,
  found: readonly Found[],
  keys: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (isFast(verifier)) return keys.get(verifier);
  for (const one of found) {
    if (one.name === name && (await verify(verifier, one.password))) return one.password;
  }
  return undefined;
}
