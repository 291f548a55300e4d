/** A look into the journal while no provisioner runs: for the command line. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../../../config/src/setup-error.ts';
import type { Notice } from '../webhooks/event.ts';
import type { ButtonRecord, PressRecord } from './records.ts';
import { Store } from './store.ts';

export interface JournalContents {
  presses: PressRecord[];
  buttons: ButtonRecord[];
  /** Events that somebody has still to be told of, oldest first. */
  notices: Notice[];
}

/**
 * Opens, reads, closes. No record is changed, a version 1 journal stays one.
 * @throws SetupError while a provisioner has it open; when there is none, or it is damaged; when it is another user's.
 */
export async function readJournal(folder: string): Promise<JournalContents> {
  checkOwner(folder);
  const { rows } = await Store.look(folder);
  const contents: JournalContents = { presses: [], buttons: [], notices: [] };
  for (const row of rows.values()) {
    if (row.kind === 'press') contents.presses.push(row.record);
    else if (row.kind === 'button') contents.buttons.push(row.record);
    else contents.notices.push(row.record.notice);
  }
  return contents;
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
