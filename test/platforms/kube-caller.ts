/** Calls of the Kubernetes API past the code under test, with a token. */
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';

export interface Backend {
  /** `https://host:port` */
  url: string;
  /** PEM of its authority. */
  ca: string;
  /** Of somebody who may do everything. */
  token: string;
}

/** What tests read and write of an object. */
export interface Thing {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { uid: string }[];
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [key: string]: unknown;
}

export interface Answer {
  status: number;
  json: Thing & { items?: Thing[]; message?: string };
}

export class Caller {
  readonly #backend: Backend;
  readonly #agent: Agent;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#agent = new Agent({ connect: { ca: backend.ca } });
  }

  /** Whatever the answer is. */
  async call(
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
    type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
  ): Promise<Answer> {
    const { url, token } = this.#backend;
    const reply = await request(`${url}${path}`, {
      dispatcher: this.#agent,
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: reply.statusCode, json: (await reply.body.json()) as Answer['json'] };
  }

  /** The same; throws when it was refused. */
  async must(...what: Parameters<Caller['call']>): Promise<Answer['json']> {
    const { status, json } = await this.call(...what);
    if (status >= 300) throw new Error(`${what[0]} ${what[1]}: ${status} ${json.message}`);
    return json;
  }

  /** Empty also when nobody serves the kind. */
  async items(path: string): Promise<Thing[]> {
    const { status, json } = await this.call('GET', path);
    return status === 404 ? [] : (json.items ?? []);
  }

  /** One watch of a list from now on, each line of it, until the signal. */
  async follow(path: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    const { url, token } = this.#backend;
    const { json } = await this.call('GET', `${path}?limit=1`);
    const from = (json.metadata as { resourceVersion?: string }).resourceVersion ?? '';
    const headers = { authorization: `Bearer ${token}` };
    const what = `${path}?watch=true&resourceVersion=${from}&timeoutSeconds=600`;
    try {
      const { body } = await request(`${url}${what}`, {
        dispatcher: this.#agent,
        headers,
        signal,
        bodyTimeout: 0,
      });
      for await (const line of createInterface({ input: body })) onLine(line);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
