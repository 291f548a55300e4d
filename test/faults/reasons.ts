/** Why a press may fail here: what the plan does to the platform, in the platform's words, and nothing else. */

const reasons: readonly (readonly [RegExp, string])[] = [
  [/^5\d\d: /, 'the platform answered 5xx each time'],
  [/^platform does not answer/, 'the connection broke each time'],
  [/login refused/, 'login refused'],
  [/no free IP addresses/, 'no room'],
  [/timed out waiting for the virtual machine/, 'a node broke'],
  [/^Nothing to give back|^Still being built|^A cluster is being given back/, 'nothing to give back now'],
  [/clusters stand: give one back$/, 'too many clusters'],
];

/** Clusters of other people whose names ours would have. */
export const collidingPress = 2;
const nameTaken = /^Name taken/;

/** True when the plan explains this failure of this cluster (empty: of a press that has none). */
export function explained(line: string, cluster: string): boolean {
  if (nameTaken.test(line)) return cluster.endsWith(`-${collidingPress}`);
  return reasons.some(([pattern]) => pattern.test(line));
}

/** The reason in a few words, for counting. */
export function reasonOf(line: string): string {
  if (nameTaken.test(line)) return 'name taken by another team';
  return reasons.find(([pattern]) => pattern.test(line))?.[1] ?? line;
}
