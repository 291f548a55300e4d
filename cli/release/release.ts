/** `dashbutton release` from the question to the end of the cluster. */
import { SetupError } from '../../config/src/setup-error.ts';
import { isBuilding, type PressRecord } from '../../provisioner/src/journal/records.ts';
import { askPresses, NotRunning, orderRelease } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { readPlace } from '../../provisioner/src/operator/settings-place.ts';
import { howLong } from '../presses/table.ts';
import { confirm, type Keyboard } from './confirm.ts';

export interface ReleaseOptions {
  config: string;
  yes?: boolean;
  wait?: boolean;
}

/** Between two looks, in milliseconds: a release takes many seconds, a look costs nothing. */
const lookMs = 500;

/**
 * @param say for standard output, one line.
 * @throws SetupError when no provisioner runs or it may not be given back; Error when it is not gone in time.
 */
export async function release(
  cluster: string,
  options: ReleaseOptions,
  keyboard: Keyboard,
  say: (line: string) => void,
): Promise<void> {
  const { journal, deadlineS } = readPlace(options.config);
  const path = controlPathOf(journal);
  const record = (await running(askPresses(path), options)).find(press => press.cluster === cluster);
  // A name that is not known loses nothing: the provisioner says which there are.
  if (options.yes !== true && record !== undefined && !(await confirm(question(record), keyboard)))
    throw new Error('not confirmed: nothing was changed');
  say(await running(orderRelease(path, cluster), options));
  if (options.wait === true && record !== undefined)
    await untilGone(path, record, deadlineS[record.profile] ?? 0, say);
}

function question({ cluster, profile, address, acceptedAt, step }: PressRecord): string {
  if (isBuilding(step))
    return `Call off the build of ${cluster} (profile ${profile})? What was made of it is removed.`;
  const where = address === undefined ? '' : ` at ${address}`;
  const age = howLong(Date.now() - acceptedAt);
  return `Give back ${cluster}${where} (profile ${profile}, ${age} old)? All that runs in it is lost.`;
}

/** Only the provisioner itself gives anything back. */
async function running<T>(asked: Promise<T>, { config }: ReleaseOptions): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    throw new SetupError(`${error.message}: start it with dashbutton provisioner --config ${config}`);
  }
}

/** @param limitS as long as a build of its profile may take, in seconds. */
async function untilGone(
  path: string,
  { cluster, button, press }: PressRecord,
  limitS: number,
  say: (line: string) => void,
): Promise<void> {
  const startMs = performance.now();
  while (performance.now() - startMs < limitS * 1000) {
    const presses = await askPresses(path).catch(waitForRestart);
    const now = presses?.find(one => one.button === button && one.press === press);
    const state = now === undefined ? 'unknown' : stateOf(now);
    if (state === 'gone') return say(`${cluster} is gone after ${howLong(performance.now() - startMs)}`);
    if (state === 'back')
      throw new Error(`${cluster} could not be given back: the provisioner's log says why`);
    await new Promise(resolve => setTimeout(resolve, lookMs));
  }
  throw new Error(
    `${cluster} is not gone after ${limitS} s: the provisioner goes on, dashbutton clusters shows it`,
  );
}

/** It comes back and goes on with the release: until the limit, its absence is no end. */
function waitForRestart(error: unknown): undefined {
  if (!(error instanceof NotRunning)) throw error;
  return undefined;
}

/** `back`: it counts as ready again, because the platform would not remove it. */
function stateOf({ step, cleanUp }: PressRecord): 'gone' | 'back' | 'going' {
  if (step === 'released' || cleanUp?.endedAt !== undefined) return 'gone';
  return step === 'ready' ? 'back' : 'going';
}
