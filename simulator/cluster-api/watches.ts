/** Open watches: events line by line until the time is over, somebody cuts them or history is forgotten. */
import type { JsonObject } from '../ccp/api-fields.ts';
import { statusOf } from './refusal.ts';
import { type Change, metadataOf } from './store.ts';

/** Where the lines go. */
export interface Sink {
  write(line: string): void;
  /** An end in order. */
  end(): void;
  /** The connection is gone in the middle. */
  destroy(): void;
}

export interface WatchOptions {
  /** The last version the client knows. */
  version: number;
  timeoutMs: number;
  /** 0: the client wants none. */
  bookmarkEveryMs: number;
  /** Whether an object is within the watch. */
  matches: (object: JsonObject) => boolean;
  /** The object in the client's version. */
  view: (object: JsonObject) => JsonObject;
  /** What a bookmark is made of: its kind and version. */
  bookmark: JsonObject;
}

export class Watch {
  readonly #sink: Sink;
  readonly #options: WatchOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  #version: number;
  #over = false;

  constructor(sink: Sink, options: WatchOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#version = options.version;
    const { bookmarkEveryMs, timeoutMs } = options;
    if (bookmarkEveryMs > 0) this.#timers.push(setInterval(() => this.bookmark(), bookmarkEveryMs).unref());
    this.#timers.push(
      setTimeout(() => {
        // As the real server does: what comes next can go on from here.
        if (bookmarkEveryMs > 0) this.bookmark();
        this.end();
      }, timeoutMs).unref(),
    );
  }

  /** An object that is there from the start. */
  initial(object: JsonObject): void {
    if (this.#options.matches(object)) this.#send('ADDED', this.#options.view(object));
  }

  /**
   * What a change means to this client: an object that is no longer within the watch is DELETED to it, as it was when it
   * still was within, under the version of the change. Up to the version that the client knows, nothing.
   */
  change({ type, before, object, version }: Change): void {
    const { matches, view, version: known } = this.#options;
    if (version <= known) return;
    const was = before !== undefined && matches(before);
    const is = type !== 'DELETED' && matches(object);
    if (is) this.#send(was ? 'MODIFIED' : 'ADDED', view(object));
    else if (was) this.#send('DELETED', view(at(before, version)));
    this.#version = version;
  }

  /** The store has come to this version without a change for this client. */
  pass(version: number): void {
    this.#version = Math.max(this.#version, version);
  }

  bookmark(): void {
    const { bookmark } = this.#options;
    this.#send('BOOKMARK', { ...bookmark, metadata: { resourceVersion: String(this.#version) } });
  }

  /** The history that it needed is forgotten: an ERROR event, then the end. */
  gone(message: string): void {
    this.#send('ERROR', statusOf(410, 'Expired', message));
    this.end();
  }

  end(): void {
    if (this.#finish()) this.#sink.end();
  }

  /** Without an end: the client sees a broken connection. */
  cut(): void {
    if (this.#finish()) this.#sink.destroy();
  }

  #finish(): boolean {
    for (const timer of this.#timers) clearTimeout(timer);
    const first = !this.#over;
    this.#over = true;
    return first;
  }

  #send(type: string, object: JsonObject): void {
    if (!this.#over) this.#sink.write(`${JSON.stringify({ type, object })}\n`);
  }
}

function at(object: JsonObject, version: number): JsonObject {
  return { ...object, metadata: { ...metadataOf(object), resourceVersion: String(version) } };
}

/** All that are open. */
export class Watches {
  readonly #open = new Set<Watch>();

  get size(): number {
    return this.#open.size;
  }

  add(watch: Watch): void {
    this.#open.add(watch);
  }

  delete(watch: Watch): void {
    this.#open.delete(watch);
  }

  all(): Watch[] {
    return [...this.#open];
  }
}
