/**
 * Whether a cluster's range is also somebody else's. A range that was free a moment ago may have been taken meanwhile,
 * by a second provisioner on the same pool or by a person. So the platform's list is read again after the order, and
 * once more when the cluster is built and nobody has been told yet.
 *
 * Of two that look, the one that looks last sees the other. So whoever, being built, sees one that is built (or one
 * whose maker does not look) gives way. While both are being built the one with the smaller id may stay, so that not
 * both begin anew; that is only to save work.
 */

import { overlap } from '../common/cidr.ts';
import type { Listed } from '../common/platform.ts';
import { readMark } from '../journal/queries.ts';
import { isOurs, type Ours } from './delete.ts';

/** What a look came to. `unseen`: the list does not show our own cluster yet, so it says nothing of others. */
export type RangeLook = { kind: 'alone' | 'unseen' } | { kind: 'clash'; with: string };

/** Again and again somebody else has our range: a person has to look. */
export class RangeTaken extends Error {
  override name = 'RangeTaken';
}

/**
 * @param last true for the look before the cluster is said to be ready: whoever is built then stays.
 * Pure.
 */
export function lookForClash(listed: readonly Listed[], ours: Ours, range: string, last: boolean): RangeLook {
  const own = listed.find(each => each.name === ours.target.name && isOurs(ours, each));
  if (own === undefined) return { kind: 'unseen' };
  const other = listed.find(each => {
    if (each.id === own.id || !each.ranges.some(used => overlap(used, range))) return false;
    const waits = each.isBuilding && readMark(each.description) !== undefined;
    return !(waits && (last || own.id < each.id));
  });
  return other === undefined ? { kind: 'alone' } : { kind: 'clash', with: other.name };
}
