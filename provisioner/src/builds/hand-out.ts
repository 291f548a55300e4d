/**
 * A cluster's kubeconfig for the operator's command line: through the control socket, or straight from the platform
 * while no provisioner runs. It is the administrator's: never logged, never in an error, never over the relay.
 */
import { SetupError } from '../../../config/src/setup-error.ts';
import { type Platform, PlatformError } from '../common/platform.ts';
import { markOf } from '../journal/queries.ts';
import { isBuilding, type PressRecord } from '../journal/records.ts';
import type { ProvisionerConfig } from '../settings/config.ts';
import { isOurs } from './delete.ts';
import { targetOf } from './job.ts';

/** Two questions to a platform that may be slow: a list of 6 s was seen, each call has a limit of its own (milliseconds). */
export const handOutLimitMs = 60_000;

/** Clusters that are named in an error. */
const maxNamed = 20;

/** Where the truth is about clusters of ours. */
export interface Holdings {
  config: Pick<ProvisionerConfig, 'site' | 'profiles'>;
  presses: readonly PressRecord[];
  /** By the name of the platform in the settings. */
  platformAt(name: string): Promise<Platform | undefined>;
}

/**
 * The kubeconfig of a cluster that was made here and is ready, as the platform has it now. The platform is looked at
 * first: somebody else's cluster that has the name by now is not ours to hand out.
 * @throws SetupError when there is none to hand out (the message says which there are), PlatformError when the
 *   platform does not answer or refuses.
 */
export async function kubeconfigOf(
  cluster: string,
  { config, presses, platformAt }: Holdings,
  signal: AbortSignal,
): Promise<string> {
  const record = presses.find(press => press.cluster === cluster && cluster !== '');
  if (record?.step !== 'ready') throw noneToHandOut(record, cluster, presses);
  const profile = config.profiles[record.profile];
  const platform = await platformAt(profile?.platform ?? '');
  if (profile === undefined || platform === undefined)
    throw new SetupError(`the profile ${record.profile} of ${cluster} is no longer in the settings`);
  const target = targetOf(profile, record);
  const seen = await platform.observe(target, signal);
  if (seen.kind === 'absent') throw new SetupError(`the platform has no cluster ${cluster} any more`);
  if (!isOurs({ id: record.id, mark: markOf(config.site, record) }, seen))
    throw new SetupError(`another cluster is called ${cluster} on the platform by now: it is not ours`);
  if (seen.kind === 'deleting') throw new SetupError(`${cluster} is being removed from the platform`);
  const { kubeconfig } = await platform.access(target, signal);
  if (kubeconfig === '')
    throw new PlatformError(`the platform has no kubeconfig for ${cluster}`, { transient: true });
  return kubeconfig;
}

function noneToHandOut(
  record: PressRecord | undefined,
  cluster: string,
  presses: readonly PressRecord[],
): SetupError {
  if (record === undefined)
    return new SetupError(`no cluster "${cluster}" was made here: ${readyOnes(presses)}`);
  const { step, percent } = record;
  if (isBuilding(step)) return new SetupError(`${cluster} is not ready yet: ${step}, ${percent} %`);
  if (step === 'releasing') return new SetupError(`${cluster} is being given back`);
  if (step === 'released') return new SetupError(`${cluster} was given back`);
  return new SetupError(`${cluster} never became ready: ${record.line ?? step}`);
}

function readyOnes(presses: readonly PressRecord[]): string {
  const names = presses.filter(({ step }) => step === 'ready').map(({ cluster }) => cluster);
  if (names.length === 0) return 'none is ready';
  const more = names.length > maxNamed ? ' …' : '';
  return `ready ${names.length === 1 ? 'is' : 'are'} ${names.slice(0, maxNamed).join(', ')}${more}`;
}
