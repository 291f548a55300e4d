/** Where the presses come from: the running provisioner, or its journal while none runs. */
import { SetupError } from '../../config/src/setup-error.ts';
import { JournalInUse, readJournal } from '../../provisioner/src/journal/index.ts';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { askPresses, NotRunning } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';

/**
 * @param journal the journal's folder; @param say told, in one line, when no provisioner runs.
 * @throws SetupError when neither answers.
 */
export async function pressesOf(journal: string, say: (line: string) => void): Promise<PressRecord[]> {
  try {
    return await askPresses(controlPathOf(journal));
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
  }
  const { presses } = await readJournal(journal).catch(error => {
    throw error instanceof JournalInUse
      ? new SetupError(
          `a provisioner uses the journal ${journal}, but does not answer at ${controlPathOf(journal)}: its log says why`,
        )
      : error;
  });
  say('no provisioner runs: this is what its journal says');
  return presses;
}
