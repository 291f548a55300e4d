/** Test fixtures for the way out: a relay of a few bytes behind each scheme, and a forwarder that can fall silent. */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { RelayAddress } from '../../provisioner/src/way/addresses.ts';
import { makeServerPair } from '../../simulator/ccp/certificates.ts';

export const schemes = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
export type Scheme = (typeof schemes)[number];

const servers: Server[] = [];
const sockets = new Set<Socket>();

/** Closes everything that the fixtures opened. */
export function closeAll(): void {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
}

export async function listen(server: Server | HttpServer): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** CONNACK, accepted (MQTT 3.1.1 section 3.2). */
export const connack = Buffer.from([0x20, 2, 0, 0]);

/** Serves `scheme` at /mqtt; `handle` gets the bytes of MQTT. */
export async function serve(scheme: Scheme, handle: (stream: Duplex) => void): Promise<RelayAddress> {
  const pair = await makeServerPair('relay', ['127.0.0.1', 'localhost']);
  const files = { key: pair.keyPem, cert: pair.certPem };
  const tls = scheme === 'mqtts' || scheme === 'wss';
  if (scheme === 'mqtt' || scheme === 'mqtts') {
    const port = await listen(tls ? createTlsServer(files, handle) : createServer(handle));
    return { host: '127.0.0.1', port, tls, ...(tls ? { ca: pair.certPem } : {}) };
  }
  const server = tls ? createHttpsServer(files) : createHttpServer();
  new WebSocketServer({ server, path: '/mqtt' }).on('connection', client => {
    const stream = createWebSocketStream(client);
    stream.on('error', () => {});
    handle(stream);
  });
  const port = await listen(server);
  return { host: '127.0.0.1', port, tls, path: '/mqtt', ...(tls ? { ca: pair.certPem } : {}) };
}

export interface Forwarder {
  port: number;
  /** From now on both sockets stay open and not one byte goes through. */
  silence(): void;
  /** Called with the bytes from the client. */
  onBytes: (bytes: Buffer) => void;
}

/** A TCP forwarder, as a box in the middle that forgets a connection without a word. */
export async function forwarder(to: number): Promise<Forwarder> {
  let silent = false;
  const made: Forwarder = { port: 0, silence: () => (silent = true), onBytes: () => {} };
  made.port = await listen(
    createServer(client => {
      const upstream = connect({ port: to, host: '127.0.0.1', noDelay: true });
      sockets.add(upstream);
      upstream.on('error', () => {});
      client.on('data', bytes => {
        made.onBytes(bytes);
        if (!silent) upstream.write(bytes);
      });
      upstream.on('data', bytes => {
        if (!silent) client.write(bytes);
      });
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    }),
  );
  return made;
}
