/** Clusters, one line each. Pure. */

import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { clusterStateOf } from '../../provisioner/src/operator/cluster-state.ts';
import { cleanUpOf } from '../presses/history.ts';
import { howLong } from '../presses/table.ts';

export const clustersHead = ['CLUSTER', 'STATE', 'PROFILE', 'AGE', 'LEFT', 'ADDRESS'] as const;

/** @param nowMs milliseconds since 1970. */
export function clusterRow(record: PressRecord, nowMs: number): string[] {
  const { cluster, step, profile, acceptedAt } = record;
  return [
    cluster,
    clusterStateOf(record) ?? step,
    profile,
    howLong(nowMs - acceptedAt),
    leftOf(record, nowMs),
    whereOf(record, nowMs),
  ];
}

/** Of its time to live; while it is built, until it counts as failed. */
function leftOf(record: PressRecord, nowMs: number): string {
  const state = clusterStateOf(record);
  const end = state === 'ready' ? record.expiresAt : state === 'building' ? record.deadlineAt : undefined;
  if (end === undefined) return '-';
  return end > nowMs ? howLong(end - nowMs) : 'over';
}

function whereOf(record: PressRecord, nowMs: number): string {
  const { address, line, percent, release, step } = record;
  switch (clusterStateOf(record)) {
    case 'building':
      return `${step}, ${percent} %`;
    case 'releasing':
      return `asked by ${release?.by ?? '?'} ${howLong(nowMs - (release?.askedAt ?? nowMs))} ago, ${release?.percent ?? 0} %`;
    case 'left':
      return cleanUpOf(record, nowMs) ?? '';
    default:
      return line ?? address ?? '-';
  }
}
