/** The HTTPS front: reads a call, lets failures hit it, sends what the API says. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { errnoOf, messageOf, SetupError } from '../../config/src/setup-error.ts';
import { readBody } from '../ccp/api-http.ts';
import type { KeyPair } from '../ccp/certificates.ts';
import type { Clock } from '../ccp/clock.ts';
import { type Accounts, forbidden } from './accounts.ts';
import type { Api } from './api.ts';
import type { Answer, Call } from './call.ts';
import { type Failures, type FilteredCall, hits } from './failures.ts';
import { expired, Refusal, statusOf, tooLarge, unauthorized } from './refusal.ts';
import { type Target, targetOf, verbOf } from './target.ts';
import { watchCall } from './watch-call.ts';
import type { Sink } from './watches.ts';

/** How long the real server keeps an idle connection (ms). */
const keepAliveMs = 120_000;

/** One call as an onlooker sees it. */
export interface CallRecord {
  method: string;
  /** Without the query. */
  path: string;
  query: string;
  /** As RBAC names it; server-side apply is `patch`. */
  verb: string;
  /** `clusters`, `secrets`, …; empty for discovery. */
  resource: string;
}

export interface FrontOptions {
  host: string;
  port: number;
  pair: KeyPair;
  api: Api;
  accounts: Accounts;
  failures: Failures;
  clock: Clock;
  bookmarkEveryMs: number;
  onCall: (call: CallRecord) => void;
}

export class HttpsFront {
  readonly #options: FrontOptions;
  readonly #server: https.Server;
  #port: number;

  private constructor(options: FrontOptions) {
    this.#options = options;
    this.#port = options.port;
    const { keyPem: key, certPem: cert } = options.pair;
    this.#server = https.createServer({ key, cert, keepAliveTimeout: keepAliveMs }, (request, response) => {
      this.#serve(request, response).catch(() => request.destroy());
    });
  }

  /** Starts to listen. Throws SetupError when the port cannot be had. */
  static async start(options: FrontOptions): Promise<HttpsFront> {
    const front = new HttpsFront(options);
    await front.resume();
    return front;
  }

  get port(): number {
    return this.#port;
  }

  /** Stops listening and cuts all connections. */
  pause(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Listens (again) at the same port. Throws SetupError when another program has it. */
  async resume(): Promise<void> {
    const { host } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => reject(new SetupError(whyNot(error, host, this.#port)));
      this.#server.once('error', fail);
      this.#server.listen(this.#port, host, () => {
        this.#server.off('error', fail);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => response.destroy());
    response.on('error', () => response.destroy());
    const { api, failures, clock, onCall } = this.#options;
    const method = request.method ?? 'GET';
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://kubernetes');
    const target = targetOf(path, api.served.kinds);
    const verb = verbOf(method, target, query);
    const seen = { method, path, resource: target?.kind.plural ?? '', verb };
    onCall({ ...seen, query: query.toString() });
    const wanted = (filter: object) => hits(filter, seen);
    if (failures.take('drop', wanted) !== undefined) return void request.socket.destroy();
    const body = await readBody(request);
    const slow = failures.take('slow', wanted);
    if (slow !== undefined) await clock.wait(slow.failure.delayMs);
    try {
      if (body === undefined) throw tooLarge();
      const call = this.#checked(request, { method, path, query, body }, target, seen);
      if (verb === 'watch' && target !== undefined) this.#watch(call, target, response);
      else {
        await this.#wait(call, target);
        const answer = api.answer(call, target);
        if (failures.take('lostAnswer', wanted) !== undefined) request.socket.destroy();
        else send(response, answer);
      }
    } catch (error) {
      sendRefusal(response, error);
    }
  }

  /** The call with its caller. Throws Refusal for what is not to be carried out. */
  #checked(
    request: IncomingMessage,
    read: Pick<Call, 'method' | 'path' | 'query' | 'body'>,
    target: Target | undefined,
    seen: FilteredCall,
  ): Call {
    const { failures, accounts, api } = this.#options;
    const wanted = (filter: object) => hits(filter, seen);
    const broken = failures.take('serverError', wanted)?.failure;
    if (broken !== undefined) throw serverError(broken.status ?? 500, broken.retryAfterS);
    const isAsked = seen.resource === 'clusters' && !['get', 'list', 'watch'].includes(seen.verb);
    if (isAsked && failures.take('webhookSilent') !== undefined) throw webhookSilent();
    if (failures.take('unauthorized', wanted) !== undefined) throw unauthorized();
    const account = accounts.caller(request.headers.authorization);
    if (failures.take('forbidden', wanted) !== undefined) {
      if (target !== undefined) throw forbidden(account.user, target, seen.verb);
      throw new Refusal(403, 'Forbidden', `forbidden: User "${account.user}" cannot get path "${seen.path}"`);
    }
    const [contentType = ''] = (request.headers['content-type'] ?? '').split(';', 1);
    const userAgent = request.headers['user-agent'] ?? '';
    const call = { ...read, contentType: contentType.trim(), userAgent, account };
    api.authorize(call, target);
    const denied = failures.take('denied', wanted)?.failure;
    if (denied !== undefined) throw new Refusal(403, 'Forbidden', denied.message);
    return call;
  }

  /** Holds back what would make something, while it is asked for. */
  async #wait({ method, query }: Call, target: Target | undefined): Promise<void> {
    if (target === undefined || (method !== 'POST' && method !== 'PATCH') || query.has('dryRun')) return;
    if (target.name !== '' && this.#options.api.served.store.get(target) !== undefined) return;
    await this.#options.failures.take('blockCreate')?.end;
  }

  #watch(call: Call, target: Target, response: ServerResponse): void {
    const { failures } = this.#options;
    // Without a version there is no history that could be forgotten.
    if (Number(call.query.get('resourceVersion') ?? 0) === 0) {
      response.on('close', this.#open(call, target, false, response));
      return;
    }
    const asStatus = failures.take('watchGone410', ({ as }) => as === 'status');
    if (asStatus !== undefined) throw expired('too old resource version');
    const asEvent = failures.take('watchGone410');
    response.on('close', this.#open(call, target, asEvent !== undefined, response));
  }

  #open(call: Call, target: Target, forgotten: boolean, response: ServerResponse): () => void {
    const { api, bookmarkEveryMs } = this.#options;
    return watchCall({ ...call, target }, api.served, bookmarkEveryMs, forgotten, () => streamTo(response));
  }
}

function streamTo(response: ServerResponse): Sink {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  return {
    write: line => {
      if (!response.destroyed) response.write(line);
    },
    end: () => {
      response.end();
    },
    destroy: () => {
      response.destroy();
    },
  };
}

export function send(response: ServerResponse, { status, json, text, warnings = [] }: Answer): void {
  if (response.destroyed) return;
  for (const warning of warnings) response.appendHeader('warning', `299 - ${JSON.stringify(warning)}`);
  response.writeHead(status, {
    'content-type': json === undefined ? 'text/plain; charset=utf-8' : 'application/json',
  });
  response.end(json === undefined ? text : JSON.stringify(json));
}

/** @param error thrown while it was answered; what is no Refusal is 500 */
export function sendRefusal(response: ServerResponse, error: unknown): void {
  const refusal = error instanceof Refusal ? error : internalError(error);
  const { status, reason, message, details, retryAfterS } = refusal;
  if (retryAfterS !== undefined && !response.destroyed)
    response.setHeader('retry-after', String(retryAfterS));
  send(response, { status, json: statusOf(status, reason, message, details) });
}

const internalError = (error: unknown) =>
  new Refusal(500, 'InternalError', `Internal error occurred: ${messageOf(error)}`);

/** In the words of a real API server. */
const webhookSilent = () =>
  internalError(
    new Error(
      'failed calling webhook "default.cluster.cluster.x-k8s.io": failed to call webhook: Post ' +
        '"https://capi-webhook-service.capi-system.svc:443/mutate-cluster-x-k8s-io-v1beta2-cluster?timeout=10s": ' +
        'dial tcp 10.96.0.17:443: connect: connection refused',
    ),
  );

function serverError(status: number, retryAfterS: number | undefined): Refusal {
  const reasons: Record<number, string> = {
    429: 'TooManyRequests',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return new Refusal(status, reasons[status] ?? 'InternalError', 'simulated failure', {}, retryAfterS);
}

function whyNot(error: Error, host: string, port: number): string {
  if (errnoOf(error) === 'EADDRINUSE') return `port ${port} on ${host} is in use by another program`;
  return `the Cluster API simulator cannot listen on ${host} port ${port}: ${messageOf(error)}`;
}
