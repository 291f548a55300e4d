/** A small HTTP server with limits, for operators: a few questions, short answers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenOptions, Server as NetServer } from 'node:net';
import { messageOf, SetupError } from './setup-error.ts';

/** A person or two, a Prometheus, a load balancer or two. */
const maxConnections = 32;

/** Headers and body of a question together, in milliseconds: the asker is near. */
const requestTimeoutMs = 5_000;

/** How often those that are too slow are looked for (milliseconds). */
const checkEveryMs = 1_000;

/** A question names a cluster at most (bytes). */
const maxBodyBytes = 4_096;

export interface Answer {
  status: number;
  /** Default: JSON. */
  type?: string;
  body: string;
}

/** Called with the whole body of the question. What it throws becomes an answer: 409 for a SetupError, else 500. */
export type Handler = (body: string) => Answer | Promise<Answer>;

/** By method and path: `GET /presses`. A query is not looked at. */
export type Routes = Readonly<Record<string, Handler>>;

export function json(value: unknown, status = 200): Answer {
  return { status, body: `${JSON.stringify(value)}\n` };
}

/** Not listening yet. */
export function makeServer(routes: Routes): Server {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: checkEveryMs, keepAliveTimeout: 1_000 },
    (request, response) => void answer(routes, request, response),
  );
  server.maxConnections = maxConnections;
  return server;
}

/** Rejects with the system's error when it cannot listen there. */
export function listen(server: NetServer, at: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Ends at once: who is asking right now gets no answer. */
export async function close(server: Server): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type = 'application/json', body } = await answerTo(routes, request);
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  };
  // One that was not read to its end would be taken for the next question.
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(status, headers).end(body);
}

async function answerTo(routes: Routes, request: IncomingMessage): Promise<Answer> {
  const path = request.url?.split('?', 1)[0] ?? '';
  const handler = routes[`${request.method === 'HEAD' ? 'GET' : request.method} ${path}`];
  if (handler === undefined) {
    const known = Object.keys(routes);
    const status = known.some(route => route.endsWith(` ${path}`)) ? 405 : 404;
    return json(
      { error: `there is no ${request.method} ${path.slice(0, 100)}, there is ${known.join(', ')}` },
      status,
    );
  }
  try {
    const body = await bodyOf(request);
    return body === undefined ? json({ error: `more than ${maxBodyBytes} bytes` }, 413) : await handler(body);
  } catch (error) {
    return json({ error: messageOf(error) }, error instanceof SetupError ? 409 : 500);
  }
}

/** Undefined when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
