/** Which of the platform's orders a payload is (`ccp-api`, sections 3.1, 4.1, 4.3). */
import { SetupError } from '../../config/src/setup-error.ts';
import { type Json, member } from './json.ts';

export type Kind = 'v2' | 'v3' | 'eks';

const kinds = new Map<unknown, Kind>([
  [1, 'v2'],
  ['vsphere', 'v3'],
  ['eks', 'eks'],
]);

const expected = 'expected 1 (v2, vSphere), "vsphere" (v3) or "eks" (v3)';

/** How each is called in a sentence. */
export const kindWords: Record<Kind, string> = {
  v2: 'a v2 order for vSphere',
  v3: 'a v3 order for vSphere',
  eks: 'a v3 order for EKS',
};

/** @throws SetupError when there is no `type`, or one that nobody has captured yet. */
export function kindOf(payload: Record<string, Json>): Kind {
  const type = member(payload, 'type');
  if (type === undefined || type === null || type === '') {
    throw new SetupError(`the payload has no type, so it is no create payload: ${expected}`);
  }
  const kind = kinds.get(type);
  if (kind !== undefined) return kind;
  // Whatever else stands there may be anything; a short word is no secret.
  const plain = typeof type === 'number' || (typeof type === 'string' && /^[\w-]{1,20}$/.test(type));
  throw new SetupError(
    `the payload's type ${plain ? `${JSON.stringify(type)} ` : ''}is none that is known: ${expected}`,
  );
}

/** The network plugin's part of a payload; its name differs between the two generations. */
export function pluginOf(payload: Record<string, Json>, kind: Kind): Json | undefined {
  if (kind === 'eks') return undefined;
  return member(payload, kind === 'v2' ? 'network_plugin' : 'network_plugin_profile');
}
