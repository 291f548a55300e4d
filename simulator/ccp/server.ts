/** The HTTPS front: reads a request, finds its row in a table, sends what the handler gives. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { errnoOf, messageOf, SetupError } from '../../config/src/setup-error.ts';
import type { KeyPair } from './certificates.ts';
import type { Clock } from './clock.ts';
import { bodyTooLarge, errorAnswer, internalError, methodNotAllowed, notFound, Refusal } from './errors.ts';
import { type Failures, hits } from './failures.ts';
import { type Answer, type Api, type Call, hangUp, paramsOf } from './router.ts';

/** What the nginx in front of the platform takes by default (bytes). */
const maxBodyBytes = 1024 * 1024;
/** How long nginx keeps an idle connection by default (ms). */
const keepAliveMs = 75_000;

/** Headers seen on every answer (LAB screenshots). */
const commonHeaders = {
  server: 'nginx/1.13.12',
  'strict-transport-security': 'max-age=15724800; includeSubDomains',
};

export interface FrontOptions {
  host: string;
  port: number;
  pair: KeyPair;
  apis: readonly Api[];
  clock: Clock;
  failures: Failures;
  /** Told after each call; status 0 means that the connection was cut instead of an answer. */
  onCall: (method: string, path: string, status: number) => void;
}

export interface Front {
  port: number;
  close(): Promise<void>;
}

/** Starts to listen. Throws SetupError when the port cannot be had. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { host, port, pair } = options;
  const server = https.createServer(
    { key: pair.keyPem, cert: pair.certPem, keepAliveTimeout: keepAliveMs },
    (request, response) => {
      void serve(request, response, options);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(new SetupError(whyNot(error, host, port))));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        // Blocked creates hang here; nobody waits for them any more.
        server.closeAllConnections();
      }),
  };
}

function whyNot(error: Error, host: string, port: number): string {
  if (errnoOf(error) === 'EADDRINUSE') return `port ${port} on ${host} is in use by another program`;
  return `the platform simulator cannot listen on ${host} port ${port}: ${messageOf(error)}`;
}

/** Never rejects: whatever goes wrong becomes an answer or a cut connection. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: FrontOptions,
): Promise<void> {
  request.on('error', () => response.destroy());
  response.on('error', () => response.destroy());
  const method = request.method ?? 'GET';
  const { path } = pathOf(request);
  const api = options.apis.find(({ prefix }) => path.startsWith(prefix));
  const inWords = api?.errorAnswer ?? errorAnswer;
  const given = await answerTo(request, options, api).catch((error: unknown) =>
    inWords(error instanceof Refusal ? error : internalError()),
  );
  const { failures } = options;
  const lost = failures.take('lostAnswer', filter => hits(filter, { method, path }));
  const answer = lost === undefined ? given : hangUp;
  const slow = failures.take('slow');
  if (slow !== undefined) await options.clock.wait(slow.delayMs);
  options.onCall(method, path, answer === hangUp ? 0 : answer.status);
  if (answer === hangUp) request.socket.destroy();
  else send(response, answer);
}

async function answerTo(
  request: IncomingMessage,
  { failures, clock }: FrontOptions,
  api: Api | undefined,
): Promise<Answer | typeof hangUp> {
  const body = await readBody(request);
  const call = {
    method: request.method ?? 'GET',
    ...pathOf(request),
    query: new URLSearchParams((request.url ?? '').split('?').slice(1).join('?')),
    headers: singleHeaders(request),
    body,
    remote: request.socket.remoteAddress ?? '',
  };
  const failure = failures.take('serverError', filter => hits(filter, call));
  if (failure !== undefined) throw internalError(failure.status);
  const delayed = failures.take('delayed', filter => hits(filter, call));
  if (delayed !== undefined) await clock.wait(delayed.delayMs);
  if (failures.take('doubled', filter => hits(filter, call)) !== undefined) {
    // Whatever the first attempt says, nobody hears it.
    await dispatch(call, api).catch(() => {});
  }
  return dispatch(call, api);
}

async function dispatch(call: Omit<Call, 'params'>, api: Api | undefined): Promise<Answer | typeof hangUp> {
  let pathKnown = false;
  for (const entry of api?.routes ?? []) {
    const params = paramsOf(entry, call.path);
    if (params === undefined) continue;
    pathKnown = true;
    if (entry.method !== call.method) continue;
    // Assumed: not found. A redirect would be possible too; what is known is that it failed (ROB).
    if (entry.needsSlash && !call.slash) throw notFound();
    const complete = { ...call, params };
    if (!entry.open) api?.guard(complete);
    return entry.handler(complete);
  }
  throw pathKnown ? methodNotAllowed() : notFound();
}

/**
 * In v2, with or without a slash at the end is the same, also for POST (seen: DASH without, BOB and SAP with); the
 * rows of v3 look at the slash.
 */
function pathOf(request: IncomingMessage): { path: string; slash: boolean } {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const slash = path.length > 1 && path.endsWith('/');
  return { path: slash ? path.slice(0, -1) : path, slash };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read to its end all the same, as nginx does (lingering_close): an answer in the middle of a request is lost with its connection.
    if (bytes <= maxBodyBytes) chunks.push(chunk);
  }
  if (bytes > maxBodyBytes) throw bodyTooLarge();
  return Buffer.concat(chunks).toString('utf8');
}

function singleHeaders(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, [value].flat().join(', ')]));
}

function send(response: ServerResponse, answer: Answer): void {
  // The client may be gone: a create it has hung up on goes on without it.
  if (response.destroyed) return;
  const text = answer.json === undefined ? (answer.text ?? '') : JSON.stringify(answer.json);
  const type = answer.json === undefined ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  response.writeHead(answer.status, {
    ...commonHeaders,
    'x-req-id': randomUUID(),
    ...(answer.status === 204
      ? {}
      : { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) }),
    ...answer.headers,
  });
  response.end(answer.status === 204 ? undefined : text);
}
