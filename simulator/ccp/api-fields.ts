/** Who has set which field of an object: a simplified server-side apply. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Fields that belong to a manager: the path as JSON text (`["data","a"]`). */
export type Owned = ReadonlyMap<string, Json>;

/** A field that two managers want to be different. */
export interface Conflict {
  /** `.data.a` */
  field: string;
  manager: string;
  /** The other's path as in {@link Owned}; longer or shorter when one field lies within the other. */
  theirs: string;
}

/**
 * The fields that an object sets. Simplified: a list is one field (Kubernetes joins some lists by a key), and so is an
 * empty object. The object's identity belongs to nobody.
 */
export function fieldsOf(object: JsonObject): Map<string, Json> {
  const fields = new Map<string, Json>();
  collect(object, [], fields);
  for (const path of identity) fields.delete(JSON.stringify(path));
  return fields;
}

const identity = [['apiVersion'], ['kind'], ['metadata', 'name'], ['metadata', 'namespace']];

function collect(value: Json, path: string[], into: Map<string, Json>): void {
  if (isObject(value) && Object.keys(value).length > 0) {
    for (const [key, item] of Object.entries(value)) collect(item, [...path, key], into);
  } else {
    into.set(JSON.stringify(path), value);
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Where `wanted` differs from what other managers have set. A field above or below another's field differs too; the
 * same value is shared without a conflict.
 */
export function conflicts(wanted: Owned, others: ReadonlyMap<string, Owned>): Conflict[] {
  return [...wanted].flatMap(([path, value]) =>
    [...others].flatMap(([manager, owned]) =>
      [...owned]
        .filter(([theirs, their]) =>
          theirs === path
            ? JSON.stringify(their) !== JSON.stringify(value)
            : isWithin(theirs, path) || isWithin(path, theirs),
        )
        .map(([theirs]) => ({ field: dotted(path), manager, theirs })),
    ),
  );
}

/** `["a","b"]` is within `["a"]`. */
function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(`${outer.slice(0, -1)},`);
}

function dotted(path: string): string {
  return (JSON.parse(path) as string[]).map(key => `.${key}`).join('');
}

/** The object that these fields make, on top of `base`. */
export function assemble(base: JsonObject, all: Iterable<Owned>): JsonObject {
  const object = structuredClone(base);
  for (const owned of all) {
    for (const [path, value] of owned) set(object, JSON.parse(path) as string[], value);
  }
  return object;
}

function set(object: JsonObject, [key = '', ...rest]: string[], value: Json): void {
  if (rest.length === 0) {
    define(object, key, structuredClone(value));
    return;
  }
  const there = Object.hasOwn(object, key) ? object[key] : undefined;
  const below = isObject(there) ? there : {};
  if (below !== there) define(object, key, below);
  set(below, rest, value);
}

/** A plain assignment would change the prototype for the key `__proto__`. */
function define(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}
