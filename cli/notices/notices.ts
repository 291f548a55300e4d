/** `dashbutton notices`: asks the provisioner that runs. */
import { SetupError } from '../../config/src/setup-error.ts';
import {
  askRefusedNotices,
  NotRunning,
  sendNoticesAgain,
} from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { readPlace } from '../../provisioner/src/operator/settings-place.ts';
import { table } from '../presses/table.ts';

export interface NoticesOptions {
  config: string;
  again?: boolean;
}

/** Columns of a terminal; ids are last and may be cut by nobody. */
const width = 400;

/**
 * @param ids which to send again; none: all. @param say for standard output, one line.
 * @throws SetupError when no provisioner runs, or ids are given without `again`.
 */
export async function notices(
  ids: readonly string[],
  { config, again = false }: NoticesOptions,
  say: (line: string) => void,
): Promise<void> {
  if (ids.length > 0 && !again) throw new SetupError('ids go with --again: notices alone lists all');
  const path = controlPathOf(readPlace(config).journal);
  try {
    if (again) return say(sentWords(await sendNoticesAgain(path, ids.length === 0 ? undefined : ids)));
    const refused = await askRefusedNotices(path);
    if (refused.length === 0) return say('no notice was refused');
    const rows = refused.map(({ at, webhook, button, press, event, reason, id }) => [
      ...[at, webhook, `${button} ${press}`, event, reason, id],
    ]);
    for (const line of table(rows, width)) say(line);
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    throw new SetupError(`${error.message}: start it with dashbutton provisioner --config ${config}`);
  }
}

function sentWords(count: number): string {
  return count === 1 ? 'one notice is sent again' : `${count} notices are sent again`;
}
