/** Everything around a running provisioner that its operator uses. */
import type { Logger } from '../../../config/src/log.ts';
import type { Provisioner } from '../service.ts';
import type { ProvisionerConfig } from '../settings/config.ts';
import { startControl } from './control.ts';
import { controlPathOf } from './control-path.ts';
import { startMonitor } from './monitor.ts';

export interface Operator {
  /** Where the monitor listens; undefined when the settings want none. */
  monitor: { host: string; port: number } | undefined;
  /** Ends at once. The provisioner goes on: stop it after this. */
  stop(): Promise<void>;
}

/**
 * Opens the control socket beside the journal, and the monitor when the settings want one.
 * @throws SetupError when the monitor cannot listen. A control socket that cannot be is only a warning in the log.
 */
export async function startOperator(
  provisioner: Provisioner,
  config: Pick<ProvisionerConfig, 'journal' | 'monitor' | 'profiles'>,
  log: Logger,
): Promise<Operator> {
  const profiles = Object.keys(config.profiles);
  const monitor =
    config.monitor === undefined
      ? undefined
      : await startMonitor(provisioner, { ...config.monitor, profiles, log });
  const stopControl = await startControl(provisioner, controlPathOf(config.journal), log);
  return {
    monitor: monitor === undefined ? undefined : { host: monitor.host, port: monitor.port },
    stop: async () => {
      await Promise.all([monitor?.stop(), stopControl?.()]);
    },
  };
}
