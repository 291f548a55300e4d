/** Objects by name, as list and watch tell them, with our own writes that the watch has not come to yet. */
import type { KubeObject, WatchEvent } from '../../kubernetes/objects.ts';

/** A write of ours, and how many lists had begun before it. */
interface Note {
  object: KubeObject;
  lists: number;
}

export class Store {
  #objects = new Map<string, KubeObject>();
  readonly #notes = new Map<string, Note>();
  /** The moment up to which list and watch have told everything. */
  #upTo = '';
  #lists = 0;

  get(name: string): KubeObject | undefined {
    return this.#notes.get(name)?.object ?? this.#objects.get(name);
  }

  all(): KubeObject[] {
    const notes = [...this.#notes].map(([name, { object }]) => [name, object] as const);
    return [...new Map([...this.#objects, ...notes]).values()];
  }

  /**
   * @param object as the server answered it. Passed over when its resourceVersion cannot be compared: nobody could say
   *   when the watch has come as far, and an old note must not hide what came later.
   */
  note(object: KubeObject): void {
    const { name, resourceVersion = '' } = object.metadata;
    if (!isNumber(resourceVersion) || hasReached(this.#upTo, resourceVersion)) return;
    this.#notes.set(name, { object: lean(object), lists: this.#lists });
  }

  /** A list begins: what was written before is in it. Hand the result to {@link replace}. */
  begin(): number {
    return ++this.#lists;
  }

  /** Takes a whole list: what is not in it is gone. */
  replace(items: readonly KubeObject[], resourceVersion: string, begun: number): void {
    this.#objects = new Map(items.map(object => [object.metadata.name, lean(object)]));
    this.#upTo = resourceVersion;
    for (const [name, note] of this.#notes) if (note.lists < begun) this.#notes.delete(name);
    this.#passNotes();
  }

  /** @returns the moment from which a watch goes on */
  take(event: WatchEvent): string {
    if (event.type === 'BOOKMARK') this.#upTo = event.resourceVersion;
    else this.#change(event.type, event.object);
    this.#passNotes();
    return this.#upTo;
  }

  #change(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    const { name, resourceVersion = this.#upTo } = object.metadata;
    if (type === 'DELETED') this.#objects.delete(name);
    else this.#objects.set(name, lean(object));
    this.#upTo = resourceVersion;
  }

  #passNotes(): void {
    for (const [name, { object }] of this.#notes) {
      if (hasReached(this.#upTo, object.metadata.resourceVersion ?? '0')) this.#notes.delete(name);
    }
  }
}

/** Kubernetes' versions are numbers that grow across all objects of a kind. */
function isNumber(version: string): boolean {
  return /^\d+$/.test(version);
}

/** True when `upTo` is `version` or later. */
function hasReached(upTo: string, version: string): boolean {
  return isNumber(upTo) && BigInt(upTo) >= BigInt(version);
}

/** Without the list of who set which field: often half of the object, and never looked at. */
function lean(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata as KubeObject['metadata'] & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
}
