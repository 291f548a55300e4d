/** Puts manifests into a new cluster, so that doing it twice is harmless. */
import { PlatformError } from '../platforms/platform.ts';
import type { KubernetesClient } from './client.ts';
import { explain } from './explain.ts';
import { type Manifest, titleOf } from './manifests.ts';

/** The owner of the fields that the manifests set, as the cluster keeps it. */
export const fieldManager = 'dashbutton';

export interface ApplyOptions {
  /** Default {@link fieldManager}. */
  fieldManager?: string;
  /** Called after each object. */
  onApplied?: (done: number, total: number) => void;
}

/**
 * Server-side apply, one object after another, namespaces and definitions of kinds first, else in the order given.
 * Fields that somebody else has set are not taken from him. Stops at the first failure; call it again to go on.
 * @param manifests with every placeholder filled in
 * @throws PlatformError that names the object (`ConfigMap team/name: …`); transient when it may work later.
 */
export async function applyManifests(
  client: KubernetesClient,
  manifests: readonly Manifest[],
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<void> {
  const api = client.api(signal);
  const ordered = inOrder(manifests);
  for (const [i, manifest] of ordered.entries()) {
    let known: boolean;
    try {
      known = await api.apply(manifest, options.fieldManager ?? fieldManager);
    } catch (error) {
      throw explain(error, titleOf(manifest));
    }
    if (!known) throw unknownKind(manifest, manifests);
    options.onApplied?.(i + 1, ordered.length);
  }
}

/** What others stand in or are made of comes first. */
const rank: Record<string, number> = { Namespace: 0, CustomResourceDefinition: 1 };

function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const rankOf = ({ kind }: Manifest) => rank[kind] ?? 2;
  return manifests.toSorted((a, b) => rankOf(a) - rankOf(b)); // stable: the file's order stays
}

/** A kind that these manifests define is served a moment after its definition was taken. */
function unknownKind(manifest: Manifest, all: readonly Manifest[]): PlatformError {
  const [group] = manifest.apiVersion.split('/', 1);
  const soon = all.some(
    other => other.kind === 'CustomResourceDefinition' && other.metadata.name.endsWith(`.${group}`),
  );
  const message = `${titleOf(manifest)}: the cluster does not know this kind of ${manifest.apiVersion}`;
  return new PlatformError(message, { transient: soon });
}
