/**
 * The page's HTTP server: the page's files, the firmware, the buttons' files, what happens as server-sent events, and switches. On the
 * loopback, for this machine's own browser: a request that names another host, or comes from a page of somebody else, is refused.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { ButtonFile, Facts } from '../../../page/src/facts.ts';
import { isTrouble, type TroubleName } from '../../../page/src/troubles.ts';

export interface PageFile {
  type: string;
  body: Buffer;
}

export interface PageContent {
  /** By path, with `/` for the page itself. */
  files: ReadonlyMap<string, PageFile>;
  buttons: () => ButtonFile[];
  facts: () => Facts;
  log: () => string[];
  trouble: (name: TroubleName, on: boolean) => Promise<void>;
  /** Where the page's buttons connect to: `ws://127.0.0.1:port`. */
  relayOrigin: string;
}

export interface PageServer {
  url: string;
  /** The facts have changed. */
  changed(): void;
  /** How many pages listen. */
  readonly listeners: number;
  close(): Promise<void>;
}

/** A comment now and then keeps a connection that nobody closes from being kept for ever (ms). */
const pulseMs = 20_000;

const maxBodyBytes = 1000;

export async function startPageServer(content: PageContent): Promise<PageServer> {
  const pages = new Set<ServerResponse>();
  const packed = new Map([...content.files].map(([path, file]) => [path, pack(file)]));
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${content.relayOrigin}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const server = createServer((request, response) => {
    response.setHeader('Content-Security-Policy', policy);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    // A name that somebody else's page makes point here would be its own origin.
    if (!hosts.includes(headers.host ?? '')) return end(response, 403, 'only for this machine\n');
    if (headers.origin !== undefined && !hosts.some(host => headers.origin === `http://${host}`)) {
      return end(response, 403, 'only for its own page\n');
    }
    if (method === 'POST' && path === '/trouble') return setTrouble(request, response);
    if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'GET only\n');
    if (path === '/events') return listen(response);
    if (path === '/buttons.json') return json(response, content.buttons());
    if (path === '/log.json') return json(response, content.log());
    const file = packed.get(path);
    if (file === undefined) return end(response, 404, 'nothing here\n');
    send(request, response, file);
  }

  async function setTrouble(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of request) {
      text += piece;
      if (text.length > maxBodyBytes) return end(response, 413, 'too long\n');
    }
    const { name, on } = parsed(text);
    if (!isTrouble(name) || typeof on !== 'boolean') return end(response, 400, 'expected {name, on}\n');
    await content.trouble(name, on);
    end(response, 204, '');
  }

  function listen(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    pages.add(response);
    response.once('close', () => pages.delete(response));
    tell(response);
  }

  const tell = (response: ServerResponse) => response.write(`data: ${JSON.stringify(content.facts())}\n\n`);
  const pulse = setInterval(() => {
    for (const page of pages) page.write(':\n\n');
  }, pulseMs).unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  return {
    url: `http://127.0.0.1:${port}/`,
    changed() {
      for (const page of pages) tell(page);
    },
    get listeners() {
      return pages.size;
    },
    close() {
      clearInterval(pulse);
      return new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function parsed(text: string): { name?: unknown; on?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    return {};
  }
}

interface Packed extends PageFile {
  br: Buffer;
  gzip: Buffer;
  tag: string;
}

function pack({ type, body }: PageFile): Packed {
  const br = brotliCompressSync(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`;
  return { type, body, br, gzip: gzipSync(body), tag };
}

function send({ headers, method }: IncomingMessage, response: ServerResponse, file: Packed): void {
  const accepts = String(headers['accept-encoding'] ?? '');
  response.setHeader('Content-Type', file.type);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('ETag', file.tag);
  response.setHeader('Vary', 'Accept-Encoding');
  if (headers['if-none-match'] === file.tag) {
    response.writeHead(304).end();
    return;
  }
  const [encoding, body] = file.type.startsWith('image/')
    ? [undefined, file.body]
    : /\bbr\b/.test(accepts)
      ? ['br', file.br]
      : /\bgzip\b/.test(accepts)
        ? ['gzip', file.gzip]
        : [undefined, file.body];
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding);
  response.setHeader('Content-Length', body.length);
  response.writeHead(200).end(method === 'HEAD' ? undefined : body);
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(value));
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
}
