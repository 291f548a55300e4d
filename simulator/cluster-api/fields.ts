/**
 * Paths into objects, as managed fields name them: `f:spec` a field, `k:{"name":"md-0"}` the item of a list with these
 * keys, `v:"x"` the item of a set.
 */
import { isObject, type Json, type JsonObject } from '../ccp/api-fields.ts';
import type { Schema } from './schema.ts';

/** A path as JSON text of its elements. */
export type Path = string;

/** Belong to the server or say which object it is: nobody manages them. */
const unmanaged = new Set(
  [
    ['apiVersion'],
    ['kind'],
    ...[
      'name',
      'generateName',
      'namespace',
      'selfLink',
      'uid',
      'resourceVersion',
      'generation',
      'creationTimestamp',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'managedFields',
    ].map(key => ['metadata', key]),
  ].map(keys => JSON.stringify(keys.map(key => `f:${key}`))),
);

/** Metadata that is not there when nothing is in it. */
export const leftOutFields = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;
const leftOut = leftOutFields.map(key => JSON.stringify(['f:metadata', `f:${key}`]));

export function isNothing(value: Json | undefined): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

/** All leaves of an object and their values. Lists of the schema's type `map` are looked into, others are one leaf. */
export function leavesOf(object: JsonObject, schema: Schema): Map<Path, Json> {
  const leaves = new Map<Path, Json>();
  collect(object, schema, [], leaves);
  for (const path of unmanaged) leaves.delete(path);
  for (const path of leftOut) if (isNothing(leaves.get(path))) leaves.delete(path);
  return leaves;
}

function collect(value: Json, schema: Schema, path: string[], into: Map<Path, Json>): void {
  const isWhole = schema.type === 'any' && schema.whole === true;
  if (!isWhole && isObject(value) && Object.keys(value).length > 0) {
    for (const [key, item] of Object.entries(value))
      collect(item, fieldSchema(schema, key), [...path, `f:${key}`], into);
  } else if (Array.isArray(value) && value.length > 0 && itemName(value[0] ?? null, schema) !== undefined) {
    for (const item of value)
      collect(item, itemSchema(schema), [...path, itemName(item, schema) ?? 'v:null'], into);
  } else {
    into.set(JSON.stringify(path), value);
  }
}

const anything: Schema = { type: 'any' };

function fieldSchema(schema: Schema, key: string): Schema {
  if (schema.type === 'map') return schema.values;
  return (schema.type === 'object' ? schema.fields[key] : undefined) ?? anything;
}

function itemSchema(schema: Schema): Schema {
  return schema.type === 'array' ? schema.items : anything;
}

/** How an item of a list is called; undefined when the whole list is one value. */
function itemName(item: Json, schema: Schema): string | undefined {
  if (schema.type !== 'array') return undefined;
  if (schema.set) return `v:${JSON.stringify(item)}`;
  if (schema.keys === undefined || !isObject(item)) return undefined;
  return `k:${JSON.stringify(Object.fromEntries(schema.keys.map(key => [key, item[key] ?? null])))}`;
}

/** `.spec.topology.workers.machineDeployments[name="md-0"].replicas` */
export function dotted(path: Path): string {
  return elements(path)
    .map(element => {
      const rest = element.slice(2);
      if (element.startsWith('f:')) return `.${rest}`;
      if (element.startsWith('v:')) return `[=${rest}]`;
      const keys = Object.entries(JSON.parse(rest) as JsonObject);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}

export function elements(path: Path): string[] {
  return JSON.parse(path) as string[];
}

/** `["a","b"]` is within `["a"]`. */
export function isWithin(inner: Path, outer: Path): boolean {
  return inner.startsWith(`${outer.slice(0, -1)},`);
}

/** Puts a value at a path, with everything that is needed above it. */
export function setAt(object: JsonObject, path: Path, value: Json): void {
  place(object, elements(path), value);
}

function place(holder: JsonObject | Json[], [element = '', ...rest]: string[], value: Json): void {
  if (Array.isArray(holder)) {
    const item = holder[indexOf(holder, element)] ?? append(holder, element);
    if (rest.length > 0 && (isObject(item) || Array.isArray(item))) place(item, rest, value);
    return;
  }
  const key = element.slice(2);
  if (rest.length === 0) {
    define(holder, key, structuredClone(value));
    return;
  }
  const wantsList = rest[0]?.startsWith('f:') === false;
  const there = Object.hasOwn(holder, key) ? holder[key] : undefined;
  const fits = wantsList ? Array.isArray(there) : isObject(there);
  const below = fits ? there : wantsList ? [] : {};
  if (below !== there) define(holder, key, below as Json);
  place(below as JsonObject | Json[], rest, value);
}

/** A plain assignment would change the prototype for the key `__proto__`. */
function define(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

function append(list: Json[], element: string): Json {
  const item = JSON.parse(element.slice(2)) as Json;
  list.push(item);
  return item;
}

function indexOf(list: readonly Json[], element: string): number {
  const wanted = JSON.parse(element.slice(2)) as Json;
  return list.findIndex(item =>
    element.startsWith('v:')
      ? JSON.stringify(item) === JSON.stringify(wanted)
      : isObject(item) &&
        Object.entries(wanted as JsonObject).every(
          ([key, value]) => JSON.stringify(item[key]) === JSON.stringify(value),
        ),
  );
}

/** Takes the value at a path away, and whatever is empty above it then. */
export function removeAt(object: JsonObject, path: Path): void {
  take(object, elements(path));
}

/** True when `holder` is empty afterwards. */
function take(holder: JsonObject | Json[], [element = '', ...rest]: string[]): boolean {
  const isList = Array.isArray(holder);
  const at = isList ? indexOf(holder, element) : -1;
  const key = element.slice(2);
  const item = isList ? holder[at] : Object.hasOwn(holder, key) ? holder[key] : undefined;
  if (item === undefined) return false;
  const gone = rest.length === 0 || ((isObject(item) || Array.isArray(item)) && take(item, rest));
  if (gone && isList) holder.splice(at, 1);
  else if (gone) delete (holder as JsonObject)[key];
  // An item of a list that has nothing but its keys left belongs to nobody any more.
  return Object.keys(holder).length === 0;
}

/** The nested form in which `metadata.managedFields` shows a set of paths. */
export function fieldsV1(paths: Iterable<Path>): JsonObject {
  const root: JsonObject = {};
  for (const path of paths) {
    let at = root;
    for (const element of elements(path)) {
      const below = isObject(at[element]) ? at[element] : {};
      at[element] = below;
      at = below;
    }
  }
  return root;
}
