/** The WebSocket side of tests: a relay with ws and wss, and clients that speak HTTP and frames byte by byte. */
import { once } from 'node:events';
import { connect as openSocket, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { Relay, RelayOptions } from '../../relay/src/relay.ts';
import { makeCertificate } from '../simulator-board/certificates.ts';
import { relayForTest } from './helpers.ts';

export const webDoor = (relay: Relay, kind: 'ws' | 'wss' = 'ws') => {
  const door = relay.doors.find(one => one.kind === kind);
  if (door === undefined) throw new Error(`no ${kind} door`);
  return door;
};

/** MQTT over TCP, WebSocket, and WebSocket over TLS. */
export async function relayWithWeb(options: Partial<RelayOptions> = {}): Promise<Relay> {
  return relayForTest({
    doors: [
      { kind: 'ws', port: 0 },
      { kind: 'wss', port: 0 },
    ],
    certificates: [await makeCertificate('ec')],
    ...options,
  });
}

/** A bare connection to the ws door. */
export async function rawWeb(relay: Relay): Promise<{ socket: Socket; closed: Promise<void> }> {
  const socket = openSocket({ host: '127.0.0.1', port: webDoor(relay).port, noDelay: true });
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  // Whoever does not read does not see the end either.
  socket.resume();
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return { socket, closed };
}

/** What the door answers to these bytes until it closes the connection. */
export async function answerTo(relay: Relay, text: string): Promise<string> {
  const { socket, closed } = await rawWeb(relay);
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk;
  });
  socket.write(text);
  await closed;
  return answer;
}

/** A handshake; `headers` replace or add. */
export function handshake(path = '/mqtt', headers: Record<string, string | undefined> = {}): string {
  const all: Record<string, string | undefined> = {
    Host: 'relay',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol': 'mqtt',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}`,
  );
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

export interface Web {
  ws: WebSocket;
  /** One per frame. */
  frames: Buffer[];
  /** The close code. */
  closed: Promise<number>;
}

/** An open WebSocket of `ws`, which shows each frame as it came. */
export async function openWeb(relay: Relay, options: ClientOptions = {}): Promise<Web> {
  const ws = new WebSocket(webDoor(relay).url, ['mqtt'], options);
  const frames: Buffer[] = [];
  ws.on('message', (data: Buffer) => frames.push(data));
  ws.on('error', () => {});
  const closed = new Promise<number>(resolve => ws.once('close', resolve));
  onTestFinished(() => ws.terminate());
  await once(ws, 'open');
  return { ws, frames, closed };
}

/** A masked frame, as a client must send it. */
export function frame(opcode: number, payload: Buffer): Buffer {
  if (payload.length > 125) throw new Error('only short frames here');
  // A mask of zeros changes nothing.
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
