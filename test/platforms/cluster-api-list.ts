/** A list of Clusters behind HTTPS that can be listed and watched, with every fault that a watch must bear. */
import type { ServerResponse } from 'node:http';
import type { KubeObject } from '../../provisioner/src/platforms/cluster-api/objects.ts';
import { answer, no, type SmallServer, serve } from './cluster-api-server.ts';

export const listPath = '/apis/cluster.x-k8s.io/v1beta2/namespaces/lab/clusters';

interface Happening {
  version: number;
  type: string;
  object: KubeObject;
}

export class WatchedList {
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: Happening[] = [];
  readonly #watches = new Set<ServerResponse>();
  #version = 10;
  /** What happened up to here is forgotten: 410. */
  #forgotten = 0;
  /** Answers instead of everything else, with this status. */
  status = 0;
  /** The same for watches only. */
  watchStatus = 0;
  /** Where an ERROR event is said instead of a status. */
  saysInLine = false;
  /** Watches are opened and say nothing, and do not end. */
  isDumb = false;
  /** Every watch begins with this line. */
  garbage = '';
  server!: SmallServer;

  static async start(): Promise<WatchedList> {
    const list = new WatchedList();
    list.server = await serve(({ url }, response) => list.#answer(url, response));
    return list;
  }

  /** Makes or changes one. @returns it */
  set(name: string, spec: Record<string, unknown> = {}): KubeObject {
    const type = this.#objects.has(name) ? 'MODIFIED' : 'ADDED';
    const resourceVersion = `${++this.#version}`;
    const metadata = { name, namespace: 'lab', uid: `uid-${name}`, resourceVersion };
    const object = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', metadata, spec };
    this.#objects.set(name, object);
    this.#happen(type, object);
    return object;
  }

  delete(name: string): void {
    const object = this.#objects.get(name);
    if (object === undefined) return;
    this.#objects.delete(name);
    const metadata = { ...object.metadata, resourceVersion: `${++this.#version}` };
    this.#happen('DELETED', { ...object, metadata });
  }

  /** Something happens to other kinds, and the watches are told the moment only. */
  bookmark(): void {
    const object = { kind: 'Cluster', metadata: { resourceVersion: `${++this.#version}` } };
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  forget(): void {
    this.#forgotten = this.#version;
  }

  /** Ends all watches: cleanly, by breaking the connection, or that in the middle of a line. */
  end(how: 'end' | 'cut' | 'half' = 'end'): void {
    for (const watch of this.#watches) {
      if (how === 'half') watch.write('{"type":"MODIFIED","obj');
      if (how === 'end') watch.end();
      else setTimeout(() => watch.destroy(), 20);
    }
    this.#watches.clear();
  }

  get open(): number {
    return this.#watches.size;
  }

  #happen(type: string, object: KubeObject): void {
    this.#history.push({ version: this.#version, type, object });
    if (this.isDumb) return;
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  }

  #answer(url: URL, response: ServerResponse): void {
    const isWatch = url.searchParams.get('watch') === 'true';
    const status = this.status || (isWatch ? this.watchStatus : 0);
    if (status !== 0) {
      answer(response, status, no(status, 'as the test wants'));
    } else if (isWatch) {
      this.#watch(url, response);
    } else {
      const items = [...this.#objects.values()];
      answer(response, 200, { metadata: { resourceVersion: `${this.#version}` }, items });
    }
  }

  #watch({ searchParams }: URL, response: ServerResponse): void {
    const from = Number(searchParams.get('resourceVersion'));
    const gone = no(410, 'too old resource version', {}, 'Expired');
    const isGone = from < this.#forgotten;
    if (isGone && !this.saysInLine) {
      answer(response, 410, gone);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    if (isGone) response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`);
    if (isGone) return;
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
    if (this.isDumb) return;
    if (this.garbage !== '') response.write(`${this.garbage}\n`);
    for (const { version, type, object } of this.#history) {
      if (version > from) response.write(`${JSON.stringify({ type, object })}\n`);
    }
    const timer = setTimeout(() => response.end(), Number(searchParams.get('timeoutSeconds')) * 1000);
    response.on('close', () => clearTimeout(timer));
  }
}
