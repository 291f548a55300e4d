/** POST, PUT and the three kinds of PATCH. */
import { randomBytes } from 'node:crypto';
import { isObject, type JsonObject } from '../ccp/api-fields.ts';
import { allow } from './accounts.ts';
import { checkIdentity, checkTypedPatch, knownFields, parseBody } from './body.ts';
import type { Answer, Served, TargetedCall } from './call.ts';
import { schemaOf } from './cluster-schema.ts';
import { commit, settle, uidMessage } from './commit.ts';
import { storageVersion, toStorage } from './conversion.ts';
import { groupVersion } from './kinds.ts';
import { apply, type Conflict, updated, type Writer } from './managers.ts';
import { jsonPatch, mergePatch } from './patches.ts';
import { view } from './reads.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  notFound,
  Refusal,
  unsupportedMediaType,
} from './refusal.ts';
import { metadataOf } from './store.ts';
import type { Target } from './target.ts';
import { askWebhook } from './webhook.ts';

const mergeType = 'application/merge-patch+json';
const jsonType = 'application/json-patch+json';
const applyType = 'application/apply-patch+yaml';
const strategicType = 'application/strategic-merge-patch+json';

/** POST to a list. Throws Refusal: 409 when it is there already. */
export function create(call: TargetedCall, served: Served): Answer {
  const warnings: string[] = [];
  const body = parseBody(call);
  checkIdentity(body, call.target);
  const name = nameOf(metadataOf(body));
  const target = { ...call.target, name };
  const there = served.store.get(target)?.object;
  if (there !== undefined)
    throw alreadyExists(target.kind, name, metadataOf(there).deletionTimestamp !== undefined);
  if ((metadataOf(body).resourceVersion ?? '') !== '')
    throw new Refusal(500, '', 'resourceVersion should not be set on objects to be created');
  const known = knownFields(body, target, call.query, warnings);
  return write(known, target, call, served, warnings, 201);
}

function nameOf({ name, generateName }: JsonObject): string {
  if (typeof name === 'string' && name !== '') return name;
  return typeof generateName === 'string' ? `${generateName}${randomBytes(3).toString('hex').slice(1)}` : '';
}

/** PUT of an object. Throws Refusal: 404, 409 for a stale version, 422 without a version. */
export function replace(call: TargetedCall, served: Served): Answer {
  const { target } = call;
  const warnings: string[] = [];
  const body = parseBody(call);
  checkIdentity(body, target);
  const before = served.store.get(target);
  if (before === undefined) throw notFound(target.kind, target.name);
  const { resourceVersion = '', uid = '' } = metadataOf(body);
  const is = metadataOf(before.object).uid;
  if (uid !== '' && uid !== is) throw conflict(target.kind, target.name, uidMessage(uid, is));
  if (resourceVersion === '' && target.kind.custom) {
    const message = 'Invalid value: 0x0: must be specified for an update';
    const field = 'metadata.resourceVersion';
    throw invalid(target.kind, target.name, [{ field, reason: 'FieldValueInvalid', message }], true);
  }
  return write(knownFields(body, target, call.query, warnings), target, call, served, warnings, 200);
}

/** PATCH of an object, by its content type. Throws Refusal: 404, 409, 415, 422. */
export function patch(call: TargetedCall, served: Served, namespace: string): Answer {
  const { target, contentType } = call;
  if (contentType === applyType) return serverSideApply(call, served, namespace);
  const types = [jsonType, mergeType, ...(target.kind.custom ? [] : [strategicType]), applyType];
  if (!types.includes(contentType)) throw unsupportedMediaType(types);
  const before = served.store.get(target);
  if (before === undefined) throw notFound(target.kind, target.name);
  const now = view(before.object, target, served);
  const patched =
    contentType === jsonType
      ? jsonPatch(now, listIn(call.body))
      : mergePatch(now, parseBody({ body: call.body, contentType }));
  if (!isObject(patched)) throw badRequest('the patched object is no object');
  const warnings: string[] = [];
  checkIdentity(patched, target);
  const known = knownFields(patched, target, call.query, warnings);
  return write(known, target, call, served, warnings, 200);
}

function listIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw badRequest('error decoding patch');
  }
}

/** Keeps a whole object in the request's version, as its writer's update. */
function write(
  known: JsonObject,
  target: Target,
  call: TargetedCall,
  served: Served,
  warnings: string[],
  status: number,
): Answer {
  const before = served.store.get(target);
  const settled = settle(encoded(toStorage(known, target.kind, target.version)), before?.object, target);
  const schema = storageSchema(target);
  const writer = { ...writerOf(target), manager: managerOf(call) };
  const managers = updated(before?.object ?? {}, settled, schema, before?.managers ?? [], writer);
  askWebhook(settled, target, served, warnings);
  const given = metadataOf(known);
  const { object } = commit(given, settled, before, managers, target, served, isDryRun(call.query));
  return { status, json: view(object, target, served), warnings };
}

/** Server-side apply: 201 when it is new, 200 else. */
function serverSideApply(call: TargetedCall, served: Served, namespace: string): Answer {
  const { target, query } = call;
  const manager = query.get('fieldManager') ?? '';
  if (manager === '') throw managerRequired();
  const warnings: string[] = [];
  const body = parseBody(call);
  checkIdentity(body, target);
  if ((metadataOf(body).managedFields ?? null) !== null)
    throw badRequest('metadata.managedFields must be nil');
  const before = served.store.get(target);
  if (before === undefined && target.subresource !== '') throw notFound(target.kind, target.name);
  // Who applies what is not there creates it, and needs the right to.
  if (before === undefined) {
    allowCreate(call, namespace);
    checkNew(metadataOf(body), target);
  }
  checkTypedPatch(body, target, served.typedPatchStatus);
  const known = knownFields(body, target, query, warnings);
  const wanted = encoded(relevant(toStorage(known, target.kind, target.version), target));
  const writer = { ...writerOf(target), manager };
  const live = before?.object ?? { apiVersion: wanted.apiVersion ?? '', kind: target.kind.kind };
  const schema = storageSchema(target);
  const result = apply(live, wanted, schema, before?.managers ?? [], writer, query.get('force') === 'true');
  if ('conflicts' in result) throw applyConflict(result.conflicts);
  const settled = settle(result.object, before?.object, target);
  askWebhook(settled, target, served, warnings);
  const given = metadataOf(known);
  const { object, created } = commit(
    given,
    settled,
    before,
    result.managers,
    target,
    served,
    isDryRun(query),
  );
  return { status: created ? 201 : 200, json: view(object, target, served), warnings };
}

/** Who names a uid or a version means an object that is there. */
function checkNew({ uid = '' }: JsonObject, { kind, name }: Target): void {
  if (uid === '') return;
  const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  throw conflict(kind, name, why);
}

/** Here Kubernetes' 403 says neither who nor what (seen: 1.20). */
function allowCreate({ account, target }: TargetedCall, namespace: string): void {
  try {
    allow(account, target, 'create', namespace);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(
      error.status,
      error.reason,
      error.message.replace(/ is forbidden: .*/, ' is forbidden: '),
      error.details,
    );
  }
}

/** Applied to an object, a status is not there; applied to the status, everything else is not. */
function relevant(object: JsonObject, { subresource, kind }: Target): JsonObject {
  const { status, ...rest } = object;
  if (subresource === 'status')
    return { apiVersion: rest.apiVersion ?? '', ...(status === undefined ? {} : { status }) };
  return kind.custom ? rest : object;
}

function managerRequired(): Refusal {
  const problem = {
    field: 'fieldManager',
    reason: 'FieldValueRequired',
    message: 'Required value: is required for apply patch',
  };
  return new Refusal(
    422,
    'Invalid',
    `PatchOptions.meta.k8s.io "" is invalid: ${problem.field}: ${problem.message}`,
    { group: 'meta.k8s.io', kind: 'PatchOptions', causes: [problem] },
  );
}

function applyConflict(conflicts: readonly Conflict[]): Refusal {
  const causes = conflicts.map(({ field, manager: { manager, operation, apiVersion } }) => {
    // Of plain writers it also says in which version they spoke.
    const using = operation === 'Apply' ? '' : ` using ${apiVersion}`;
    return { reason: 'FieldManagerConflict', message: `conflict with "${manager}"${using}`, field };
  });
  return new Refusal(409, 'Conflict', conflictWords(causes), { causes });
}

/** One in one line, several by manager with a line each. */
function conflictWords(causes: readonly { message: string; field: string }[]): string {
  const [one] = causes;
  if (causes.length === 1) return `Apply failed with 1 conflict: ${one?.message}: ${one?.field}`;
  const managers = [...new Set(causes.map(({ message }) => message))].sort();
  const parts = managers.map(manager => {
    const fields = causes.filter(({ message }) => message === manager).map(({ field }) => `\n- ${field}`);
    return `${manager.replace('conflict', 'conflicts')}:${fields.join('')}`;
  });
  return `Apply failed with ${causes.length} conflicts: ${parts.join('\n')}`;
}

function storageSchema({ kind }: Target) {
  return schemaOf(kind, storageVersion(kind));
}

function writerOf({ kind, version, subresource }: Target): Writer {
  return { manager: '', apiVersion: groupVersion(kind.group, version), subresource };
}

/** What a client is called that does not say: the first part of its user agent. */
function managerOf({ query, userAgent }: TargetedCall): string {
  return query.get('fieldManager') || userAgent.split('/', 1)[0] || 'unknown';
}

/** Throws Refusal (400) for another value than `All`. */
function isDryRun(query: URLSearchParams): boolean {
  const value = query.get('dryRun') ?? '';
  if (value !== '' && value !== 'All')
    throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(value)}`);
  return value === 'All';
}

/** A Secret's `stringData` is only for writing. */
function encoded(object: JsonObject): JsonObject {
  const { stringData, ...rest } = object;
  if (!isObject(stringData)) return object;
  const data = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ]);
  return { ...rest, data: { ...(isObject(rest.data) ? rest.data : {}), ...Object.fromEntries(data) } };
}
