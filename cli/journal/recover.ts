/** `dashbutton journal recover`: says what it found, asks, writes. */
import { SetupError } from '../../config/src/setup-error.ts';
import { readTextFile } from '../../config/src/yaml-file.ts';
import { type JournalCopy, readCopy } from '../../provisioner/src/journal/copy.ts';
import { checkNoJournal, checkUser, makeJournal } from '../../provisioner/src/journal/make.ts';
import { clusterStateOf } from '../../provisioner/src/operator/cluster-state.ts';
import { askHealth, NotRunning } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import {
  type RecoverOptions,
  type Recovery,
  recover,
  standingOf,
} from '../../provisioner/src/recover/recover.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { howLong, table } from '../presses/table.ts';
import { confirm, type Keyboard } from '../release/confirm.ts';

export interface RecoverCommandOptions {
  config: string;
  copy?: string;
  without: string[];
  yes?: boolean;
}

const width = 400;

/** More than a provisioner hands out. */
const maxCopyBytes = 256 * 1024 * 1024;

/**
 * @param say for standard output, one line. @param timing for tests.
 * @throws SetupError when there is a journal, not all that was asked has answered, or a provisioner runs; Error when it
 *   was not confirmed.
 */
export async function recoverJournal(
  { config: path, copy: copyPath, without, yes = false }: RecoverCommandOptions,
  keyboard: Keyboard,
  say: (line: string) => void,
  timing: Pick<RecoverOptions, 'pauseMs' | 'quietMs'> = {},
): Promise<void> {
  const config = loadConfig(path);
  checkNoJournal(config.journal);
  checkUser(config.journal);
  await checkNobodyRuns(controlPathOf(config.journal));
  if (!yes && keyboard.input.isTTY !== true)
    throw new SetupError('not confirmed: say --yes, or run this in a terminal to be asked');
  const copy = copyPath === undefined ? undefined : copyAt(copyPath);
  const recovery = await recover(config, { ...(copy === undefined ? {} : { copy }), without, ...timing });
  for (const line of reportOf(recovery)) say(line);
  const question = `Make the journal ${config.journal} of this?`;
  if (!yes && !(await confirm(question, keyboard))) throw new Error('not confirmed: nothing was written');
  await makeJournal(config.journal, recovery.beginning);
  say(`${config.journal}: made. Start the provisioner: it goes on with all of this`);
}

/**
 * Whose folder was deleted under it still has all of it in memory.
 * @param path of its control socket. @throws SetupError when one answers, Error when it answers nonsense.
 */
export async function checkNobodyRuns(path: string): Promise<void> {
  const health = await askHealth(path).catch(error => {
    if (error instanceof NotRunning) return undefined;
    throw error;
  });
  if (health === undefined) return;
  throw new SetupError(
    `a provisioner answers at ${path}: it still knows its journal. Take a copy (dashbutton journal copy), then stop it`,
  );
}

function copyAt(path: string): JournalCopy {
  return readCopy(readTextFile(path, 'the copy', maxCopyBytes), path);
}

/** Pure, but for the time of the day. */
export function reportOf(recovery: Recovery, nowMs = Date.now()): string[] {
  const rows = standingOf(recovery).map(record => [
    record.cluster,
    clusterStateOf(record) ?? record.step,
    record.profile,
    record.range ?? '-',
    record.expiresAt === undefined ? '-' : `at the latest in ${howLong(record.expiresAt - nowMs)}`,
    record.address ?? '-',
  ]);
  const numbers = recovery.beginning.buttons.map(({ button, lastPress }) => [button, String(lastPress)]);
  return [
    ...table([['CLUSTER', 'STATE', 'PROFILE', 'RANGE', 'GIVEN BACK', 'ADDRESS'], ...rows], width),
    '',
    ...table([['BUTTON', 'LAST PRESS'], ...numbers], width),
    '',
    ...recovery.missing.map(
      line => `left out: ${line}; clusters and presses that only it knows are not in this`,
    ),
    ...recovery.notes,
    'not known: who gave back or was refused what before now, how long builds took, and what webhooks have not been told',
  ];
}
