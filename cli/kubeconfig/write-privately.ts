/** Writes a secret where there was nothing. */
import { closeSync, fchmodSync, openSync, rmSync, writeSync } from 'node:fs';
import { errnoOf, messageOf, SetupError } from '../../config/src/setup-error.ts';

const ownerOnlyMode = 0o600;

/**
 * A new file with mode 600 from its first byte. Never follows or changes anything that is there, also not a link.
 * @throws SetupError when it is there, or cannot be made; what was half written is removed.
 */
export function writePrivately(path: string, text: string): void {
  let file: number;
  try {
    file = openSync(path, 'wx', ownerOnlyMode);
  } catch (error) {
    const why =
      errnoOf(error) === 'EEXIST'
        ? 'is there already: choose another name'
        : `cannot be made: ${messageOf(error)}`;
    throw new SetupError(`${path} ${why}`);
  }
  try {
    // A mask like 0777 would leave a file that nobody can read.
    fchmodSync(file, ownerOnlyMode);
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  } catch (error) {
    rmSync(path, { force: true });
    throw new SetupError(`${path} cannot be written: ${messageOf(error)}`);
  } finally {
    closeSync(file);
  }
}
