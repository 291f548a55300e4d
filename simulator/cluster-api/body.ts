/** Reads the object in a request: JSON or YAML, of the right kind and name, with known fields only. */
import { parse } from 'yaml';
import { isObject, type JsonObject } from '../ccp/api-fields.ts';
import type { TargetedCall } from './call.ts';
import { schemaOf } from './cluster-schema.ts';
import { groupVersion } from './kinds.ts';
import { badRequest, Refusal } from './refusal.ts';
import { problemsOf, prune } from './schema.ts';
import type { Target } from './target.ts';

/** Any object. Throws Refusal (400). */
export function parseBody({ body, contentType }: Pick<TargetedCall, 'body' | 'contentType'>): JsonObject {
  let value: unknown;
  try {
    value = contentType.endsWith('yaml') ? parse(body, { maxAliasCount: 100 }) : JSON.parse(body);
  } catch (error) {
    throw badRequest(`error decoding the body: ${error instanceof Error ? error.message : error}`);
  }
  if (!isObject(value)) throw badRequest('the body is not an object');
  return value;
}

/** Throws Refusal (400) when the object is another than the path names. */
export function checkIdentity(object: JsonObject, target: Target): void {
  const { kind, version, namespace, name } = target;
  const wanted = groupVersion(kind.group, version);
  const metadata = isObject(object.metadata) ? object.metadata : {};
  if (object.apiVersion !== wanted || object.kind !== kind.kind) {
    const given = `${object.apiVersion}, Kind=${object.kind}`;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${wanted}, Kind=${kind.kind}): ${given}`,
    );
  }
  if (name !== '' && metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  if ((metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/**
 * Throws Refusal for an applied object with fields that nobody knows or of a wrong type. Server-side apply needs no
 * `fieldValidation` for that, and answers 500 without a reason, a known flaw of Kubernetes.
 * @param status what to answer instead: a release that repairs this is likely to say 400
 */
export function checkTypedPatch(object: JsonObject, target: Target, status: 400 | 500): void {
  const { kind, version, namespace, name } = target;
  const schema = schemaOf(kind, version);
  const unknown: string[] = [];
  const kept = prune(object, schema, unknown);
  // A field with nothing in it fits every type here, and is for the validation of the whole to judge.
  const wrong = problemsOf(kept, schema).find(
    ({ reason, message }) => reason === 'FieldValueTypeInvalid' && !message.endsWith(': "null"'),
  );
  const [field] = unknown;
  if (field === undefined && wrong === undefined) return;
  const why =
    field === undefined ? `.${wrong?.field}: ${wrong?.message}` : `.${field}: field not declared in schema`;
  const what = `${namespace}/${name}; ${groupVersion(kind.group, version)}, Kind=${kind.kind}`;
  const message = `failed to create typed patch object (${what}): ${why}`;
  throw new Refusal(status, status === 400 ? 'BadRequest' : '', message);
}

/**
 * Without the fields that nobody knows. `fieldValidation` says what becomes of them: `Strict` a 400, `Warn` (the
 * server's default) warnings, `Ignore` nothing.
 */
export function knownFields(
  object: JsonObject,
  target: Target,
  query: URLSearchParams,
  warnings: string[],
): JsonObject {
  const unknown: string[] = [];
  const kept = prune(object, schemaOf(target.kind, target.version), unknown) as JsonObject;
  const words = unknown.map(path => `unknown field "${path}"`);
  const validation = query.get('fieldValidation') ?? 'Warn';
  if (validation === 'Strict' && words.length > 0) {
    const { kind, version } = target;
    throw badRequest(
      `${kind.kind} in version "${version}" cannot be handled as a ${kind.kind}: strict decoding error: ${words.join(', ')}`,
    );
  }
  if (validation === 'Warn') warnings.push(...words);
  return kept;
}
