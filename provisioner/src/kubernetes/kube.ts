/** The few calls of the Kubernetes API that are needed, each limited, counted and with one clear error. */

import { PlatformError } from '../common/platform.ts';
import { Caller, type CallerOptions, ourName, type Sent } from './caller.ts';
import type { Answer } from './connection.ts';
import type { Way } from './credentials.ts';
import { Discovery } from './discovery.ts';
import { type Asked, explainAnswer, noAnswer, statusOf, type Verb } from './errors.ts';
import type { Manifest } from './manifests.ts';
import type { ApiVersion, KubeList, KubeObject, WatchEvent } from './objects.ts';
import { eventOf, isKubeObject, jsonOf, linesOf, recordOf } from './watch-stream.ts';

/** The owner of the fields that we set, as the cluster keeps it. */
export const fieldManager = ourName;

/** Objects per page: see `maxBodyBytes` in connection.ts. */
const pageSize = 200;

/** 10,000 objects: more clusters than one management cluster looks after. */
const maxPages = 50;

/** After the server should have ended a watch: the rest of its answer and the way here (milliseconds). */
const watchGraceMs = 5_000;

export type KubeOptions = CallerOptions;

export interface WatchQuery {
  /** Go on from here. */
  resourceVersion: string;
  /** The server ends the watch after this; when it does not, we do, some seconds later. */
  timeoutSeconds: number;
  /** The server has taken the watch: from here on events come. */
  onOpen?: () => void;
}

/** Talks to one cluster until it is closed. Holds secrets: never log it. */
export class Kube {
  readonly #caller: Caller;
  readonly #discovery: Discovery;

  /** Connects and logs in when first used. */
  constructor(way: Way, options: KubeOptions = {}) {
    this.#caller = new Caller(way, options);
    this.#discovery = new Discovery(async (path, signal) => {
      const answer = await this.#call('discover', path, { method: 'GET' }, signal, [404]);
      return answer.status === 404 ? undefined : jsonOf(answer.body);
    });
  }

  /** `https://host:port`, for messages. */
  get server(): string {
    return this.#caller.server;
  }

  /** GET of a path that is no object's, for example /readyz. Any status is an answer. */
  async ask(path: string, signal: AbortSignal): Promise<Answer> {
    return this.#caller.call(this.#caller.asked('get', path), { method: 'GET' }, signal);
  }

  /** @returns undefined for 404: the object, or its whole kind, is not there. */
  async get(path: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    const answer = await this.#call('get', path, { method: 'GET' }, signal, [404]);
    return answer.status === 404 ? undefined : objectOf(answer, this.#caller.asked('get', path));
  }

  /**
   * All objects at one moment, page by page.
   * @param query for example `{ limit: '1' }`, with which there is one page only, or a labelSelector
   * @throws Gone when the moment was forgotten between two pages: list again.
   */
  async list(path: string, signal: AbortSignal, query: Record<string, string> = {}): Promise<KubeList> {
    const asked = this.#caller.asked('list', path);
    const items: KubeObject[] = [];
    let next = '';
    for (let page = 0; page < maxPages; page++) {
      const more: Record<string, string> = next === '' ? {} : { continue: next };
      const found = await this.#page(asked, { limit: String(pageSize), ...query, ...more }, signal);
      items.push(...found.items);
      next = found.next;
      if (next === '' || query.limit !== undefined) return { items, resourceVersion: found.resourceVersion };
    }
    throw new PlatformError(`${path}: more than ${maxPages * pageSize} objects`, { transient: false });
  }

  /**
   * Server-side apply: makes the object or changes it, and is harmless to repeat. Fields that somebody else has set are
   * not taken from him, and a field that the kind does not have is refused.
   * @param path of the object, with its name
   * @returns the object as it is now
   */
  async apply(
    path: string,
    object: KubeObject | Manifest,
    signal: AbortSignal,
    options: { dryRun?: boolean; fieldManager?: string } = {},
  ): Promise<KubeObject> {
    const query = {
      fieldManager: options.fieldManager ?? fieldManager,
      force: 'false',
      // Servers before 1.25 do not know it and pass over it; these refuse unknown fields in an apply anyway.
      fieldValidation: 'Strict',
      ...(options.dryRun ? { dryRun: 'All' } : {}),
    };
    // JSON is YAML. A null means the same as nothing to `kubectl`, and is refused in an apply.
    const body = JSON.stringify(object, (_, value) => (value === null ? undefined : value));
    const sent = { method: 'PATCH', query, body, contentType: 'application/apply-patch+yaml' } as const;
    return objectOf(await this.#call('apply', path, sent, signal), this.#caller.asked('apply', path));
  }

  /**
   * Asks for the removal of the object with this uid. It stays until its finalizers are gone.
   * @returns false when it is not there, or another one has its name.
   */
  async remove(
    path: string,
    preconditions: { uid: string },
    signal: AbortSignal,
    options: { dryRun?: boolean } = {},
  ): Promise<boolean> {
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      preconditions,
      ...(options.dryRun ? { dryRun: ['All'] } : {}),
    });
    const sent = { method: 'DELETE', body, contentType: 'application/json' } as const;
    const { status, body: words } = await this.#call('delete', path, sent, signal, [404, 409]);
    if (status === 409 && !/precondition/i.test(statusOf(words).message)) {
      throw explainAnswer(status, words, this.#caller.asked('delete', path));
    }
    return status < 300;
  }

  /**
   * Follows a list. Resolves when the server ends it.
   * @param onEvent called in order, also for bookmarks; what it throws ends the watch
   * @throws PlatformError when it broke, was silent, or cannot be understood; {@link Gone} when the moment is forgotten.
   */
  async watch(
    path: string,
    query: WatchQuery,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const asked = this.#caller.asked('watch', path);
    const { resourceVersion, timeoutSeconds, onOpen } = query;
    const parameters = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
    };
    const read = async (body: AsyncIterable<Buffer>) => {
      onOpen?.();
      for await (const line of linesOf(body)) onEvent(eventOf(line, asked));
    };
    await this.#caller.stream(asked, parameters, timeoutSeconds * 1000 + watchGraceMs, read, signal);
  }

  /** The version of `cluster.x-k8s.io` to use: see {@link Discovery.version}. Asked once, and again after a 404. */
  version(signal: AbortSignal): Promise<ApiVersion> {
    return this.#discovery.version(signal);
  }

  /** Where objects of a kind are: see {@link Discovery.path}. Asked once for each apiVersion, and again after a 404. */
  kindPath(
    apiVersion: string,
    kind: string,
    namespace: string,
    name: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    return this.#discovery.path(apiVersion, kind, namespace, name, signal);
  }

  /** Forgets which kinds and versions are there, after a 404 that only a change of these explains. */
  forget(): void {
    this.#discovery.forget();
  }

  /** How many requests were sent, by verb: get, list, watch, apply, delete, discover. */
  requests(): Record<string, number> {
    return this.#caller.counts;
  }

  /** Cuts its connections and ends a login command. Calls under way reject. */
  async close(): Promise<void> {
    await this.#caller.close();
  }

  async #page(asked: Asked, query: Record<string, string>, signal: AbortSignal) {
    const answer = await this.#call('list', asked.path, { method: 'GET', query }, signal);
    const list = recordOf(jsonOf(answer.body));
    const metadata = recordOf(list?.metadata);
    const items = list?.items ?? [];
    const resourceVersion = metadata?.resourceVersion;
    if (typeof resourceVersion !== 'string' || !Array.isArray(items) || !items.every(isKubeObject)) {
      throw notAnObject(asked);
    }
    return { items, resourceVersion, next: String(metadata?.continue ?? '') };
  }

  /** @param also what is an answer too, beside success */
  async #call(
    verb: Verb,
    path: string,
    sent: Sent,
    signal: AbortSignal,
    also: readonly number[] = [],
  ): Promise<Answer> {
    const asked = this.#caller.asked(verb, path);
    const answer = await this.#caller.call(asked, sent, signal);
    const { status, body } = answer;
    if ((status >= 200 && status < 300) || also.includes(status)) return answer;
    if (status === 404) this.forget();
    throw explainAnswer(status, body, asked);
  }
}

function objectOf({ body }: Answer, asked: Asked): KubeObject {
  const object = jsonOf(body);
  if (isKubeObject(object)) return object;
  throw notAnObject(asked);
}

/** From something in between that answers with a page of its own. */
function notAnObject(asked: Asked): PlatformError {
  return noAnswer(new Error('what came is not of Kubernetes'), asked);
}
