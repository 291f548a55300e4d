/** `dashbutton journal copy`: from the provisioner that runs, or from the folder while none does. */
import { SetupError } from '../../config/src/setup-error.ts';
import { readCopy } from '../../provisioner/src/journal/copy.ts';
import { copyJournal, JournalInUse } from '../../provisioner/src/journal/index.ts';
import { askCopy, NotRunning } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { readPlace } from '../../provisioner/src/operator/settings-place.ts';
import { counted } from '../doctor/counted.ts';
import { checkNothingAt, writeWhole } from '../write-whole.ts';

export interface CopyOptions {
  config: string;
  out?: string;
}

/**
 * @param say for standard error, one line.
 * @returns the copy for standard output; undefined when it went into a file.
 * @throws SetupError when there is no journal, it is damaged, or the file is there; Error when the provisioner does not
 *   answer.
 */
export async function copy(
  { config, out }: CopyOptions,
  say: (line: string) => void,
): Promise<string | undefined> {
  if (out !== undefined) checkNothingAt(out);
  const text = await textOf(config, say);
  const { presses, buttons } = readCopy(text, 'the copy');
  if (out !== undefined) writeWhole(out, text, written => readCopy(written, out));
  say(
    `${out ?? 'the copy'}: whole, ${counted(presses.length, 'press', 'presses')} of ${counted(buttons.length, 'button')}`,
  );
  return out === undefined ? text : undefined;
}

async function textOf(config: string, say: (line: string) => void): Promise<string> {
  const { journal, site } = readPlace(config);
  try {
    return await askCopy(controlPathOf(journal));
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
  }
  try {
    const text = await copyJournal(journal, site, Date.now());
    say('no provisioner runs: this is of the journal as it left it');
    return text;
  } catch (error) {
    if (!(error instanceof JournalInUse)) throw error;
    const path = controlPathOf(journal);
    throw new SetupError(
      `a provisioner uses the journal ${journal}, but does not answer at ${path}: its log says why`,
    );
  }
}
