/**
 * MQTT's bytes in a WebSocket (MQTT 3.1.1 section 6). A Duplex of our own instead of the one of `ws`, which makes a
 * frame of every piece of a packet. It exists from the first byte of the connection on, before there is a WebSocket:
 * so the broker's deadline for CONNECT covers the handshake too.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { packetsIn } from './packets.ts';
import { highWaterMarkBytes } from './streams.ts';

/**
 * What may wait of our answers to pings, in bytes. A client that sends pings and reads nothing would fill our memory
 * past the broker's own count of what waits for it.
 */
const maxPongBacklogBytes = 64 * 1024;

/** How long the client has to answer our close frame, in milliseconds. */
const closeTimeoutMs = 1_000;

/** "Unsupported data": the close code for text (RFC 6455 section 7.4.1). */
const unsupportedData = 1003;

export class WebSocketStream extends Duplex {
  readonly #socket: Socket;
  readonly #onRefused: (reason: string) => void;
  #ws: WebSocket | undefined;

  /** @param onRefused is told when the client breaks the rules of WebSocket, and which. */
  constructor(socket: Socket, onRefused: (reason: string) => void) {
    // No half-open connections: when the client ends, so do we, as with TCP.
    super({ allowHalfOpen: false, highWaterMark: highWaterMarkBytes });
    this.#socket = socket;
    this.#onRefused = onRefused;
    socket.once('close', this.#onSocketClosed);
  }

  readonly #onSocketClosed = () => {
    this.destroy();
  };

  /** The handshake is done. */
  attach(ws: WebSocket): void {
    this.#ws = ws;
    this.#socket.off('close', this.#onSocketClosed);
    if (this.destroyed) {
      ws.terminate();
      return;
    }
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) this.#refuse(ws, 'websocket-text');
      // Pausing stops the socket: what the broker does not take stays with the client.
      else if (!this.push(data)) ws.pause();
    });
    ws.on('ping', data => {
      if (this.#socket.writableLength <= maxPongBacklogBytes) ws.pong(data);
      else this.#refuse(ws, 'websocket-pings');
    });
    // `ws` has sent the close frame with the code that fits.
    ws.on('error', error => {
      if ('code' in error && String(error.code).startsWith('WS_ERR_')) this.#onRefused('websocket-frame');
      this.destroy(error);
    });
    ws.on('close', () => this.push(null));
  }

  /** [MQTT-6.0.0-1]: text must end the connection. */
  #refuse(ws: WebSocket, reason: string): void {
    if (this.destroyed) return;
    this.#onRefused(reason);
    ws.close(unsupportedData);
    this.destroy(new Error(reason));
  }

  override _read(): void {
    if (this.#ws?.isPaused) this.#ws.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send(chunk, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  /** Calls back when the kernel has taken the last frame: until then everything counts as waiting here. */
  #send(bytes: Buffer, callback: (error?: Error | null) => void): void {
    const ws = this.#ws;
    if (ws?.readyState !== WebSocket.OPEN || bytes.length === 0) {
      callback();
      return;
    }
    // Corked, so that what was written together leaves together.
    this.#socket.cork();
    let sent = 0;
    for (const packet of packetsIn(bytes)) {
      sent += packet.length;
      ws.send(packet, { binary: true, compress: false }, sent === bytes.length ? callback : undefined);
    }
    this.#socket.uncork();
  }

  override _final(callback: () => void): void {
    const ws = this.#ws;
    if (ws === undefined) this.#socket.destroy();
    else if (ws.readyState === WebSocket.OPEN) {
      ws.close(1000);
      const timer = setTimeout(() => ws.terminate(), closeTimeoutMs);
      ws.once('close', () => clearTimeout(timer));
    }
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#ws === undefined) this.#socket.destroy();
    else this.#ws.terminate();
    callback(error);
  }
}
