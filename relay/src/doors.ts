/** The relay's doors: each makes of a TCP connection a stream of MQTT and the client's true address. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Logger } from '../../config/src/log.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { type Listener, listen } from './listener.ts';
import { plainAddress, readProxyHeader } from './proxy-protocol.ts';
import { secure } from './tls.ts';
import { webSocketDoor } from './websocket.ts';

/**
 * MQTT over TCP, over TLS, over WebSocket, over WebSocket over TLS. Also the schemes of their URLs. `ws` is for behind
 * a reverse proxy that does the TLS: all clients then come from its address, unless it sends the PROXY protocol. The
 * header X-Forwarded-For is not read, because anybody can write it.
 */
export type DoorKind = 'mqtt' | 'mqtts' | 'ws' | 'wss';

export interface DoorOptions {
  kind: DoorKind;
  /** Where to listen. Default: the relay's host. */
  host?: string;
  /** 0 for any free port. */
  port: number;
  /** Of ws and wss. Default: /mqtt. */
  path?: string;
  /**
   * True behind a load balancer that sends the PROXY protocol, version 1 or 2: then each connection has to begin with
   * it. Only for a door that nobody but the balancer can reach: whoever can may claim any address. Default: false.
   */
  proxyProtocol?: boolean;
}

export interface Door {
  kind: DoorKind;
  host: string;
  port: number;
  /** `host:port`, an IPv6 host in brackets. */
  address: string;
  /** `mqtt://host:port`, `wss://host:port/mqtt` and so on. */
  url: string;
  proxyProtocol: boolean;
}

export interface OpenDoor extends Door {
  connections: Listener['connections'];
  close: Listener['close'];
}

/** What all doors have in common. */
export interface House {
  host: string;
  limits: {
    connections: number;
    connectTimeoutMs: number;
    packetBytes: number;
    proxyHeaderTimeoutMs: number;
  };
  /** For mqtts and wss; asked anew for each connection. */
  context?: () => SecureContext;
  hasRoom: () => boolean;
  /** A connection that can be read from. `from` is the client's address without its port. */
  serve: (stream: Duplex, from: string) => void;
  onRefused: (reason: string) => void;
  log: Logger;
}

const defaultPath = '/mqtt';
const what: Record<DoorKind, string> = {
  mqtt: 'MQTT over TCP',
  mqtts: 'MQTT over TLS',
  ws: 'MQTT over WebSocket',
  wss: 'MQTT over WebSocket over TLS',
};

/** Opens one door, or throws a SetupError that says why it stays shut. */
export async function openDoor(options: DoorOptions, house: House): Promise<OpenDoor> {
  const { kind, proxyProtocol = false, path = defaultPath } = options;
  const { log, limits } = house;
  if (!path.startsWith('/')) throw new SetupError(`the WebSocket path "${path}" does not begin with /`);
  const isWeb = kind === 'ws' || kind === 'wss';
  const wrapTls = tlsWrap(kind, house);
  const wrapWeb = isWeb ? webSocketDoor({ path, ...limits, onRefused: house.onRefused }) : undefined;
  const take = (socket: Socket, from: string) => {
    const inner = wrapTls(socket, from);
    house.serve(wrapWeb?.(inner) ?? inner, from);
  };
  const takeProxied = (socket: Socket) => {
    const balancer = addressOf(socket);
    readProxyHeader(
      socket,
      limits.proxyHeaderTimeoutMs,
      source => take(socket, source ?? balancer),
      why => {
        socket.destroy();
        // Balancers look whether a port is open by a connection without a byte.
        if (why === 'gone') return;
        house.onRefused(why);
        log.debug({ from: balancer, reason: why }, 'connection without a PROXY header refused');
      },
    );
  };
  const listener = await listen({
    host: options.host ?? house.host,
    port: options.port,
    maxConnections: limits.connections,
    hasRoom: house.hasRoom,
    onConnection: socket => (proxyProtocol ? takeProxied(socket) : take(socket, addressOf(socket))),
    onFull: () => house.onRefused('too-many-connections'),
  });
  const { host, port, address, connections, close } = listener;
  const url = `${kind}://${address}${isWeb ? path : ''}`;
  log.info({ address, url, proxyProtocol }, `relay open: ${what[kind]}`);
  return { kind, host, port, address, url, proxyProtocol, connections, close };
}

function tlsWrap(
  kind: DoorKind,
  { context, onRefused, log }: House,
): (socket: Socket, from: string) => Socket {
  if (kind === 'mqtt' || kind === 'ws') return socket => socket;
  if (context === undefined) throw new SetupError(`the ${kind} door needs a TLS certificate and its key`);
  return (socket, from) =>
    secure(socket, context(), reason => {
      onRefused('tls-handshake');
      log.debug({ from, reason }, 'TLS handshake failed');
    });
}

const addressOf = ({ remoteAddress }: Socket): string => plainAddress(remoteAddress ?? 'unknown');
