/**
 * What a client sends, on its way to aedes. aedes takes whatever has been read, in one go; two things came of that:
 *
 * - What came with CONNECT was handled before anybody was logged in, and a SUBSCRIBE refused: 8 of 22 presses over TLS on
 *   a loaded machine. Now nothing is handed on behind CONNECT until the login is decided.
 * - 64 KiB are 32,000 PINGREQ, and they were answered before anybody else was heard. Now a client gets a few packets into
 *   each turn, each one is counted, and what is over its rate stays in its socket, where it holds up nobody else.
 *
 * It takes the place of the stream's `read`, which is all that aedes uses. Whole packets come out, and nothing else.
 */
import type { Duplex } from 'node:stream';
import {
  canBegin,
  clearDup,
  faultOf,
  hasUnknownLevel,
  isAnswer,
  type PacketFault,
  packetBytesAt,
  packetType,
  unacceptableLevel,
  weightOf,
} from './packets.ts';

export interface InboundOptions {
  /** Longest Remaining Length, in bytes. */
  packetBytes: number;
  /** CONNECT is whole and handed on. */
  onConnect(): void;
  /**
   * Asked for each packet after the login: how many milliseconds it has to wait; undefined: it would be too long.
   * @param behind what else of this client waits already, by weight
   */
  waitFor(weight: number, behind: () => number): number | undefined;
  /** A packet that closes the connection; the caller does that. */
  onFault(reason: PacketFault | 'too-many-messages' | 'protocol-level'): void;
}

/** Packets of one client in one turn of the event loop, each filter of a subscription as one: a millisecond. */
const weightPerTurn = 32;

/** Who is over the rate is looked at no more often than this, in milliseconds; what has come due meanwhile goes together. */
const shortestWaitMs = 10;

export class Inbound {
  readonly #stream: Duplex;
  readonly #options: InboundOptions;
  readonly #readAll: () => Buffer | null;
  /** Read from the socket and not handed on. */
  #held: Buffer | undefined;
  /** `connect`: it has to come first. `login`: it is being decided. `over`: nothing more is handed on. */
  #phase: 'connect' | 'login' | 'open' | 'over' = 'connect';
  #timer: NodeJS.Timeout | undefined;
  /** The first packet that is held has waited for its turn. */
  #due = false;
  /** How many answers the client owes us. */
  #unanswered = 0;

  constructor(stream: Duplex, options: InboundOptions) {
    this.#stream = stream;
    this.#options = options;
    const read = stream.read.bind(stream);
    // All that waits, as before Node.js 26 (nodejs/node#60441): there `read()` gives the first chunk.
    this.#readAll = () => read(stream.readableLength || undefined) as Buffer | null;
    stream.read = size => (typeof size === 'number' ? read(size) : this.#next());
    stream.once('close', () => this.#end());
  }

  /** The client is logged in: what came behind its CONNECT may be handled. */
  open(): void {
    if (this.#phase === 'login') this.#phase = 'open';
  }

  /** The client has been sent something that it answers: the answer weighs nothing. */
  expectAnswer(): void {
    this.#unanswered++;
  }

  #end(): void {
    this.#phase = 'over';
    this.#held = undefined;
    clearTimeout(this.#timer);
  }

  #next(): Buffer | null {
    for (;;) {
      if (this.#phase === 'login' || this.#phase === 'over' || this.#timer !== undefined) return null;
      const end = this.#endOfTurn();
      if (end > 0) return this.#takeHeld(end);
      if (this.#timer !== undefined || (this.#phase as string) === 'over') return null;
      const more = this.#readAll();
      if (more === null) return null;
      this.#held = this.#held === undefined ? more : Buffer.concat([this.#held, more]);
    }
  }

  #takeHeld(end: number): Buffer {
    const held = this.#held as Buffer;
    this.#held = end === held.length ? undefined : held.subarray(end);
    if (this.#phase === 'connect') {
      this.#phase = 'login';
      this.#options.onConnect();
    }
    return held.subarray(0, end);
  }

  /** Where the packets end that may be handed on now; 0: none. */
  #endOfTurn(): number {
    const held = this.#held;
    if (held === undefined) return 0;
    const most = this.#phase === 'connect' ? 1 : weightPerTurn;
    let end = 0;
    for (let weight = 0; weight < most; ) {
      const bytes = packetBytesAt(held, end, this.#options.packetBytes);
      const packet = typeof bytes === 'number' ? held.subarray(end, end + bytes) : undefined;
      const fault =
        this.#headerFault(held[end]) ??
        (bytes === 'too-long' ? 'packet-too-long' : this.#faultOf(packet, bytes));
      if (fault !== undefined) {
        // What stands before it is handled first.
        if (end === 0) this.#refuse(fault);
        break;
      }
      if (packet === undefined || packet.length < (bytes as number) || !this.#isInTurn(packet)) break;
      clearDup(packet);
      end += packet.length;
      weight += Math.max(weightOf(packet), 1);
    }
    return this.#phase === 'over' ? 0 : end;
  }

  /** Seen with the first byte: nobody is waited for who will not say anything we understand. */
  #headerFault(byte: number | undefined): PacketFault | undefined {
    if (byte === undefined) return undefined;
    if (this.#phase === 'connect' && byte >> 4 !== packetType.connect) return 'no-connect';
    return canBegin(byte) ? undefined : 'broken-header';
  }

  #faultOf(packet: Buffer | undefined, bytes: unknown) {
    if (packet === undefined || packet.length !== bytes) return undefined;
    if (this.#phase === 'connect') return hasUnknownLevel(packet) ? 'protocol-level' : undefined;
    return faultOf(packet);
  }

  /** Whether its turn has come; if not, that is waited for, or the client has said too much. */
  #isInTurn(packet: Buffer): boolean {
    if (this.#phase === 'connect' || this.#due) {
      this.#due = false;
      return true;
    }
    if (isAnswer(packet) && this.#unanswered > 0) {
      this.#unanswered--;
      return true;
    }
    const waitMs = this.#options.waitFor(weightOf(packet), () => this.#weightBehind(packet));
    if (waitMs === 0) return true;
    if (waitMs === undefined) {
      this.#refuse('too-many-messages');
      return false;
    }
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#due = true;
        this.#stream.emit('readable');
      },
      Math.max(waitMs, shortestWaitMs),
    ).unref();
    return false;
  }

  /** What the whole packets weigh that wait behind this one. */
  #weightBehind(packet: Buffer): number {
    const held = this.#held as Buffer;
    let weight = 0;
    for (let at = packet.byteOffset - held.byteOffset + packet.length; ; ) {
      const bytes = packetBytesAt(held, at, this.#options.packetBytes);
      if (typeof bytes !== 'number' || at + bytes > held.length) return weight;
      weight += weightOf(held.subarray(at, at + bytes));
      at += bytes;
    }
  }

  #refuse(fault: Parameters<InboundOptions['onFault']>[0]): void {
    this.#end();
    if (fault === 'protocol-level') this.#stream.end(unacceptableLevel, () => this.#options.onFault(fault));
    else this.#options.onFault(fault);
  }
}
