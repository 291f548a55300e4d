/**
 * Reads a users file in the form in which enroll writes it, in small steps: a YAML parser needs seconds for 10,000 users, and
 * nobody would be served meanwhile. What has another form (a person's flow style, other orders of keys) is for the
 * parser; comments and empty lines may stand between entries.
 */
import { isName } from '../../../protocol/src/topics.ts';
import type { Role } from '../limits/limits.ts';
import type { User, Users } from './users.ts';
import { isVerifier } from './verifier.ts';

/** Entries read in one step: well below a millisecond. */
const entriesPerStep = 250;

const head = /(?:[ \t]*(?:#.*)?\n)*users:(?: \[\])?[ \t]*\n/y;
const between = /(?:[ \t]*(?:#.*)?\n)+/y;
const entry =
  / {2}- name: (\S+)\n {4}role: (button|provisioner)\n {4}site: (\S+)\n {4}verifier: "?(sha256:[A-Za-z0-9+/]{43}=)"?\n/y;

export interface Scanned {
  users: Users;
  /** Names of users who are new, gone, or no longer the same. */
  changed: ReadonlySet<string>;
}

/**
 * Steps through `text`; yields between steps. Returns undefined when it is not in this form, or has a mistake, of which
 * the parser knows to tell.
 * @param before whoever is the same stays the same object
 */
export function* scanUsers(
  text: string,
  before: Users = new Map(),
): Generator<undefined, Scanned | undefined> {
  const users = new Map<string, User>();
  const changed = new Set<string>();
  const served = new Set<string>();
  let at = endOf(head, text, 0);
  const headEnd = at;
  if (at === undefined) return undefined;
  for (let count = 1; at < text.length; count++) {
    if (count % entriesPerStep === 0) yield;
    at = endOf(between, text, at) ?? at;
    if (at === text.length) break;
    entry.lastIndex = at;
    const found = entry.exec(text);
    const user = found === null ? undefined : userOf(found);
    if (user === undefined || users.has(user.name)) return undefined;
    if (user.role === 'provisioner' && served.size === served.add(user.site).size) return undefined;
    const old = before.get(user.name);
    const same = old !== undefined && isSame(old, user);
    users.set(user.name, same ? old : user);
    if (!same) changed.add(user.name);
    at = entry.lastIndex;
  }
  // A list that says it is empty and is not, or the other way round.
  if (text.slice(0, headEnd).includes('[]') !== (users.size === 0)) return undefined;
  let count = 0;
  for (const name of before.keys()) {
    if (!users.has(name)) changed.add(name);
    if (++count % (10 * entriesPerStep) === 0) yield;
  }
  return { users, changed };
}

/** All steps at once. */
export function scanAtOnce(text: string, before?: Users): Scanned | undefined {
  const steps = scanUsers(text, before);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

export function isSame(a: User, b: User): boolean {
  return a.verifier === b.verifier && a.role === b.role && a.site === b.site;
}

function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function userOf([, nameText = '', role, siteText = '', verifier = '']: RegExpExecArray): User | undefined {
  const [name, site] = [plain(nameText), plain(siteText)];
  if (name === undefined || site === undefined || !isName(name) || !isName(site)) return undefined;
  return isVerifier(verifier) ? { name, role: role as Role, site, verifier: copyOf(verifier) } : undefined;
}

/** A text, quoted or not; undefined where YAML would see a number, a truth or nothing. */
function plain(text: string): string | undefined {
  if (text.startsWith('"')) return text.endsWith('"') ? text.slice(1, -1) : undefined;
  return /^[a-z]/.test(text) && !['null', 'true', 'false'].includes(text) ? copyOf(text) : undefined;
}

/** A piece of a text keeps the whole text in memory, megabytes here. */
const copyOf = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
