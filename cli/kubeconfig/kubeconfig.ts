/** `dashbutton kubeconfig` from the question to the file. */

import { handOutLimitMs, kubeconfigOf } from '../../provisioner/src/builds/hand-out.ts';
import type { Platform } from '../../provisioner/src/common/platform.ts';
import { askKubeconfig, NotRunning } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { readPlace } from '../../provisioner/src/operator/settings-place.ts';
import { makePlatform } from '../../provisioner/src/platforms/kinds.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { pressesOf } from '../presses/source.ts';
import { checkNothingAt, writeWhole } from '../write-whole.ts';

export interface KubeconfigOptions {
  config: string;
  out?: string;
}

/**
 * @param say for standard error, one line.
 * @returns the kubeconfig for standard output; undefined when it went into a file.
 * @throws SetupError when there is none to hand out or the file is there; Error when the platform does not give it.
 */
export async function kubeconfig(
  cluster: string,
  { config, out }: KubeconfigOptions,
  say: (line: string) => void,
): Promise<string | undefined> {
  // Before anybody is asked; that it stays so, the writing sees to.
  if (out !== undefined) checkNothingAt(out);
  const { journal } = readPlace(config);
  const text = ended(await handedBy(controlPathOf(journal), cluster, config, journal, say));
  if (out === undefined) return text;
  writeWhole(out, text);
  say(`${out}: the kubeconfig of ${cluster}, for you only`);
  return undefined;
}

async function handedBy(
  path: string,
  cluster: string,
  config: string,
  journal: string,
  say: (line: string) => void,
): Promise<string> {
  try {
    return await askKubeconfig(path, cluster);
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error;
    return await fromPlatform(cluster, config, journal, say);
  }
}

/** Without a provisioner: the journal knows what is ours, the platform has the rest. */
async function fromPlatform(
  cluster: string,
  path: string,
  journal: string,
  say: (line: string) => void,
): Promise<string> {
  const presses = await pressesOf(journal, say);
  const config = loadConfig(path);
  let made: Platform | undefined;
  const platformAt = async (name: string) => {
    const settings = config.platforms[name];
    made ??= settings === undefined ? undefined : await makePlatform(settings);
    return made;
  };
  try {
    return await kubeconfigOf(cluster, { config, presses, platformAt }, AbortSignal.timeout(handOutLimitMs));
  } finally {
    await made?.close();
  }
}

function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
