/** The objects in a simulated cluster, as people have applied them. Nothing acts on them: no pod ever runs. */
import { randomUUID } from 'node:crypto';
import {
  assemble,
  type Conflict,
  conflicts,
  fieldsOf,
  type Json,
  type JsonObject,
  type Owned,
} from './api-fields.ts';
import type { Kind } from './api-kinds.ts';

/** Which object: `namespace` is empty for kinds without one. */
export interface Place {
  kind: Kind;
  namespace: string;
  name: string;
}

/** Objects in one cluster; more is a mistake of the caller's. */
const maxObjects = 10_000;

/** What each cluster has from the start. */
const systemManager = 'kube-apiserver';
const firstNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

export type Applied =
  | { outcome: 'created' | 'changed' | 'unchanged'; object: JsonObject }
  | { outcome: 'conflict'; conflicts: Conflict[] }
  | { outcome: 'full' };

interface Entry {
  place: Place;
  /** What the server adds to the metadata. */
  metadata: JsonObject;
  /** By field manager. */
  managers: Map<string, Owned>;
  object: JsonObject;
}

export class ApiObjects {
  readonly #entries = new Map<string, Entry>();
  #version = 0;

  constructor() {
    for (const name of firstNamespaces) this.apply(namespaceAt(name), {}, systemManager, false);
  }

  get(place: Place): JsonObject | undefined {
    return this.#entries.get(keyOf(place))?.object;
  }

  /** Those of a kind, all namespaces when `namespace` is empty, in the order of their creation. */
  list(kind: Kind, namespace: string): JsonObject[] {
    return [...this.#entries.values()]
      .filter(({ place }) => place.kind.name === kind.name && place.kind.apiVersion === kind.apiVersion)
      .filter(({ place }) => namespace === '' || place.namespace === namespace)
      .map(({ object }) => object);
  }

  /** All but the namespaces that are there from the start, in the order of their creation. */
  all(): JsonObject[] {
    return [...this.#entries.values()]
      .filter(({ managers }) => !managers.has(systemManager))
      .map(({ object }) => structuredClone(object));
  }

  hasNamespace(name: string): boolean {
    return this.#entries.has(keyOf(namespaceAt(name)));
  }

  get version(): string {
    return String(this.#version);
  }

  /**
   * Server-side apply: the manager's fields become exactly these. Fields it had and has no more are removed, unless
   * others have them too.
   * @param force takes fields from their managers instead of a conflict
   */
  apply(place: Place, wanted: JsonObject, manager: string, force: boolean): Applied {
    const before = this.#entries.get(keyOf(place));
    if (before === undefined && this.#entries.size >= maxObjects) return { outcome: 'full' };
    const managers = new Map(before?.managers);
    managers.delete(manager);
    const fields = fieldsOf(wanted);
    const found = conflicts(fields, managers);
    if (found.length > 0 && !force) return { outcome: 'conflict', conflicts: found };
    for (const [other, owned] of managers) managers.set(other, without(owned, other, found));
    managers.set(manager, fields);
    const { kind, namespace, name } = place;
    const metadata = before?.metadata ?? {
      uid: randomUUID(),
      creationTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    };
    const base = {
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: { name, ...(namespace === '' ? {} : { namespace }), ...metadata },
    };
    const object = assemble(base, managers.values());
    if (before !== undefined && sameBut(before.object, object)) {
      return { outcome: 'unchanged', object: before.object };
    }
    this.#version += 1;
    stamp(object, String(this.#version), [...managers.keys()]);
    this.#entries.set(keyOf(place), { place, metadata, managers, object });
    return { outcome: before === undefined ? 'created' : 'changed', object };
  }
}

function namespaceAt(name: string): Place {
  const kind = { apiVersion: 'v1', kind: 'Namespace', name: 'namespaces', namespaced: false };
  return { kind, namespace: '', name };
}

function keyOf({ kind, namespace, name }: Place): string {
  return [kind.apiVersion, kind.name, namespace, name].join(' ');
}

/** A manager's fields without those that were taken by force. */
function without(owned: Owned, manager: string, taken: readonly Conflict[]): Owned {
  const fields = new Set(taken.filter(conflict => conflict.manager === manager).map(({ theirs }) => theirs));
  return new Map([...owned].filter(([path]) => !fields.has(path)));
}

/** What changes with every write. The real list also names each manager's fields. */
function stamp(object: JsonObject, resourceVersion: string, managers: string[]): void {
  const metadata = object.metadata as JsonObject;
  metadata.resourceVersion = resourceVersion;
  metadata.managedFields = managers.map(manager => ({ manager, operation: 'Apply' }));
}

/** Equal when what {@link stamp} writes is left out. */
function sameBut(before: JsonObject, after: JsonObject): boolean {
  const copy = structuredClone(before);
  const metadata = copy.metadata as JsonObject;
  delete metadata.resourceVersion;
  delete metadata.managedFields;
  return sorted(copy) === sorted(after);
}

/** JSON with the keys in order: the order in which fields were applied means nothing. */
function sorted(value: Json): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
