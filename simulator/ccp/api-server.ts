/** A cluster's Kubernetes API server: it tells everybody that the cluster lives, and obeys the administrator. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { errnoOf } from '../../config/src/setup-error.ts';
import { maxBodyBytes, readBody, versionOf } from './api-http.ts';
import { ApiObjects } from './api-objects.ts';
import { type ApiAnswer, type ApiNode, answerCall, failure } from './api-rest.ts';
import type { ClusterIdentity } from './identity.ts';

const defaultPort = 6443;
/** Another program has the port; this machine does not have the address (macOS has 127.0.0.1 only). */
const tryElsewhere = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'EINVAL']);

/** A listening API server. `url` is what the kubeconfig says. */
export interface ApiServer {
  url: string;
  address: string;
  port: number;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

export interface ApiServerOptions {
  /** The address to listen on, with port 6443; if that is taken, with any free one. */
  address: string;
  /** False: do not even try `address`, listen on 127.0.0.1 with a free port. That is also the last resort. */
  bindAddress: boolean;
  identity: ClusterIdentity;
  /** Without the `v`: `1.12.6`. */
  kubernetesVersion: string;
  /** What is in the cluster; nothing when left out. */
  objects?: ApiObjects;
  /** The nodes that have joined, asked at each look; none when left out. */
  nodes?: () => ApiNode[];
  /** False: connections are cut, as by a load balancer with nobody behind it. Always true when left out. */
  accepts?: () => boolean;
}

/** Starts one. Throws the system's error when not even 127.0.0.1 has a free port. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const sockets = new Set<Socket>();
  let handshaker: Promise<https.Server> | undefined;
  // The certificates are made when the first client comes: a cluster nobody talks to costs one socket.
  const listener = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (options.accepts?.() === false) {
      socket.destroy();
      return;
    }
    handshaker ??= makeHandshaker(options, boundAddress(listener).address);
    handshaker.then(
      server => {
        if (!socket.destroyed) server.emit('connection', socket);
      },
      () => socket.destroy(),
    );
  });
  const bound = await listenSomewhere(listener, options);
  return {
    ...bound,
    url: `https://${bound.address}:${bound.port}`,
    close: () =>
      new Promise(resolve => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function listenSomewhere(listener: Server, options: ApiServerOptions) {
  const own = [
    { host: options.address, port: defaultPort },
    { host: options.address, port: 0 },
  ];
  const lastResort = { host: '127.0.0.1', port: 0 };
  for (const place of options.bindAddress ? own : []) {
    try {
      return await listen(listener, place);
    } catch (error) {
      if (!tryElsewhere.has(errnoOf(error) ?? '')) throw error;
    }
  }
  return listen(listener, lastResort);
}

function listen(listener: Server, place: { host: string; port: number }) {
  return new Promise<{ address: string; port: number }>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ ...place, exclusive: true }, () => {
      listener.off('error', reject);
      resolve(boundAddress(listener));
    });
  });
}

function boundAddress(listener: Server): { address: string; port: number } {
  const { address, port } = listener.address() as AddressInfo;
  return { address, port };
}

async function makeHandshaker(options: ApiServerOptions, host: string): Promise<https.Server> {
  const [authority, pair] = await Promise.all([options.identity.authority(), options.identity.server(host)]);
  const contents = { objects: new ApiObjects(), nodes: () => [], accepts: () => true, ...options };
  return https.createServer(
    {
      key: pair.keyPem,
      cert: pair.certPem,
      ca: authority.certPem,
      // A client may show a certificate or a token or nothing at all: answering decides, not the handshake.
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      answer(request, response, contents).catch(() => request.destroy());
    },
  );
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  contents: Required<ApiServerOptions>,
): Promise<void> {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://kubernetes');
  // Open to everybody, as the role system:public-info-viewer of a real cluster has it.
  if (path === '/readyz' || path === '/healthz' || path === '/livez') {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end('ok');
    return;
  }
  if (path === '/version') {
    send(response, { status: 200, json: versionOf(contents.kubernetesVersion) });
    return;
  }
  const who = callerOf(request, contents.identity);
  if (who === 'stranger') {
    send(response, failure(401, 'Unauthorized', 'Unauthorized'));
  } else if (who === 'anonymous') {
    const message = `forbidden: User "system:anonymous" cannot ${verbOf(request)} path "${path}"`;
    send(response, failure(403, 'Forbidden', message));
  } else {
    const body = await readBody(request);
    if (body === undefined) {
      send(response, failure(413, 'RequestEntityTooLarge', `limit is ${maxBodyBytes}`));
      return;
    }
    const [contentType = ''] = (request.headers['content-type'] ?? '').split(';', 1);
    const method = request.method ?? 'GET';
    send(response, answerCall({ method, path, query, contentType: contentType.trim(), body }, contents));
  }
}

/** Wrong credentials are worse than none: Kubernetes answers 401 to the first and 403 to the second. */
function callerOf(request: IncomingMessage, identity: ClusterIdentity): 'admin' | 'anonymous' | 'stranger' {
  const socket = request.socket as TLSSocket;
  // `authorized` alone is not enough: Node also says it of a resumed connection that never showed a certificate.
  const showedCertificate = Object.keys(socket.getPeerCertificate() ?? {}).length > 0;
  const { authorization } = request.headers;
  if (showedCertificate && socket.authorized) return 'admin';
  if (authorization === `Bearer ${identity.token}`) return 'admin';
  return showedCertificate || authorization !== undefined ? 'stranger' : 'anonymous';
}

function verbOf(request: IncomingMessage): string {
  return (request.method ?? 'GET').toLowerCase();
}

function send(response: ServerResponse, { status, json }: ApiAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(json));
}
