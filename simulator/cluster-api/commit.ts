/** The last step of every write: what the server adds, what it refuses, and the place in the store. */
import { randomUUID } from 'node:crypto';
import { isObject, type JsonObject } from '../ccp/api-fields.ts';
import type { Served } from './call.ts';
import { isNothing, leftOutFields } from './fields.ts';
import { type Managers, nowText, sameManagers, shown } from './managers.ts';
import { view } from './reads.ts';
import { invalid, namespaceNotFound, stale } from './refusal.ts';
import { type Entry, metadataOf } from './store.ts';
import type { Target } from './target.ts';
import { validate } from './validation.ts';

/** Metadata that only the server writes. */
const serverFields = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
] as const;

export interface Committed {
  /** In the version of the store. */
  object: JsonObject;
  created: boolean;
}

/**
 * The object as it will be: with the server's own fields, and only `status` or everything but `status` changed. To be
 * called before the managers are worked out.
 */
export function settle(wanted: JsonObject, before: JsonObject | undefined, target: Target): JsonObject {
  if (target.subresource === 'status' && before !== undefined) {
    const { status: _, ...rest } = before;
    return wanted.status === undefined ? rest : { ...rest, status: wanted.status };
  }
  const { status: _, ...rest } = wanted;
  const kept = before?.status === undefined ? {} : { status: before.status };
  const status = target.kind.custom ? kept : wanted.status === undefined ? {} : { status: wanted.status };
  return { ...rest, metadata: serverMetadata(wanted, before, target), ...status };
}

function serverMetadata(wanted: JsonObject, before: JsonObject | undefined, target: Target): JsonObject {
  const { managedFields: _, resourceVersion: __, ...metadata } = metadataOf(wanted);
  for (const key of serverFields) delete metadata[key];
  const old = before === undefined ? undefined : metadataOf(before);
  const known = old ?? {
    uid: randomUUID(),
    creationTimestamp: nowText(),
    ...(target.kind.custom ? { generation: 1 } : {}),
  };
  for (const key of serverFields) if (known[key] !== undefined) metadata[key] = known[key];
  for (const key of leftOutFields) if (isNothing(metadata[key])) delete metadata[key];
  const namespace = target.namespace === '' ? {} : { namespace: target.namespace };
  return { ...metadata, ...namespace, name: target.name };
}

/**
 * Checks and keeps an object. Throws Refusal: 404 without its namespace, 409 for a stale `resourceVersion`, 422 for
 * another uid and for one that is not valid.
 * @param given the metadata of the request: preconditions may be in it
 */
export function commit(
  given: JsonObject,
  settled: JsonObject,
  before: Entry | undefined,
  managers: Managers,
  target: Target,
  served: Served,
  dryRun: boolean,
): Committed {
  const { kind, name, namespace } = target;
  const { store, kinds } = served;
  checkPreconditions(given, before, target);
  const namespaces = kinds.find(one => one.plural === 'namespaces' && one.group === '');
  if (namespace !== '' && namespaces !== undefined) {
    const there = store.get({ kind: namespaces, namespace: '', name: namespace });
    if (there === undefined) throw namespaceNotFound(namespace);
  }
  validate(view(settled, target, served), target);
  // Who has only come to share fields, or has given up his share, has changed the object too.
  if (before !== undefined && sameBut(before.object, settled) && sameManagers(before.managers, managers))
    return { object: before.object, created: false };
  const object = withGeneration(settled, before?.object, target);
  const metadata: JsonObject = { ...metadataOf(object), managedFields: shown(managers) };
  const complete: JsonObject = { ...object, metadata };
  checkFinalizers(complete, before, target);
  const { resourceVersion } = before === undefined ? {} : metadataOf(before.object);
  const version = resourceVersion === undefined ? {} : { resourceVersion };
  const unkept = { object: { ...complete, metadata: { ...metadata, ...version } } };
  if (dryRun) return { ...unkept, created: before === undefined };
  const place = { kind, namespace, name };
  if (metadata.deletionTimestamp !== undefined && noFinalizers(complete)) {
    // Not even kept for the last time: watches hear of it as it was before.
    store.remove(place);
    return { ...unkept, created: false };
  }
  return { object: store.put(place, complete, managers).object, created: before === undefined };
}

function checkPreconditions(given: JsonObject, before: Entry | undefined, { kind, name }: Target): void {
  const { uid, resourceVersion } = given;
  if (before === undefined) return;
  const now = metadataOf(before.object);
  if (uid !== undefined && uid !== '' && uid !== now.uid) {
    const message = `Invalid value: ${JSON.stringify(uid)}: field is immutable`;
    throw invalid(kind, name, [{ field: 'metadata.uid', reason: 'FieldValueInvalid', message }]);
  }
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== now.resourceVersion)
    throw stale(kind, name);
}

export function uidMessage(wanted: unknown, is: unknown): string {
  return `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${is}`;
}

function checkFinalizers(object: JsonObject, before: Entry | undefined, { kind, name }: Target): void {
  if (before === undefined || metadataOf(before.object).deletionTimestamp === undefined) return;
  const old = finalizersOf(before.object);
  const added = finalizersOf(object).filter(finalizer => !old.includes(finalizer));
  if (added.length === 0) return;
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  throw invalid(kind, name, [{ field: 'metadata.finalizers', reason: 'FieldValueForbidden', message }]);
}

export function finalizersOf(object: JsonObject): string[] {
  const { finalizers } = metadataOf(object);
  return Array.isArray(finalizers) ? finalizers.map(String) : [];
}

export function noFinalizers(object: JsonObject): boolean {
  return finalizersOf(object).length === 0;
}

/** The generation counts changes of everything but metadata and status. */
export function withGeneration(
  object: JsonObject,
  before: JsonObject | undefined,
  { kind }: Target,
): JsonObject {
  if (before === undefined || !kind.custom) return object;
  const { metadata: _, status: __, ...now } = object;
  const { metadata: ___, status: ____, ...was } = before;
  if (sorted(now) === sorted(was)) return object;
  const generation = Number(metadataOf(before).generation ?? 0) + 1;
  return { ...object, metadata: { ...metadataOf(object), generation } };
}

/** Equal when what the server writes with every change is left out. */
function sameBut(before: JsonObject, after: JsonObject): boolean {
  return sorted(withoutRecord(before)) === sorted(withoutRecord(after));
}

function withoutRecord(object: JsonObject): JsonObject {
  const { resourceVersion: _, managedFields: __, ...metadata } = metadataOf(object);
  return { ...object, metadata };
}

/** JSON with the keys in order. */
function sorted(value: JsonObject): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
