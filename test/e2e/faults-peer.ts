/** A man in the middle between a board and the relay: it sees every MQTT packet, and may do with it what it likes. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../simulator/board/clock.ts';

export type Way = 'up' | 'down';

/** A whole packet that has just come in. */
export interface Passing {
  way: Way;
  /** What it is: CONNECT, beacon, press, a status by its state … */
  name: string;
  /** The board's first connection is 1. */
  connection: number;
  bytes: Buffer;
}

/** Decides about a packet. Whoever does not want to meddle with it forwards it. */
export type Meddle = (packet: Passing, line: Line) => void;

export const forward: Meddle = (packet, line) => line.send(packet.way, packet.bytes);

const other = { up: 'down', down: 'up' } as const;

const packetNames: Record<number, string> = {
  1: 'CONNECT',
  2: 'CONNACK',
  4: 'PUBACK',
  8: 'SUBSCRIBE',
  9: 'SUBACK',
  12: 'PINGREQ',
  13: 'PINGRESP',
  14: 'DISCONNECT',
};

/** One connection of the board, with its twin to the relay. */
export class Line {
  readonly number: number;
  readonly clock: Clock;
  readonly #ends: Record<Way, Socket>;
  /** What waits for its time, for each way that is delayed. */
  readonly #waiting: Record<Way, Buffer[] | undefined> = { up: undefined, down: undefined };
  #silent = false;
  #trickled: Promise<unknown> = Promise.resolve();

  constructor(number: number, clock: Clock, board: Socket, relay: Socket) {
    this.number = number;
    this.clock = clock;
    this.#ends = { up: relay, down: board };
  }

  /** True once nothing passes any more: then nobody needs to wait for an answer. */
  get silent(): boolean {
    return this.#silent;
  }

  send(way: Way, bytes: Buffer): void {
    if (this.#silent) return;
    this.clock.stir();
    const waiting = this.#waiting[way];
    if (waiting) waiting.push(bytes);
    else if (!this.#ends[way].destroyed) this.#ends[way].write(bytes);
  }

  /** As {@link send}, but in a segment of its own. */
  trickle(way: Way, bytes: Buffer): void {
    const release = this.clock.hold('bytes that come one by one');
    this.#trickled = this.#trickled
      .then(() => this.send(way, bytes))
      .then(() => new Promise(resolve => setImmediate(resolve)))
      .finally(release);
  }

  /** What was sent before still arrives. */
  cut(): void {
    this.clock.stir();
    this.#ends.down.end();
    this.#ends.up.destroy();
  }

  /** The sockets stay open, and nothing passes any more. */
  silence(): void {
    this.#silent = true;
  }

  /** Whatever goes this way from now on arrives so much later. */
  delay(way: Way, ms: number): void {
    const waiting: Buffer[] = [];
    this.#waiting[way] = waiting;
    this.clock.later(ms, () => {
      this.#waiting[way] = undefined;
      for (const bytes of waiting) this.send(way, bytes);
    });
  }

  /** One end has closed. A line that is silent does not tell the other. */
  closed(way: Way): void {
    this.clock.stir();
    if (way === 'down') this.#ends.up.destroy();
    else if (!this.#silent) this.#ends.down.end();
  }

  destroy(): void {
    this.#ends.down.destroy();
    this.#ends.up.destroy();
  }
}

export class Peer {
  readonly #relayPort: number;
  readonly #lines = new Set<Line>();
  #server: Server | undefined;
  #port = 0;
  #clock: Clock | undefined;
  #connections = 0;
  #meddle: Meddle = forward;
  /** All that came in since the last {@link reset}. */
  passed: Passing[] = [];
  /** True: a new connection is accepted and never hears anything. */
  mute = false;

  constructor(relayPort: number) {
    this.#relayPort = relayPort;
  }

  get port(): number {
    return this.#port;
  }

  /** True when nobody need wait for an answer on the newest connection. */
  get silent(): boolean {
    return this.mute || [...this.#lines].at(-1)?.silent === true;
  }

  /** For a new board: its connections count from 1 again. */
  reset(clock: Clock, meddle: Meddle): void {
    this.hangUp();
    this.#clock = clock;
    this.#connections = 0;
    this.passed = [];
    this.meddle = meddle;
    this.mute = false;
  }

  set meddle(meddle: Meddle) {
    this.#meddle = meddle;
  }

  async open(): Promise<void> {
    if (this.#server) return;
    this.#server = createServer({ noDelay: true }, socket => this.#serve(socket));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** From now on connections are refused. */
  async close(): Promise<void> {
    this.hangUp();
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise(resolve => server.close(resolve));
  }

  hangUp(): void {
    for (const line of this.#lines) line.destroy();
    this.#lines.clear();
  }

  #serve(board: Socket): void {
    const clock = this.#clock;
    if (!clock) throw new Error('A board connects before anybody has set the clock');
    const relay = connect({ host: '127.0.0.1', port: this.#relayPort, noDelay: true });
    const line = new Line(++this.#connections, clock, board, relay);
    this.#lines.add(line);
    if (this.mute) line.silence();
    for (const [way, from] of [['up', board] as const, ['down', relay] as const]) {
      let received: Buffer = Buffer.alloc(0);
      from.on('data', (data: Buffer) => {
        clock.stir();
        received = Buffer.concat([received, data]);
        for (let size = sizeOf(received); size > 0; size = sizeOf(received)) {
          this.#pass(line, way, received.subarray(0, size));
          received = received.subarray(size);
        }
      });
      from.on('error', () => {});
      from.once('close', () => line.closed(other[way]));
    }
  }

  #pass(line: Line, way: Way, bytes: Buffer): void {
    const packet = { way, name: nameOf(bytes), connection: line.number, bytes };
    this.passed.push(packet);
    this.#meddle(packet, line);
  }
}

/** Bytes of the whole packet in front; 0 while it is not all here (MQTT 3.1.1 section 2.2.3). */
function sizeOf(bytes: Buffer): number {
  for (let at = 1, length = 0; at < Math.min(bytes.length, 5); at++) {
    const digit = bytes.readUInt8(at);
    length += (digit & 127) << (7 * (at - 1));
    if (digit < 128) return bytes.length > at + length ? at + 1 + length : 0;
  }
  return 0;
}

function nameOf(bytes: Buffer): string {
  const first = bytes.readUInt8(0);
  if (first >> 4 !== 3) return packetNames[first >> 4] ?? `packet ${first >> 4}`;
  const text = bytes.toString('latin1');
  if (text.includes('/press')) return 'press';
  return text.includes('/beacon') ? 'beacon' : (/"state":"(\w+)"/.exec(text)?.[1] ?? 'status');
}

/** Where the payload of a PUBLISH begins, and the packet with another payload of any length. */
export function withPayload(packet: Buffer, change: (payload: Buffer) => Buffer): Buffer {
  const lengthEnd = 1 + packet.subarray(1).findIndex(digit => digit < 128) + 1;
  const qos = (packet.readUInt8(0) >> 1) & 3;
  const start = lengthEnd + 2 + packet.readUInt16BE(lengthEnd) + (qos > 0 ? 2 : 0);
  const body = Buffer.concat([packet.subarray(lengthEnd, start), change(packet.subarray(start))]);
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Buffer.concat([packet.subarray(0, 1), Buffer.from(length), body]);
}
