/** Who may connect: the users file, checked, and looked up by name. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { SetupError } from '../../../config/src/setup-error.ts';
import { checkYaml, maxFileBytes, readTextFile } from '../../../config/src/yaml-file.ts';
import { isName, maxNameLength } from '../../../protocol/src/topics.ts';
import type { Role } from '../limits/limits.ts';
import { scanAtOnce } from './users-scan.ts';
import { isVerifier } from './verifier.ts';

export interface User {
  /** The login name, and the client id too: so nobody can take over another's connection. */
  name: string;
  role: Role;
  /** Where a button belongs, and whom a provisioner serves. */
  site: string;
  /** What proves the password, see verifier.ts. */
  verifier: string;
}

/** All users by name. */
export type Users = ReadonlyMap<string, User>;

const nameText = `expected 1 to ${maxNameLength} lower-case letters, digits and inner hyphens`;
const name = z.string({ error: nameText }).refine(isName, { error: nameText });
const verifierText =
  'expected sha256:<hash> of a key of 32 random bytes, as enroll writes it; never a password of a person';

const userSchema = z.strictObject(
  {
    name: name.describe('Its login and its client id.'),
    role: z
      .enum(['button', 'provisioner'], { error: 'expected button or provisioner' })
      .describe('A button presses; the provisioner of its site answers.'),
    site: name.describe('Where a button belongs, and whom a provisioner serves.'),
    verifier: z
      .string({ error: verifierText })
      .refine(isVerifier, { error: verifierText })
      .describe('What proves its password: sha256: and base64 of the hash of a key of 32 random bytes.'),
  },
  { error: issue => (issue.code === 'invalid_type' ? 'expected name, role, site and verifier' : undefined) },
);

export const usersSchema = z
  .strictObject(
    { users: z.array(userSchema, { error: 'expected a list of users' }).describe('Who may connect.') },
    { error: fileError },
  )
  // `when`: together with all other problems, so that nobody mends a file in two rounds.
  .superRefine((file, context) => findRepeated(file, context), { when: ({ value }) => hasUsers(value) });

function fileError(issue: { code?: string | undefined }): string | undefined {
  return issue.code === 'invalid_type' ? 'expected a list called users' : undefined;
}

function hasUsers(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'users' in value && Array.isArray(value.users);
}

/** A name stands for one login; a site is served by one provisioner, or two would answer the same press. */
function findRepeated(file: { users: (Partial<User> | undefined)[] }, context: z.core.$RefinementCtx): void {
  const names = new Set<string>();
  const served = new Set<string>();
  file.users.forEach((user, index) => {
    if (typeof user?.name === 'string' && names.size === names.add(user.name).size) {
      context.addIssue({
        code: 'custom',
        path: ['users', index, 'name'],
        message: 'this name is taken above',
      });
    }
    if (user?.role !== 'provisioner' || typeof user.site !== 'string') return;
    if (served.size === served.add(user.site).size) {
      const message = 'this site has a provisioner above, and one is all it can have';
      context.addIssue({ code: 'custom', path: ['users', index, 'site'], message });
    }
  });
}

function byName(file: { users: User[] }): Users {
  return new Map(file.users.map(user => [user.name, user]));
}

/** 100,000 users and more, as enroll writes them; 128 bytes each. */
export const maxUsersFileBytes = 16 * 1024 * 1024;

/** Reads a users file. Throws a SetupError that lists all its problems. */
export function readUsers(path: string): Users {
  return parseUsers(readUsersText(path), `the users file ${path}`);
}

export function readUsersText(path: string): string {
  return readTextFile(path, 'the users file', maxUsersFileBytes);
}

/** The same for the text of one. `source` stands at the start of the message. */
export function parseUsers(text: string, source: string): Users {
  return scanAtOnce(text)?.users ?? parseFreely(text, source);
}

/** For a text in any form that YAML has, and for what is wrong with one. Takes seconds for thousands of users. */
export function parseFreely(text: string, source: string): Users {
  if (text.length <= maxFileBytes) return byName(checkYaml(text, source, usersSchema));
  throw new SetupError(
    `${source} is larger than ${maxFileBytes} bytes and not in the form that enroll writes: one entry of name, role, site, verifier behind the other, each on its line, no name twice, one provisioner a site`,
  );
}

/** A text that would be read again: held to the same limits before it is written. */
export function checkUsersText(text: string): void {
  if (text.length > maxUsersFileBytes) {
    throw new SetupError(
      `the users file would have ${text.length} bytes, and the relay reads ${maxUsersFileBytes}: use another relay for more buttons`,
    );
  }
  parseUsers(text, 'the users file, as it would be,');
}

/** The same from memory, held to the same rules. */
export function makeUsers(users: readonly User[]): Users {
  return byName(checkYaml(stringify({ users }), 'the list of users', usersSchema));
}

/** One entry of a users file, as text that can be put at its end. */
export function formatUser(user: User): string {
  const { name, role, site, verifier } = user;
  return formatUsers([{ name, role, site, verifier }]).replace(/^users:\n/, '');
}

/** A whole users file. */
export function formatUsers(users: readonly User[]): string {
  return stringify({ users }, { lineWidth: 0 });
}
