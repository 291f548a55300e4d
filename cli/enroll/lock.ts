/** One change at a time: two that read the same file and both write it would lose one of the two. */
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { errnoOf, messageOf, SetupError } from '../../config/src/setup-error.ts';

/** A change holds the lock for milliseconds; nobody waits longer than this for one. Several may come first, one by one. */
const holderLimitMs = 5000;
const lookEveryMs = 20;

/** Runs `work`, to its end, while `<path>.lock` is ours. A link counts as what it points to: both names, one lock. */
export async function withLock<T>(
  path: string,
  work: () => T | Promise<T>,
  holderMs = holderLimitMs,
): Promise<T> {
  const lock = `${existsSync(path) ? realpathSync(path) : path}.lock`;
  let seen = '';
  let giveUpAt = 0;
  while (!take(lock)) {
    const now = holder(lock);
    if (now !== seen) {
      seen = now;
      giveUpAt = performance.now() + holderMs;
    }
    if (performance.now() > giveUpAt) {
      throw new SetupError(`${lock} says that ${now} is changing ${path}: if not, remove that file`);
    }
    await wait(lookEveryMs);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/**
 * The same for users file and settings. Always in this order, so that two never wait for each other; settings that are
 * not there are not written either, and may be in a folder where we may write nothing.
 */
export function withLocks<T>(
  { users, config }: { users: string; config: string },
  work: () => T,
): Promise<T> {
  return withLock(users, () => (existsSync(config) ? withLock(config, work) : work()));
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
