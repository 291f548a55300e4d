/** DELETE: at once without finalizers, else a mark; and what was owned goes too. */
import { isObject, type JsonObject } from '../ccp/api-fields.ts';
import { parseBody } from './body.ts';
import type { Answer, Served, TargetedCall } from './call.ts';
import { noFinalizers } from './commit.ts';
import { nowText } from './managers.ts';
import { view } from './reads.ts';
import { conflict, notFound } from './refusal.ts';
import { metadataOf, type Place, type Store } from './store.ts';

/** Throws Refusal: 404, or 409 when a precondition (`uid`, `resourceVersion`) is not met. */
export function remove(call: TargetedCall, served: Served): Answer {
  const { target, query, body } = call;
  const entry = served.store.get(target);
  if (entry === undefined) throw notFound(target.kind, target.name);
  const options = body.trim() === '' ? {} : parseBody(call);
  checkPreconditions(options, entry.object, target);
  const dryRun =
    query.get('dryRun') === 'All' || (Array.isArray(options.dryRun) && options.dryRun.length > 0);
  const marked = dryRun ? markOf(entry.object) : markDeleted(served.store, target);
  if (marked !== undefined) return { status: 200, json: view(marked, target, served) };
  const { uid } = metadataOf(entry.object);
  const { group, plural } = target.kind;
  const details = { name: target.name, ...(group === '' ? {} : { group }), kind: plural, uid };
  return {
    status: 200,
    json: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details },
  };
}

function checkPreconditions({ preconditions }: JsonObject, object: JsonObject, { kind, name }: Place): void {
  if (!isObject(preconditions)) return;
  const { uid, resourceVersion } = metadataOf(object);
  // Here the real server names the kind where it names the resource elsewhere.
  const own = { ...kind, plural: kind.kind };
  const differs = (what: string, wanted: unknown, is: unknown) =>
    `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${is}).`;
  if (preconditions.uid !== undefined && preconditions.uid !== uid) {
    const message = differs('UID', preconditions.uid, uid);
    throw conflict(own, name, `${message} The object might have been deleted and then recreated`);
  }
  if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    const message = differs('ResourceVersion', preconditions.resourceVersion, resourceVersion);
    throw conflict(own, name, `${message} The object might have been modified`);
  }
}

/**
 * Away with it, or, while somebody's finalizer is on it, the mark that it is to go.
 * @returns the object with the mark; undefined when it is gone.
 */
export function markDeleted(store: Store, place: Place): JsonObject | undefined {
  const entry = store.get(place);
  if (entry === undefined) return undefined;
  const marked = markOf(entry.object);
  if (marked === undefined) store.remove(place);
  else if (marked !== entry.object) return store.put(place, marked, entry.managers).object;
  return marked;
}

/** Undefined when nothing keeps it from going at once; the same object when it bears the mark already. */
function markOf(object: JsonObject): JsonObject | undefined {
  if (noFinalizers(object)) return undefined;
  const metadata = metadataOf(object);
  if (metadata.deletionTimestamp !== undefined) return object;
  const marked = { ...metadata, deletionTimestamp: nowText(), deletionGracePeriodSeconds: 0 };
  const generation = metadata.generation === undefined ? {} : { generation: Number(metadata.generation) + 1 };
  return { ...object, metadata: { ...marked, ...generation } };
}

/**
 * The garbage collector's part: everything goes whose owners are all gone, a little later, as in a real cluster.
 * @param wait how long it takes to notice; false when there is nothing to do any more
 * @returns ends it
 */
export function collectGarbage(store: Store, wait: () => Promise<boolean>): () => void {
  let asked = false;
  const look = async () => {
    if (asked) return;
    asked = true;
    const goOn = await wait();
    asked = false;
    if (goOn) collect(store);
  };
  return store.onChange(({ type, object }) => {
    // A new object may name an owner that is gone, or that never was.
    if (type === 'DELETED' || ownersOf(object).length > 0) void look();
  });
}

function collect(store: Store): void {
  const entries = store.all();
  const uids = new Set(entries.map(({ object }) => metadataOf(object).uid));
  for (const { place, object } of entries) {
    const owners = ownersOf(object);
    if (owners.length > 0 && owners.every(uid => !uids.has(uid))) markDeleted(store, place);
  }
}

function ownersOf(object: JsonObject) {
  const { ownerReferences } = metadataOf(object);
  return (Array.isArray(ownerReferences) ? ownerReferences : []).map(owner =>
    isObject(owner) ? (owner.uid ?? '') : '',
  );
}
