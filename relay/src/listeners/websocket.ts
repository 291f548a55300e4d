/** The WebSocket listener: an HTTP server that takes nothing but the handshake of MQTT over WebSocket. */
import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { WebSocketStream } from './websocket-stream.ts';

/** Longest head of a handshake. A browser behind a proxy sends one or two kilobytes. */
const maxHeadBytes = 8 * 1024;

/** How many of the longest packets fit into one frame: hardly any client collects more than one. */
const packetsPerFrame = 4;

/** A frame in many small pieces costs more memory than its bytes. The longest honest one comes in a few. */
const maxPieces = 1024;

/** The name of MQTT among WebSocket's subprotocols [MQTT-6.0.0-3]. */
const subprotocol = 'mqtt';

export interface WebSocketOptions {
  /** The only path with a WebSocket, for example /mqtt. */
  path: string;
  /** Longest MQTT packet. */
  packetBytes: number;
  /** Somebody was turned away, or broke the rules of WebSocket. The reason is a word from code. */
  onRefused: (reason: string) => void;
}

/**
 * Returns what makes a new connection (TLS included) a stream of MQTT. The stream is there at once and carries bytes
 * when the handshake is done; a handshake that is refused destroys it, and destroying it ends the connection. It has
 * no deadline of its own. No Origin is asked for: a page somewhere else can use no login that it does not know.
 */
export function acceptWebSockets({
  path,
  packetBytes,
  onRefused,
}: WebSocketOptions): (socket: Socket) => Duplex {
  const streams = new WeakMap<Duplex, WebSocketStream>();
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Deflate costs far more memory than a sleeping button's whole connection.
    perMessageDeflate: false,
    maxPayload: packetsPerFrame * packetBytes,
    maxFragments: maxPieces,
    maxBufferedChunks: maxPieces,
    autoPong: false,
    handleProtocols: () => subprotocol,
  });
  sockets.on('wsClientError', (error, socket) => refuse(socket, 400, error.message));
  const refuse = (socket: Duplex, status: number, words: string, headers = '') => {
    // Refused already: requests may come one behind the other.
    if (!socket.writable) return;
    onRefused('websocket-handshake');
    const body = `${words}\n`;
    socket.once('finish', () => socket.destroy());
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${headers}Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  };

  const http = createServer({ maxHeaderSize: maxHeadBytes, keepAliveTimeout: 1 });
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', ignore);
    const stream = streams.get(socket);
    if (stream === undefined) return socket.destroy();
    if (pathOf(request) !== path) return refuse(socket, 404, 'nothing here');
    if (!speaksMqtt(request)) return refuse(socket, 400, 'the subprotocol must be mqtt');
    sockets.handleUpgrade(request, socket, head, ws => {
      socket.off('error', ignore);
      stream.attach(ws);
    });
  });
  http.on('request', request => {
    if (pathOf(request) !== path) return refuse(request.socket, 404, 'nothing here');
    refuse(request.socket, 426, 'MQTT over WebSocket only', 'Upgrade: websocket\r\n');
  });
  http.on('clientError', (_, socket) => {
    if (socket.writable) refuse(socket, 400, 'not HTTP');
    else if (!socket.writableEnded) socket.destroy();
  });

  return socket => {
    const stream = new WebSocketStream(socket, onRefused);
    streams.set(socket, stream);
    http.emit('connection', socket);
    return stream;
  };
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

function speaksMqtt({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some(name => name.trim() === subprotocol);
}

function ignore(): void {}
