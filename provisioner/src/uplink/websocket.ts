/**
 * MQTT over WebSocket (MQTT 3.1.1 section 6) on a socket that is already open, so that proxy and TLS are the same as
 * for plain MQTT. A Duplex of our own instead of the one of `ws`, which makes a frame of every piece of a packet.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { oneLine } from '../common/line.ts';
import { at, type ProxyAddress } from './addresses.ts';
import { HopError, handshakeFault, socketReason } from './hop-error.ts';
import { closedInTunnel, upgradeTaken } from './no-tunnel.ts';
import { packetsIn } from './packets.ts';

/**
 * Longest frame that is read, in bytes. The longest message for us has a few hundred; a broker may put many into one
 * frame. Whoever announces more is not our relay.
 */
const maxFrameBytes = 256 * 1024;

/** What waits here, each way, before it says "no more", in bytes. Said, because Node.js 22 raised its own to four times that. */
const highWaterMarkBytes = 16 * 1024;

/** On the way out: how long the relay has to answer the close frame, in milliseconds. */
const closeTimeoutMs = 1_000;

/** The server's own words in an error, in characters. */
const maxWordsLength = 120;

/** What a server of WebSockets answers to a request without Upgrade (RFC 9110 section 15.5.22). */
const upgradeRequired = 426;

/** Where the WebSocket is. */
export interface WebSocketAddress {
  host: string;
  port: number;
  tls: boolean;
  path: string;
}

/**
 * Makes `socket`, connected to the relay (TLS done), a WebSocket. The caller destroys the socket when this fails.
 * @throws HopError RELAY with what the server answered instead; PROXY when the proxy before it took our Upgrade out.
 */
export function openWebSocket(
  socket: Socket,
  relay: WebSocketAddress,
  proxy: ProxyAddress | undefined,
  limitMs: number,
): Promise<Duplex> {
  const { path } = relay;
  const where = at(relay.host, relay.port);
  // The URL only makes the request line and the Host header: nothing is dialled or encrypted for it again.
  const ws = new WebSocket(`${relay.tls ? 'wss' : 'ws'}://${where}${path}`, ['mqtt'], {
    createConnection: () => socket,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    finishRequest: request => {
      // A tunnel has left the socket paused.
      request.once('socket', () => socket.resume());
      request.end();
    },
  });
  return new Promise((resolve, reject) => {
    const done = (error?: HopError) => {
      clearTimeout(timer);
      ws.off('error', onError).off('unexpected-response', onAnswer).off('open', onOpen);
      ws.on('error', () => {});
      if (error === undefined) return resolve(new WebSocketStream(ws, socket));
      ws.terminate();
      reject(error);
    };
    const fail = (why: string) => done(new HopError('RELAY', `${where} ${why}`));
    const onOpen = () => done();
    const before = socket.bytesRead;
    const onError = (error: Error) => {
      const closed = handshakeFault(error) === 'closed' && socket.bytesRead === before;
      // With TLS the relay has shown already that it is there.
      if (closed && proxy !== undefined && !relay.tls) return done(closedInTunnel(proxy, relay));
      fail(handshakeReason(error, path));
    };
    const onAnswer = (_: unknown, answer: Answer) => {
      // Whoever gets an Upgrade does not ask for one.
      if (proxy !== undefined && answer.statusCode === upgradeRequired)
        return done(upgradeTaken(proxy, where));
      fail(
        refusal(answer, path) + (proxy === undefined || relay.tls ? '' : '; or that is a page of the proxy'),
      );
    };
    const timer = setTimeout(
      () => fail(`does not answer as a WebSocket at ${path} within ${limitMs / 1000} s`),
      limitMs,
    );
    ws.on('open', onOpen).on('error', onError).on('unexpected-response', onAnswer);
  });
}

interface Answer {
  statusCode?: number | undefined;
  statusMessage?: string | undefined;
  headers: { location?: string | undefined };
}

/** An ordinary HTTP answer. The path is our own setting, all other words are foreign. */
function refusal({ statusCode = 0, statusMessage = '', headers }: Answer, path: string): string {
  const status = `${statusCode} ${oneLine(statusMessage, maxWordsLength)}`.trim();
  return `opens no WebSocket: it answered ${status} at ${path}${adviceFor(statusCode, headers.location)}`;
}

function adviceFor(status: number, location?: string): string {
  if (status >= 300 && status < 400 && location !== undefined) {
    return ` and points to ${oneLine(location.split('?', 1)[0] ?? '', maxWordsLength)} (set relay.url to where the relay is)`;
  }
  if (status === 401 || status === 403) return ' (what stands before the relay does not let us pass)';
  if (status >= 502 && status <= 504) return ' (what stands before the relay cannot reach it)';
  return ' (check the path in relay.url)';
}

function handshakeReason(error: Error, path: string): string {
  if (/subprotocol/.test(error.message)) {
    return `has a WebSocket at ${path}, but not one for MQTT: it does not take the subprotocol mqtt (check the path in relay.url)`;
  }
  if ('code' in error && String(error.code).startsWith('HPE_')) {
    return 'does not speak HTTP, so no WebSocket either (check the scheme and the port in relay.url)';
  }
  return `opens no WebSocket at ${path}: ${oneLine(socketReason(error), maxWordsLength)}`;
}

/** The bytes of MQTT; each packet that is written becomes one frame (binary, [MQTT-6.0.0-1]). */
class WebSocketStream extends Duplex {
  readonly #ws: WebSocket;
  readonly #socket: Socket;

  constructor(ws: WebSocket, socket: Socket) {
    // No half-open connections: when the relay ends, so do we, as with TCP.
    super({ allowHalfOpen: false, highWaterMark: highWaterMarkBytes });
    this.#ws = ws;
    this.#socket = socket;
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) this.destroy(new Error('the relay sends text, which is not MQTT'));
      else if (!this.push(data)) ws.pause();
    });
    ws.on('error', error => this.destroy(error));
    ws.on('close', (code, words) => this.#end(code, String(words)));
  }

  /** Code 1000 and none (1005) are an orderly end, 1006 is one of the socket (RFC 6455 section 7.4.1). */
  #end(code: number, words: string): void {
    if (this.destroyed) return;
    if (code !== 1000 && code !== 1005 && code !== 1006) {
      const why = `the relay closed the WebSocket: ${code} ${oneLine(words, maxWordsLength)}`.trim();
      this.once('end', () => this.destroy(new Error(why)));
    }
    this.push(null);
  }

  override _read(): void {
    if (this.#ws.isPaused) this.#ws.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send(chunk, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  #send(bytes: Buffer, callback: (error?: Error | null) => void): void {
    // Closing already: the end comes from there, with its reason.
    if (this.#ws.readyState !== WebSocket.OPEN) {
      callback();
      return;
    }
    const packets = packetsIn(bytes);
    const last = packets.length - 1;
    // Corked, so that what was written together leaves together.
    this.#socket.cork();
    packets.forEach((packet, i) => {
      this.#ws.send(packet, { binary: true, compress: false }, i === last ? callback : undefined);
    });
    this.#socket.uncork();
  }

  override _final(callback: () => void): void {
    if (this.#ws.readyState === WebSocket.CLOSED) {
      callback();
      return;
    }
    const timer = setTimeout(() => this.#ws.terminate(), closeTimeoutMs);
    this.#ws.once('close', () => {
      clearTimeout(timer);
      callback();
    });
    this.#ws.close(1000);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#ws.terminate();
    callback(error);
  }
}
