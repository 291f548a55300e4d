/** Whether a provisioner runs on a journal: then its connection and its journal are left to it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { oneLine } from '../../provisioner/src/common/line.ts';
import type { Health } from '../../provisioner/src/health.ts';
import { findDamage } from '../../provisioner/src/journal/check.ts';
import { type JournalContents, JournalInUse, readJournal } from '../../provisioner/src/journal/index.ts';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { askHealth, askPresses, NotRunning } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';

export type Presence =
  /** It answers at its control socket. */
  | { kind: 'running'; health: Health; presses: readonly PressRecord[] }
  /** It holds the journal, but cannot be asked. */
  | { kind: 'silent'; reason: string }
  /** None runs on this journal. `contents` is absent when there is no journal yet. */
  | { kind: 'none'; contents?: JournalContents }
  /** Not to be found out, because the journal cannot be opened. */
  | { kind: 'unknown'; reason: string };

/** For a line of the report, in characters. */
const maxReasonLength = 300;

/** @param journal the folder. Never rejects. Opens the journal for a moment when nobody answers for it. */
export async function presenceAt(journal: string): Promise<Presence> {
  const path = controlPathOf(journal);
  try {
    // The client looks whose socket it is before it asks.
    const presses = await askPresses(path);
    return { kind: 'running', presses, health: await askHealth(path) };
  } catch (error) {
    if (!(error instanceof NotRunning))
      return { kind: 'silent', reason: oneLine(messageOf(error), maxReasonLength) };
  }
  try {
    if (!isJournal(journal)) return { kind: 'none' };
    return { kind: 'none', contents: await readJournal(journal) };
  } catch (error) {
    const reason = messageOf(error);
    return error instanceof JournalInUse
      ? { kind: 'silent', reason: `it holds the journal, but does not answer at ${path}: its log says why` }
      : { kind: 'unknown', reason };
  }
}

/** False before the first start: then nothing is opened, because that would make one. @throws SetupError for half of one. */
function isJournal(folder: string): boolean {
  if (!existsSync(folder)) return false;
  if (existsSync(join(folder, 'CURRENT'))) return true;
  readdirSync(folder);
  const damage = findDamage(folder);
  if (damage !== undefined) throw new SetupError(`the journal ${folder} is damaged: ${damage}`);
  return false;
}
