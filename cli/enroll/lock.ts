/** One enrolment at a time: two that read the same file and both write it would lose one of the two. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { errnoOf, messageOf, SetupError } from '../../config/src/setup-error.ts';

/** Another enrolment holds the lock for milliseconds; nobody waits longer than this for it. */
const lockLimitMs = 5000;
const lookEveryMs = 20;

/** Runs `work` while `<path>.lock` is ours. */
export async function withLock<T>(path: string, work: () => T): Promise<T> {
  const lock = `${path}.lock`;
  const giveUpAt = performance.now() + lockLimitMs;
  while (!take(lock)) {
    if (performance.now() > giveUpAt) {
      throw new SetupError(`${lock} says that ${holder(lock)} is changing ${path}: if not, remove that file`);
    }
    await wait(lookEveryMs);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw new SetupError(`${lock} cannot be written: ${messageOf(error)}`);
  }
}

function holder(lock: string): string {
  try {
    return `process ${readFileSync(lock, 'utf8').trim()}`;
  } catch {
    return 'another process';
  }
}
