/** Removes one cluster of ours from the platform, and nothing else: the one place where anything is ever deleted. */
import { oneLine } from '../common/line.ts';
import type { ClusterIdentity, Platform, Target } from '../common/platform.ts';

/** How to know the cluster as ours. */
export interface Ours {
  target: Target;
  /** The platform's id, once a look has shown it. */
  id: string | undefined;
  /** What we had the platform write beside it. */
  mark: string;
}

/** What one look and one order came to. `asked`: it has just been asked to remove it. */
export type Deleted = { kind: 'gone' } | { kind: 'asked' } | { kind: 'going'; words: string };

/**
 * True when this cluster is the one we asked for. By its id when a look has told it; before that by our mark, where
 * the platform keeps one. (It was listed as absent before we asked for it by this name.)
 */
export function isOurs({ id, mark }: Pick<Ours, 'id' | 'mark'>, seen: ClusterIdentity): boolean {
  if (id !== undefined) return seen.id === id;
  return seen.description === '' || seen.description.includes(mark);
}

/**
 * Looks, and asks for the removal when `mayAsk` says so, which is called right before. Another cluster that has the name by now is left alone: then
 * ours is gone.
 * @throws PlatformError
 */
export async function deleteOnce(
  platform: Platform,
  ours: Ours,
  mayAsk: () => boolean,
  signal: AbortSignal,
): Promise<Deleted> {
  const seen = await platform.observe(ours.target, signal);
  if (seen.kind === 'absent' || !isOurs(ours, seen)) return { kind: 'gone' };
  const words = seen.kind === 'failed' ? oneLine(seen.message, 200) : '';
  if (seen.kind === 'deleting' || !mayAsk()) return { kind: 'going', words };
  await platform.remove(ours.target, seen.id, signal);
  return { kind: 'asked' };
}
