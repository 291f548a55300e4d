/** A client of a Kubernetes API for tests: calls and watches, past all code under test. */
import { Agent, request } from 'undici';

export const capi = '/apis/cluster.x-k8s.io';
export const namespace = 'dashbutton';
export const applyType = 'application/apply-patch+yaml';
export const mergeType = 'application/merge-patch+json';

/** However slow the machine is (ms). */
const patienceMs = 60_000;

/** What tests read of an object, a list or a `Status`. */
export interface Json {
  kind: string;
  apiVersion: string;
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    continue?: string;
    remainingItemCount?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: { uid: string; kind: string }[];
    deletionTimestamp?: string;
    managedFields?: { manager: string; operation: string; fieldsV1: Record<string, unknown> }[];
  };
  spec: Record<string, unknown>;
  status: Record<string, unknown>;
  data: Record<string, string>;
  type: string;
  items: Json[];
  code: number;
  reason: string;
  message: string;
  details: { name?: string; kind?: string; causes?: { field: string; reason: string; message: string }[] };
  groups: { name: string; preferredVersion: { version: string } }[];
  preferredVersion: { version: string };
  versions: unknown[];
  resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Throws when it is no JSON. */
  json: Json;
}

export interface Extras {
  body?: unknown;
  /** Content type. JSON when left out. */
  type?: string;
  /** Undefined: the client's own; empty: none at all. */
  token?: string;
}

export interface WatchEvent {
  type: string;
  object: Json;
}

/** A watch that is being read. */
export interface OpenWatch {
  status: number;
  events: WatchEvent[];
  /** Waits until the events say so. */
  until(done: (events: WatchEvent[]) => boolean): Promise<WatchEvent[]>;
  /** Resolves with how it ended: in order, or with an error. */
  ended: Promise<'end' | 'error'>;
  stop(): void;
}

export class Client {
  readonly #agent: Agent;
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, ca: string, token: string) {
    this.#url = url;
    this.#token = token;
    this.#agent = new Agent({ connect: { ca } });
  }

  async call(method: string, path: string, { body, type, token }: Extras = {}): Promise<Reply> {
    const reply = await request(`${this.#url}${path}`, {
      dispatcher: this.#agent,
      method: method as 'GET',
      headers: { ...this.#login(token), 'content-type': type ?? 'application/json' },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await reply.body.text();
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text,
      get json() {
        return JSON.parse(text) as Json;
      },
    };
  }

  get(path: string, token?: string): Promise<Reply> {
    return this.call('GET', path, token === undefined ? {} : { token });
  }

  /** Server-side apply by the manager `dashbutton`, unless the query names another. */
  apply(path: string, body: unknown, query = '', token?: string): Promise<Reply> {
    const manager = query.includes('fieldManager=') ? '' : 'fieldManager=dashbutton&';
    const own = token === undefined ? {} : { token };
    return this.call('PATCH', `${path}?${manager}${query}`, { body, type: applyType, ...own });
  }

  async watch(path: string, query: string): Promise<OpenWatch> {
    const stop = new AbortController();
    const reply = await request(`${this.#url}${path}?watch=true&${query}`, {
      dispatcher: this.#agent,
      headers: this.#login(undefined),
      signal: stop.signal,
      bodyTimeout: 0,
    });
    const events: WatchEvent[] = [];
    let rest = '';
    reply.body.on('data', (chunk: Buffer) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push(JSON.parse(line) as WatchEvent);
    });
    const ended = new Promise<'end' | 'error'>(resolve => {
      reply.body.on('end', () => resolve('end'));
      reply.body.on('error', () => resolve('error'));
    });
    return {
      status: reply.statusCode,
      events,
      ended,
      stop: () => stop.abort(),
      until: async done => {
        await until(() => done(events));
        return events;
      },
    };
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #login(token = this.#token): Record<string, string> {
    return token === '' ? {} : { authorization: `Bearer ${token}` };
  }
}

/** Asks again and again until it is true. */
export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!(await done())) {
    if (performance.now() > endMs) throw new Error(`it did not happen within ${patienceMs} ms`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

/** Where Cluster objects are. */
export function clustersPath(version = 'v1beta2'): string {
  return `${capi}/${version}/namespaces/${namespace}/clusters`;
}

export const secretsPath = `/api/v1/namespaces/${namespace}/secrets`;

/** A cluster of the class quick-start in v1beta2. */
export function clusterBody(name: string, metadata: object = {}, spec: object = {}) {
  return {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'Cluster',
    metadata: { name, namespace, ...metadata },
    spec: {
      clusterNetwork: { pods: { cidrBlocks: ['10.128.0.0/18'] } },
      topology: {
        classRef: { name: 'quick-start' },
        version: 'v1.31.2',
        controlPlane: { replicas: 1 },
        workers: { machineDeployments: [{ class: 'default-worker', name: 'md-0', replicas: 2 }] },
      },
      ...spec,
    },
  };
}

/** The same in v1beta1. */
export function oldClusterBody(name: string, metadata: object = {}) {
  return {
    apiVersion: 'cluster.x-k8s.io/v1beta1',
    kind: 'Cluster',
    metadata: { name, namespace, ...metadata },
    spec: {
      clusterNetwork: { pods: { cidrBlocks: ['10.128.0.0/18'] } },
      topology: {
        class: 'quick-start',
        version: 'v1.31.2',
        controlPlane: { replicas: 1 },
        workers: { machineDeployments: [{ class: 'default-worker', name: 'md-0', replicas: 2 }] },
      },
    },
  };
}
