/** A look into the journal while no provisioner runs: for the command line. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../../config/src/setup-error.ts';
import { contentsOf, type JournalContents } from './contents.ts';
import { copyOf } from './copy.ts';
import { Store } from './store.ts';

/**
 * Opens, reads, closes. No record is changed, a version 1 journal stays one.
 * @throws SetupError while a provisioner has it open; when there is none, or it is damaged; when it is another user's.
 */
export async function readJournal(folder: string): Promise<JournalContents> {
  checkOwner(folder);
  return contentsOf((await Store.look(folder)).rows);
}

/**
 * The text of a copy of a journal that nobody has open: see copy.ts.
 * @throws as {@link readJournal}.
 */
export async function copyJournal(folder: string, site: string, at: number): Promise<string> {
  checkOwner(folder);
  return copyOf(await Store.look(folder), site, at);
}

/** LevelDB writes files of its own even to read: files of root would shut the provisioner out. */
function checkOwner(folder: string): void {
  const owner = statSync(join(folder, 'CURRENT'), { throwIfNoEntry: false })?.uid;
  const me = process.getuid?.();
  if (owner === undefined || me === undefined || owner === me) return;
  throw new SetupError(
    `the journal ${folder} belongs to user ${owner}, this runs as ${me}: run it as that user`,
  );
}
