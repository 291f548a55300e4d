/** The relay's listeners: each makes of a TCP connection a stream of MQTT and the client's true address. */
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Logger } from '../../../config/src/log.ts';
import { SetupError } from '../../../config/src/setup-error.ts';
import type { Broker } from '../broker/broker.ts';
import type { ConnectionLimits } from '../limits/connections.ts';
import type { Room } from '../limits/room.ts';
import { plainAddress, readProxyHeader } from './proxy-protocol.ts';
import { listenTcp, type TcpServer } from './tcp.ts';
import { makeTlsHandshakes } from './tls.ts';
import { acceptWebSockets } from './websocket.ts';

/**
 * MQTT over TCP, over TLS, over WebSocket, over WebSocket over TLS. Also the schemes of their URLs. `ws` is for behind
 * a reverse proxy that does the TLS: all clients then come from its address, unless it sends the PROXY protocol. The
 * header X-Forwarded-For is not read, because anybody can write it.
 */
export type ListenerKind = 'mqtt' | 'mqtts' | 'ws' | 'wss';

export interface ListenerOptions {
  kind: ListenerKind;
  /** Where to listen. Default: the relay's host. */
  host?: string;
  /** 0 for any free port. */
  port: number;
  /** Of ws and wss. Default: /mqtt. */
  path?: string;
  /**
   * True behind a load balancer that sends the PROXY protocol, version 1 or 2: then each connection has to begin with
   * it. Only for a listener that nobody but the balancer can reach: whoever can may claim any address. Default: false.
   */
  proxyProtocol?: boolean;
}

export interface Listener {
  kind: ListenerKind;
  host: string;
  port: number;
  /** `host:port`, an IPv6 host in brackets. */
  address: string;
  /** `mqtt://host:port`, `wss://host:port/mqtt` and so on. */
  url: string;
  proxyProtocol: boolean;
}

export interface OpenListener extends Listener {
  close: TcpServer['close'];
}

/** What all listeners have in common. */
export interface SharedByListeners {
  host: string;
  limits: {
    connectTimeoutMs: number;
    packetBytes: number;
    proxyHeaderTimeoutMs: number;
  };
  /** For mqtts and wss; asked anew for each connection. */
  context?: () => SecureContext;
  room: Room;
  /** The limits of each address. */
  connections: ConnectionLimits;
  /** A connection that can be read from. `from` is the client's address without its port. */
  serve: Broker['serve'];
  onRefused: (reason: string) => void;
  log: Logger;
}

const defaultPath = '/mqtt';
const what: Record<ListenerKind, string> = {
  mqtt: 'MQTT over TCP',
  mqtts: 'MQTT over TLS',
  ws: 'MQTT over WebSocket',
  wss: 'MQTT over WebSocket over TLS',
};

/** Opens one listener, or throws a SetupError that says why it stays shut. */
export async function openListener(
  options: ListenerOptions,
  shared: SharedByListeners,
): Promise<OpenListener> {
  const { kind, proxyProtocol = false, path = defaultPath } = options;
  const { log, limits } = shared;
  if (!path.startsWith('/')) throw new SetupError(`the WebSocket path "${path}" does not begin with /`);
  const isWeb = kind === 'ws' || kind === 'wss';
  const secured = securedBy(kind, shared);
  const wrapWeb = isWeb ? acceptWebSockets({ path, ...limits, onRefused: shared.onRefused }) : undefined;
  const take = (socket: Socket, from: string) => {
    if (!admit(socket, from, shared)) return;
    const late = setTimeout(() => socket.destroy(), limits.connectTimeoutMs);
    socket.once('close', () => clearTimeout(late));
    secured(socket, from, stream =>
      shared.serve(wrapWeb?.(stream) ?? stream, from, {
        onConnect: () => clearTimeout(late),
        onLogin: () => shared.room.loggedIn(socket),
      }),
    );
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
        shared.onRefused(why);
        log.debug({ from: balancer, reason: why }, 'connection without a PROXY header refused');
      },
    );
  };
  const listener = await listenTcp({
    host: options.host ?? shared.host,
    port: options.port,
    room: shared.room,
    onConnection: socket => (proxyProtocol ? takeProxied(socket) : take(socket, addressOf(socket))),
    onFull: () => shared.onRefused('too-many-connections'),
  });
  const { host, port, address, close } = listener;
  const url = `${kind}://${address}${isWeb ? path : ''}`;
  log.info({ address, url, proxyProtocol }, `relay open: ${what[kind]}`);
  return { kind, host, port, address, url, proxyProtocol, close };
}

/** Lets a connection of this address in, or refuses and counts it: before a byte is read or a handshake begun. */
function admit(socket: Socket, from: string, { connections, onRefused, log }: SharedByListeners): boolean {
  const entry = connections.enter(from);
  if ('leave' in entry) {
    socket.once('close', entry.leave);
    return true;
  }
  onRefused(entry.refused);
  // Not a line for people: they come by the thousand.
  log.debug({ from, reason: entry.refused }, 'connection refused');
  socket.destroy();
  return false;
}

/** Hands a connection on, of mqtts and wss when its handshake is done. */
function securedBy(
  kind: ListenerKind,
  { context, onRefused, log }: SharedByListeners,
): (socket: Socket, from: string, onSecure: (stream: Socket) => void) => void {
  if (kind === 'mqtt' || kind === 'ws') return (socket, _, onSecure) => onSecure(socket);
  if (context === undefined) throw new SetupError(`the ${kind} listener needs a TLS certificate and its key`);
  const handshakes = makeTlsHandshakes();
  return (socket, from, onSecure) =>
    handshakes.begin(socket, context(), onSecure, (reason, why) => {
      onRefused(reason);
      log.debug({ from, reason, why }, 'TLS failed');
    });
}

const addressOf = ({ remoteAddress }: Socket): string => plainAddress(remoteAddress ?? 'unknown');
