/** The provisioner's monitor. */
import type { Logger } from '../../../config/src/log.ts';
import { type Monitor, startMonitor as start } from '../../../config/src/monitor.ts';
import { type Measured, makeMetrics } from './metrics.ts';
import { readinessOf } from './readiness.ts';

export interface MonitorOptions {
  host: string;
  port: number;
  /** Names of the profiles, so that a metric is there before its first press. */
  profiles: readonly string[];
  log: Logger;
}

/** @throws SetupError when it cannot listen there. */
export function startMonitor(
  provisioner: Measured,
  { profiles, ...options }: MonitorOptions,
): Promise<Monitor> {
  const readiness = () => readinessOf(provisioner.health());
  return start({ ...options, metrics: makeMetrics(provisioner, profiles), readiness });
}
