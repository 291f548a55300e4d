/** The clusters that stand, in an operator's words. Pure. */
import { isBuilding, type PressRecord, stands } from '../journal/records.ts';

/** `left`: what a failed build has left on the platform. */
export const clusterStates = ['building', 'ready', 'releasing', 'left'] as const;
export type ClusterState = (typeof clusterStates)[number];

/** Undefined when nothing stands for this press. */
export function clusterStateOf(record: PressRecord): ClusterState | undefined {
  if (!stands(record)) return undefined;
  if (isBuilding(record.step)) return 'building';
  return record.step === 'ready' || record.step === 'releasing' ? record.step : 'left';
}
