/** Writes a file for its owner only that is there whole or not at all, and only where there was nothing. */
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, messageOf, SetupError } from '../config/src/setup-error.ts';

const ownerOnlyMode = 0o600;

/** What a disk says that knows no hard links. */
const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** @throws SetupError when something is there. */
export function checkNothingAt(path: string): void {
  if (existsSync(path)) throw new SetupError(`${path} is there already: choose another name`);
}

/**
 * On the disk (fsync) when this returns, mode 600 from its first byte. Never overwrites or follows what is there, also a
 * link, also what somebody makes meanwhile (on a disk without hard links: but for the same instant).
 * @param check looks at what was written, as it is read back, and throws a SetupError when it is not right.
 * @throws SetupError when it is there, or cannot be written; then nothing is left of it.
 */
export function writeWhole(path: string, text: string, check?: (written: string) => void): void {
  checkNothingAt(path);
  const part = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    rmSync(part, { force: true });
    writeSynced(part, text);
    check?.(readFileSync(part, 'utf8'));
    putInPlace(part, path);
    syncFolder(dirname(path));
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const advice =
      errnoOf(error) === 'ENOSPC' ? ' (its disk is full: choose another place, or make room)' : '';
    throw new SetupError(`${path} cannot be written: ${messageOf(error)}${advice}`);
  } finally {
    rmSync(part, { force: true });
  }
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, 'wx', ownerOnlyMode);
  try {
    // A mask like 0777 would leave a file that nobody can read.
    fchmodSync(file, ownerOnlyMode);
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function putInPlace(part: string, path: string): void {
  try {
    linkSync(part, path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw new SetupError(`${path} is there already: choose another name`);
    if (!noLinks.includes(errnoOf(error) ?? '')) throw error;
    checkNothingAt(path);
    renameSync(part, path);
  }
}

/** Its names are on the disk too. Not every system lets a folder be opened; the files themselves are synced. */
export function syncFolder(folder: string): void {
  try {
    const opened = openSync(folder, 'r');
    fsyncSync(opened);
    closeSync(opened);
  } catch {
    // See above.
  }
}
