/** Puts manifests into a new cluster, so that doing it twice is harmless. */
import { PlatformError } from '../common/platform.ts';
import { NotServed } from './discovery.ts';
import { inShort } from './errors.ts';
import type { Kube } from './kube.ts';
import { type Manifest, titleOf } from './manifests.ts';

/** Where objects go that name no namespace, as everywhere in Kubernetes. */
const defaultNamespace = 'default';

export interface ApplyOptions {
  /** Left out: our own. */
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
  kube: Kube,
  manifests: readonly Manifest[],
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<void> {
  const ordered = inOrder(manifests);
  for (const [i, manifest] of ordered.entries()) {
    const { apiVersion, kind, metadata } = manifest;
    try {
      const namespace = metadata.namespace ?? defaultNamespace;
      const path = await kube.kindPath(apiVersion, kind, namespace, metadata.name, signal);
      await kube.apply(path, manifest, signal, options);
    } catch (error) {
      throw error instanceof NotServed ? unknownKind(manifest, manifests) : inShort(error, titleOf(manifest));
    }
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
