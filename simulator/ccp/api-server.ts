/** A cluster's Kubernetes API server: it tells everybody that the cluster lives, and obeys the administrator. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { errnoOf } from '../../config/src/setup-error.ts';
import { type Account, allRules, anonymous } from '../cluster-api/accounts.ts';
import { Api } from '../cluster-api/api.ts';
import { send, sendRefusal } from '../cluster-api/https-front.ts';
import { tooLarge, unauthorized } from '../cluster-api/refusal.ts';
import { targetOf } from '../cluster-api/target.ts';
import { Watches } from '../cluster-api/watches.ts';
import { readBody } from './api-http.ts';
import { kinds } from './api-kinds.ts';
import { type ApiNode, ApiObjects } from './api-objects.ts';
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
  const { objects = new ApiObjects(), nodes = () => [], identity, kubernetesVersion } = options;
  const served = { kinds, store: objects.store, watches: new Watches(), counts: true } as const;
  const api = new Api({ ...served, typedPatchStatus: 500, deprecatesV1beta1: false }, kubernetesVersion, '');
  const look = () => objects.setNodes(nodes(), kubernetesVersion);
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
      answer(request, response, api, identity, look).catch(() => request.destroy());
    },
  );
}

/** @param look brings the nodes up to date */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  api: Api,
  identity: ClusterIdentity,
  look: () => void,
): Promise<void> {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://kubernetes');
  const { method = 'GET', headers } = request;
  const target = targetOf(path, api.served.kinds);
  const body = await readBody(request);
  try {
    const account = callerOf(request, identity);
    if (body === undefined) throw tooLarge();
    const [contentType = ''] = (headers['content-type'] ?? '').split(';', 1);
    const userAgent = headers['user-agent'] ?? '';
    const call = { method, path, query, contentType: contentType.trim(), userAgent, body, account };
    api.authorize(call, target);
    if (target?.kind.kind === 'Node') look();
    send(response, api.answer(call, target));
  } catch (error) {
    sendRefusal(response, error);
  }
}

const administrator: Account = { user: 'kubernetes-admin', rules: allRules, clusterRules: allRules };

/** Wrong credentials are worse than none: Kubernetes answers 401 to the first and 403 to the second. */
function callerOf(request: IncomingMessage, identity: ClusterIdentity): Account {
  const socket = request.socket as TLSSocket;
  // `authorized` alone is not enough: Node also says it of a resumed connection that never showed a certificate.
  const showedCertificate = Object.keys(socket.getPeerCertificate() ?? {}).length > 0;
  const { authorization } = request.headers;
  if (showedCertificate && socket.authorized) return administrator;
  if (authorization === `Bearer ${identity.token}`) return administrator;
  if (showedCertificate || authorization !== undefined) throw unauthorized();
  return anonymous;
}
