/** Several files changed together: all of them, or none. Each is written beside its place and moved there whole. */
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { syncFolder } from '../write-whole.ts';

/** Only the owner reads a secret. */
export const secretMode = 0o600;

export interface Change {
  path: string;
  /** The whole new text; undefined removes the file. */
  text: string | undefined;
  /** Mode of a file that is new. One that is there keeps its own, unless `secret`. Default 600. */
  mode?: number;
  /** Ends with mode 600, whatever it had. */
  secret?: boolean;
}

interface Staged {
  target: string;
  /** The new text, complete and on disk, not yet in its place. */
  temporary?: string;
  /** What to put back; undefined when there was no file. */
  before: Buffer | undefined;
  mode: number;
}

/**
 * Makes all changes. Whatever can fail (rights, room on the disk) fails before the first file is moved.
 * @throws SetupError when a change cannot be made; then everything is as it was, or the message names what is not.
 */
export function applyChanges(changes: readonly Change[]): void {
  const staged: Staged[] = [];
  const moved: Staged[] = [];
  try {
    for (const change of changes) staged.push(stage(change));
    for (const item of staged) {
      if (item.temporary === undefined) rmSync(item.target);
      else renameSync(item.temporary, item.target);
      moved.push(item);
    }
    for (const folder of new Set(staged.map(item => dirname(item.target)))) syncFolder(folder);
  } catch (error) {
    const left = moved.reverse().flatMap(putBack);
    const outcome = left.length === 0 ? 'nothing was changed' : `not undone: ${left.join('; ')}`;
    throw new SetupError(`${messageOf(error)}: ${outcome}`);
  } finally {
    for (const { temporary } of staged) if (temporary !== undefined) rmSync(temporary, { force: true });
  }
}

function stage({ path, text, mode = secretMode, secret = false }: Change): Staged {
  const there = statSync(path, { throwIfNoEntry: false });
  // A file that is a link stays one: what it points to is changed.
  const target = there === undefined ? path : realpathSync(path);
  const before = there === undefined ? undefined : readFileSync(target);
  const oldMode = there === undefined ? mode : there.mode & 0o777;
  if (text === undefined) return { target, before, mode: oldMode };
  const temporary = writeBeside(target, text, secret ? secretMode : oldMode);
  if (there !== undefined && there.uid !== process.getuid?.()) chownSync(temporary, there.uid, there.gid);
  return { target, before, mode: oldMode, temporary };
}

/** A new file in the same folder, synced; its name says whose it is should it ever be left over. */
function writeBeside(target: string, content: string | Buffer, mode: number): string {
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}.new`);
  const file = openSync(temporary, 'wx', mode);
  try {
    fchmodSync(file, mode); // past the umask
    writeFileSync(file, content);
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return temporary;
}

function putBack({ target, before, mode }: Staged): string[] {
  try {
    if (before === undefined) rmSync(target, { force: true });
    else renameSync(writeBeside(target, before, mode), target);
    return [];
  } catch (error) {
    return [`${target} (${messageOf(error)})`];
  }
}
