/** All objects of the management cluster and the history of their changes, as etcd and the watch cache keep them. */
import { EventEmitter } from 'node:events';
import { isObject, type JsonObject } from '../ccp/api-fields.ts';
import { fullName, type Kind } from './kinds.ts';
import type { Managers } from './managers.ts';

/** Which object; `namespace` is empty for kinds without one. */
export interface Place {
  kind: Kind;
  namespace: string;
  name: string;
}

/** What is kept. Nothing in it is ever changed: a write puts another one. */
export interface Entry {
  place: Place;
  /** In the version of the store. */
  object: JsonObject;
  managers: Managers;
}

export interface Change {
  version: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  place: Place;
  /** Undefined when there was none. */
  before: JsonObject | undefined;
  object: JsonObject;
}

export class Store {
  readonly #entries = new Map<string, Entry>();
  readonly #emitter = new EventEmitter();
  readonly #maxChanges: number;
  #changes: Change[] = [];
  /** Versions begin where a cluster that lives already is. */
  #version = 1000;
  /** Changes up to this version are forgotten. */
  #forgotten = 1000;

  /** @param maxChanges how many changes a watch can be resumed over */
  constructor(maxChanges: number) {
    this.#maxChanges = maxChanges;
    // One listener for every open watch.
    this.#emitter.setMaxListeners(0);
  }

  get version(): number {
    return this.#version;
  }

  /** The oldest version from which a watch can still begin. */
  get oldest(): number {
    return this.#forgotten;
  }

  get(place: Place): Entry | undefined {
    return this.#entries.get(keyOf(place));
  }

  /** Those of a kind in the order of their names, all namespaces when `namespace` is empty. */
  list(kind: Kind, namespace: string): Entry[] {
    return [...this.#entries.entries()]
      .filter(([, { place }]) => place.kind === kind && (namespace === '' || place.namespace === namespace))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, entry]) => entry);
  }

  all(): Entry[] {
    return [...this.#entries.values()];
  }

  /** Keeps an object under the next version. */
  put(place: Place, object: JsonObject, managers: Managers): Entry {
    const before = this.get(place);
    const entry = { place, object: this.#stamped(object), managers };
    this.#entries.set(keyOf(place), entry);
    this.#tell(before === undefined ? 'ADDED' : 'MODIFIED', place, before?.object, entry.object);
    return entry;
  }

  /** Takes an object away. The last that is told of it is what it was, under the next version. */
  remove(place: Place): void {
    const before = this.get(place);
    if (before === undefined) return;
    this.#entries.delete(keyOf(place));
    this.#tell('DELETED', place, before.object, this.#stamped(before.object));
  }

  /** All changes after a version, oldest first; undefined when some of them are forgotten. */
  since(version: number): Change[] | undefined {
    if (version < this.#forgotten) return undefined;
    return this.#changes.filter(change => change.version > version);
  }

  /** Forgets all changes so far, as etcd's compaction does. */
  compact(): void {
    this.#changes = [];
    this.#forgotten = this.#version;
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#emitter.on('change', listener);
    return () => {
      this.#emitter.off('change', listener);
    };
  }

  #stamped(object: JsonObject): JsonObject {
    this.#version += 1;
    return { ...object, metadata: { ...metadataOf(object), resourceVersion: String(this.#version) } };
  }

  #tell(type: Change['type'], place: Place, before: JsonObject | undefined, object: JsonObject): void {
    const change = { version: this.#version, type, place, before, object };
    this.#changes.push(change);
    if (this.#changes.length > this.#maxChanges) {
      this.#forgotten = this.#changes.shift()?.version ?? this.#forgotten;
    }
    this.#emitter.emit('change', change);
  }
}

export function metadataOf(object: JsonObject): JsonObject {
  return isObject(object.metadata) ? object.metadata : {};
}

export function labelsOf(object: JsonObject): JsonObject {
  const { labels } = metadataOf(object);
  return isObject(labels) ? labels : {};
}

function keyOf({ kind, namespace, name }: Place): string {
  return `${fullName(kind)}/${namespace}/${name}`;
}
