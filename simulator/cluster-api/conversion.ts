/**
 * The same object in both API versions. It is kept as v1beta2; only `Cluster` differs in more than its version.
 * Simplified: fields that nobody here uses (`rolloutAfter`, time limits of machines) are lost on the way.
 */
import { isObject, type Json, type JsonObject } from '../ccp/api-fields.ts';
import { groupVersion, type Kind } from './kinds.ts';

/** The version in which a kind is kept. */
export function storageVersion(kind: Kind): string {
  return kind.custom ? 'v1beta2' : (kind.versions[0] ?? 'v1');
}

/** From the version of a request to that of the store. */
export function toStorage(object: JsonObject, kind: Kind, version: string): JsonObject {
  const kept = { ...object, apiVersion: groupVersion(kind.group, storageVersion(kind)) };
  if (kind.kind !== 'Cluster' || version !== 'v1beta1') return kept;
  return {
    ...kept,
    ...change(object, 'spec', spec => ({
      ...spec,
      ...change(spec, 'topology', newTopology),
      ...change(spec, 'infrastructureRef', newRef),
      ...change(spec, 'controlPlaneRef', newRef),
    })),
    ...change(object, 'status', newStatus),
  };
}

/** From the store to the version of a request. */
export function fromStorage(object: JsonObject, kind: Kind, version: string, counts: boolean): JsonObject {
  const shown = { ...object, apiVersion: groupVersion(kind.group, version) };
  if (kind.kind !== 'Cluster' || version !== 'v1beta1') return shown;
  const namespace = isObject(object.metadata) ? (object.metadata.namespace ?? '') : '';
  const ref = (value: JsonObject) => oldRef(value, namespace);
  return {
    ...shown,
    ...change(object, 'spec', spec => ({
      ...spec,
      ...change(spec, 'topology', oldTopology),
      ...change(spec, 'infrastructureRef', ref),
      ...change(spec, 'controlPlaneRef', ref),
    })),
    ...change(object, 'status', status => oldStatus(status, counts)),
  };
}

function change(
  holder: JsonObject,
  key: string,
  convert: (value: JsonObject) => JsonObject,
): Record<string, JsonObject> {
  const value = holder[key];
  return isObject(value) ? { [key]: convert(value) } : {};
}

function newTopology({ class: name, classNamespace, ...rest }: JsonObject): JsonObject {
  if (name === undefined) return rest;
  return { classRef: { name, ...some({ namespace: classNamespace }) }, ...rest };
}

function oldTopology({ classRef, ...rest }: JsonObject): JsonObject {
  if (!isObject(classRef)) return rest;
  return { class: classRef.name ?? '', ...some({ classNamespace: classRef.namespace }), ...rest };
}

function newRef({ apiVersion, kind, name }: JsonObject): JsonObject {
  const [group = ''] = typeof apiVersion === 'string' ? apiVersion.split('/') : [];
  return some({ apiGroup: group, kind, name });
}

/** Assumed: the real conversion asks which versions the provider has. */
function oldRef({ apiGroup, kind, name }: JsonObject, namespace: Json): JsonObject {
  return some({ apiVersion: `${apiGroup}/v1beta1`, kind, name, namespace });
}

function newStatus(old: JsonObject): JsonObject {
  const {
    infrastructureReady,
    controlPlaneReady,
    conditions,
    failureReason,
    failureMessage,
    v1beta2,
    ...rest
  } = old;
  const deprecated = some({ conditions, failureReason, failureMessage });
  const initialization = some({
    infrastructureProvisioned: infrastructureReady,
    controlPlaneInitialized: controlPlaneReady,
  });
  return {
    ...rest,
    ...(isObject(v1beta2) ? v1beta2 : {}),
    ...(Object.keys(initialization).length > 0 ? { initialization } : {}),
    ...(Object.keys(deprecated).length > 0 ? { deprecated: { v1beta1: deprecated } } : {}),
  };
}

function oldStatus(status: JsonObject, counts: boolean): JsonObject {
  const { initialization, conditions, controlPlane, workers, deprecated, ...rest } = status;
  const reached = isObject(initialization) ? initialization : {};
  const old = isObject(deprecated) && isObject(deprecated.v1beta1) ? deprecated.v1beta1 : {};
  const v1beta2 = some({ conditions, controlPlane, workers });
  return {
    ...rest,
    ...some({
      infrastructureReady: reached.infrastructureProvisioned,
      controlPlaneReady: reached.controlPlaneInitialized,
    }),
    ...old,
    ...(counts && Object.keys(v1beta2).length > 0 ? { v1beta2 } : {}),
  };
}

/** Without the fields that are not there. */
function some(fields: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}
