/** Who manages which fields of an object: server-side apply and what plain writes do to it. */
import type { Json, JsonObject } from '../ccp/api-fields.ts';
import { dotted, elements, fieldsV1, isWithin, leavesOf, type Path, removeAt, setAt } from './fields.ts';
import type { Schema } from './schema.ts';

/** One entry of `metadata.managedFields`. */
export interface Manager {
  manager: string;
  operation: 'Apply' | 'Update';
  /** The version in which it spoke last. */
  apiVersion: string;
  subresource: string;
  time: string;
  fields: ReadonlySet<Path>;
}

export type Managers = readonly Manager[];

/** Who writes. */
export interface Writer {
  manager: string;
  apiVersion: string;
  subresource: string;
}

export interface Conflict {
  /** `.spec.paused` */
  field: string;
  manager: Manager;
}

/**
 * Server-side apply: the writer's fields become exactly these. Fields it had and has no more go away unless others have
 * them too; a field that another manages with another value is a conflict.
 * @param force takes such fields instead
 */
export function apply(
  live: JsonObject,
  wanted: JsonObject,
  schema: Schema,
  managers: Managers,
  writer: Writer,
  force: boolean,
): { object: JsonObject; managers: Managers } | { conflicts: Conflict[] } {
  const now = leavesOf(live, schema);
  const leaves = leavesOf(wanted, schema);
  const mine = (one: Manager) =>
    one.operation === 'Apply' && one.manager === writer.manager && one.subresource === writer.subresource;
  const others = managers.filter(one => !mine(one));
  const contested = [...leaves].flatMap(([path, value]) =>
    others.flatMap(manager =>
      [...manager.fields]
        .filter(theirs =>
          theirs === path ? differs(now.get(path), value) : quarrel(theirs, now.get(theirs), path, value),
        )
        .map(theirs => ({ path, theirs, manager })),
    ),
  );
  if (contested.length > 0 && !force) {
    return { conflicts: contested.map(({ path, manager }) => ({ field: dotted(path), manager })) };
  }
  const left = others.map(other => {
    const lost = new Set(contested.filter(one => one.manager === other).map(({ theirs }) => theirs));
    return lost.size === 0 ? other : { ...other, fields: without(other.fields, lost) };
  });
  const object = structuredClone(live);
  // What stays is what others have too, and everything above and below it.
  const shared = [...new Set([...leaves.keys(), ...left.flatMap(({ fields }) => [...fields])])];
  for (const path of managers.find(mine)?.fields ?? []) {
    if (!isKept(path, shared)) removeAt(object, itemOf(path, shared));
  }
  for (const [path, value] of leaves) if (!(isEmpty(value) && isAbove(path, now))) setAt(object, path, value);
  const own: Manager = { ...writer, operation: 'Apply', time: nowText(), fields: new Set(leaves.keys()) };
  return { object, managers: [own, ...left].filter(({ fields }) => fields.size > 0) };
}

/** A field above or below another's field. An empty object or list says nothing about what is in it. */
function quarrel(theirs: Path, their: Json | undefined, path: Path, value: Json): boolean {
  if (isWithin(theirs, path)) return !isEmpty(value);
  return isWithin(path, theirs) && their !== undefined && !isEmpty(their);
}

function isKept(path: Path, kept: readonly Path[]): boolean {
  return kept.some(one => one === path || isWithin(one, path));
}

/** The whole item of a list when nothing of it is kept: without its keys it could not be found again. Else the path. */
function itemOf(path: Path, kept: readonly Path[]): Path {
  const parts = elements(path);
  const items = parts.map((part, i) => (part.startsWith('k:') ? JSON.stringify(parts.slice(0, i + 1)) : ''));
  return items.find(item => item !== '' && !isKept(item, kept)) ?? path;
}

/** True when there is something at this path that is not a leaf. */
function isAbove(path: Path, leaves: ReadonlyMap<Path, Json>): boolean {
  return [...leaves.keys()].some(leaf => isWithin(leaf, path));
}

function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** After a create, an update or a patch: what changed belongs to the writer, what is gone to nobody. */
export function updated(
  before: JsonObject,
  after: JsonObject,
  schema: Schema,
  managers: Managers,
  writer: Writer,
): Managers {
  const was = leavesOf(before, schema);
  const is = leavesOf(after, schema);
  const changed = new Set(
    [...is].filter(([path, value]) => differs(was.get(path), value)).map(([path]) => path),
  );
  const gone = new Set([...was.keys()].filter(path => !is.has(path)));
  if (changed.size === 0 && gone.size === 0) return managers;
  // Unlike one who applies, a plain writer is another one in each version of the API.
  const mine = (one: Manager) =>
    one.operation === 'Update' &&
    one.manager === writer.manager &&
    one.apiVersion === writer.apiVersion &&
    one.subresource === writer.subresource;
  const lost = new Set([...changed, ...gone]);
  const own = managers.find(mine)?.fields ?? [];
  const fields = new Set([...own, ...changed].filter(path => is.has(path)));
  const others = managers
    .filter(one => !mine(one))
    .map(one => ({ ...one, fields: without(one.fields, lost) }));
  const writing: Manager = { ...writer, operation: 'Update', time: nowText(), fields };
  return [...others, writing].filter(one => one.fields.size > 0);
}

/** `metadata.managedFields` */
export function shown(managers: Managers): JsonObject[] {
  return managers.map(({ manager, operation, apiVersion, time, subresource, fields }) => ({
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: fieldsV1(fields),
    ...(subresource === '' ? {} : { subresource }),
  }));
}

/** True when the same managers have the same fields, whenever they took them. */
export function sameManagers(before: Managers, after: Managers): boolean {
  return timeless(before) === timeless(after);
}

function timeless(managers: Managers): string {
  const lines = managers.map(({ time: _, fields, ...one }) => JSON.stringify([one, [...fields].sort()]));
  return lines.sort().join();
}

function without(fields: ReadonlySet<Path>, lost: ReadonlySet<Path>): ReadonlySet<Path> {
  return new Set([...fields].filter(path => !lost.has(path)));
}

function differs(a: Json | undefined, b: Json): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

/** Whole seconds, as all times of Kubernetes' metadata. */
export function nowText(): string {
  return new Date().toISOString().replace(/\.\d+/, '');
}
