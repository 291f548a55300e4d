/** Makes a whole journal where none is. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { silentLog } from '../../../config/src/log.ts';
import { errnoOf, messageOf, SetupError } from '../../../config/src/setup-error.ts';
import type { ButtonRecord, PressRecord } from './records.ts';
import type { PendingNotice } from './state.ts';
import { diskAdvice, Store } from './store.ts';
import { WriteBatch } from './write-batch.ts';

/** All that a new journal begins with. */
export interface Beginning {
  presses: readonly PressRecord[];
  buttons: readonly ButtonRecord[];
  notices: readonly PendingNotice[];
}

/** What a file system makes at its root. */
const ofDisk = 'lost+found';

/** True when a journal, or anything else that somebody has made, is in the folder. @throws SetupError when nobody can tell. */
export function hasJournal(folder: string): boolean {
  try {
    return existsSync(folder) && readdirSync(folder).some(name => name !== ofDisk);
  } catch (error) {
    throw new SetupError(`the journal folder ${folder} cannot be read: ${messageOf(error)}`);
  }
}

/** @throws SetupError when {@link hasJournal}. */
export function checkNoJournal(folder: string): void {
  if (!hasJournal(folder)) return;
  throw new SetupError(
    `there is a journal in ${folder}: nothing was changed. If it is not to be used any more, stop the provisioner and move the folder away`,
  );
}

/**
 * It is there whole or not at all: made beside the folder, synced, then put in its place.
 * @throws SetupError when something is in the folder, or it cannot be written.
 */
export async function makeJournal(folder: string, { presses, buttons, notices }: Beginning): Promise<void> {
  checkNoJournal(folder);
  checkUser(folder);
  const place = resolve(folder);
  const beside = `${place}.recovering-${process.pid}`;
  try {
    rmSync(beside, { recursive: true, force: true });
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
    const store = await Store.open(beside, silentLog);
    try {
      const batch = new WriteBatch(store.state, 0);
      batch.restore(presses, buttons, notices);
      await store.commit(batch);
    } finally {
      await store.close();
    }
    sync(beside);
    // The system refuses this where the folder is not empty any more.
    renameSync(beside, place);
    sync(dirname(place));
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    const isDisk = existsSync(join(place, ofDisk));
    throw new SetupError(`the journal ${folder} cannot be made: ${isDisk ? onDisk : wordsOf(error)}`);
  }
}

/** @throws SetupError when root would shut out the provisioner's user, whose the folder around it is. */
export function checkUser(folder: string, me = process.getuid?.()): void {
  if (me !== 0) return;
  const around = dirname(resolve(folder));
  const owner = statSync(around, { throwIfNoEntry: false })?.uid ?? 0;
  if (owner === 0) return;
  throw new SetupError(`${around} belongs to user ${owner}, this runs as root: run it as that user`);
}

const onDisk = 'a disk is mounted just there: name a folder on it as journal in the settings';

function wordsOf(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === 'ENOTEMPTY' || errno === 'EEXIST') return 'somebody else made one meanwhile';
  if (errno === 'EBUSY' || errno === 'EXDEV') return onDisk;
  return `${messageOf(error)} (${diskAdvice})`;
}

function sync(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
