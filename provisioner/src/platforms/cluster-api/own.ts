/** Makes the objects of a press, each only where nothing stands in its place. */

import { PlatformError } from '../../common/platform.ts';
import { inShort } from '../../kubernetes/errors.ts';
import type { Kube } from '../../kubernetes/kube.ts';
import { fieldManager } from '../../kubernetes/kube.ts';
import type { KubeObject, ObjectMeta } from '../../kubernetes/objects.ts';
import { clusterWide } from './check-template.ts';
import { clusterLabel, isCluster, ownedBy, pressAnnotation } from './render.ts';

/** Something that is not ours stands where an object of ours would. */
export class NameTaken extends PlatformError {
  constructor(message: string) {
    super(message, { transient: false });
  }
}

/** True for an object that was made for this very press: both halves of our mark are on it. */
export function isMarked({ metadata }: KubeObject, cluster: string, description: string): boolean {
  const { labels, annotations } = metadata;
  return labels?.[clusterLabel] === cluster && annotations?.[pressAnnotation] === description;
}

/**
 * Makes what is not there yet of a press's objects: the Cluster, then the others as its own. Called again after a crash
 * it completes the set. What is there is never applied again: controllers have put their fields beside and over ours.
 *
 * What bears a name of ours and not our mark is not touched. Server-side apply changes what is there as willingly as
 * it makes what is not, so each place is looked at before. Between look and apply somebody else may still put an
 * object there (an apply with a uid, which could forbid it, is refused for new objects). Then either a field of
 * his stands in the way, and the server refuses everything; or the answer shows fields of more managers than us, and
 * what we have added is taken back at once. (What a controller has made of it in that moment stays.) Two provisioners
 * with buttons of the same name must not share a namespace: they write as the same manager.
 * @returns the Cluster as the server has it.
 * @throws PlatformError; not transient when a name is taken, or the server refused.
 */
export async function makeOwn(
  kube: Kube,
  [cluster, ...others]: readonly [KubeObject, ...KubeObject[]],
  namespace: string,
  signal: AbortSignal,
  onCluster: (made: KubeObject) => void,
): Promise<KubeObject> {
  const made = await makeOne(kube, cluster, namespace, signal);
  onCluster(made);
  await makeOwned(kube, others, made, namespace, signal);
  return made;
}

/** The same for a Cluster that stands: its other objects, and nothing else. */
export async function makeOwned(
  kube: Kube,
  others: readonly KubeObject[],
  cluster: KubeObject,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  for (const other of others) await makeOne(kube, ownedBy(other, cluster), namespace, signal);
}

async function makeOne(
  kube: Kube,
  object: KubeObject,
  namespace: string,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { apiVersion, kind, metadata } = object;
  const path = await kube.kindPath(apiVersion, kind, namespace, metadata.name, signal);
  // It would outlive its Cluster, or be collected at once: an owner in a namespace is none for it.
  if (!path.includes('/namespaces/')) throw clusterWide(kind);
  const there = await kube.get(path, signal);
  if (there !== undefined) return checked(there, object);
  const made = await kube.apply(path, object, signal).catch(error => {
    throw inShort(error, kind);
  });
  if (isNew(made)) return made;
  await takeBack(kube, path, object, signal);
  throw taken(object);
}

/** @throws PlatformError when what stands there is not of this press, or on its way out. */
function checked(there: KubeObject, wanted: KubeObject): KubeObject {
  const { labels = {}, annotations = {} } = wanted.metadata;
  if (!isMarked(there, labels[clusterLabel] ?? '', annotations[pressAnnotation] ?? '')) throw taken(wanted);
  const [owner] = wanted.metadata.ownerReferences ?? [];
  const owners = (there.metadata.ownerReferences ?? []).filter(isCluster);
  const ofAnother = owner !== undefined && !owners.some(({ uid }) => uid === owner.uid);
  if (there.metadata.deletionTimestamp === undefined && !ofAnother) return there;
  const message = `${wanted.kind} ${wanted.metadata.name}: an earlier one is still on its way out`;
  throw new PlatformError(message, { transient: true });
}

/** What controllers write into a spec that somebody else has ordered, some milliseconds later. */
const ofControllers = ['f:controlPlaneEndpoint', 'f:controlPlaneRef', 'f:infrastructureRef'];

/**
 * Nobody but us has ordered anything in what we have made. Controllers may have been there before the answer: when a
 * gateway sent the apply twice, it shows their fields too. An API server without a record of managers cannot tell.
 */
function isNew({ metadata }: KubeObject): boolean {
  const { managedFields = [] } = metadata as ObjectMeta & { managedFields?: ManagedFields[] };
  return managedFields.every(({ manager, fieldsV1 = {} }) => {
    if (manager === fieldManager) return true;
    const { 'f:spec': spec = {}, 'f:metadata': its = {} } = fieldsV1;
    const ordered = [...Object.keys(spec).filter(key => !ofControllers.includes(key)), ...marksIn(its)];
    return ordered.length === 0;
  });
}

interface ManagedFields {
  manager?: string;
  fieldsV1?: { 'f:spec'?: object; 'f:metadata'?: object };
}

/** `kubectl apply` leaves an annotation, and whoever has the same mark as we has made it like us. */
function marksIn(metadata: object): string[] {
  return Object.keys(metadata).filter(key => key === 'f:annotations');
}

/** An apply of nothing gives up every field of ours, and removes those that are nobody else's. */
async function takeBack(
  kube: Kube,
  path: string,
  { apiVersion, kind, metadata }: KubeObject,
  signal: AbortSignal,
) {
  const { name, namespace } = metadata;
  const empty = { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
  await kube.apply(path, empty, signal);
}

function taken({ kind, metadata }: KubeObject): NameTaken {
  return new NameTaken(`Name taken: there is a ${kind} ${metadata.name} that is not ours`);
}
