/**
 * A client that does as little as it can, so that what is measured is the broker: packets are made once by mqtt-packet
 * and sent again with another number in them, acknowledgements and messages leave in one write for each chunk read.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate, type Parser, parser } from 'mqtt-packet';

export interface Listener {
  port: number;
  tls: boolean;
}

/** How long a login or a subscription may take (ms); it takes some, or half a second behind 50 others over TLS. */
const answerTimeoutMs = 60_000;
/** As the relay allows at most; no measurement takes as long, so nobody has to ping. */
const keepAliveS = 300;
/** Message numbers are 16 bits and not zero. */
const maxNumber = 0xffff;

const ack = generate({ cmd: 'puback', messageId: 1 });
const noMore = (): void => {};

export class LeanClient {
  readonly #socket: Socket;
  readonly #parser: Parser;
  #out: Buffer[] = [];
  #number = 0;
  #waiting: { resolve: () => void; reject: (error: Error) => void } | undefined;
  /** A message came. The payload is the parser's: read it now. */
  onMessage: (payload: Buffer) => void = noMore;
  /** All that came with one chunk has been handed over. */
  onRead: () => void = noMore;
  /** The connection ended, and not by us. */
  onLost: (why: string) => void = noMore;

  private constructor(listener: Listener) {
    const to = { host: '127.0.0.1', port: listener.port };
    // A certificate of its own making: what is measured is what the handshake costs, not whom it convinces.
    this.#socket = listener.tls ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
    this.#socket.setNoDelay(true);
    this.#parser = parser({ protocolVersion: 4 });
    this.#parser.on('packet', packet => {
      if (packet.cmd === 'publish') {
        this.onMessage(packet.payload as Buffer);
        if (packet.qos === 1) this.#out.push(numbered(ack, 2, packet.messageId ?? 0));
      } else if (packet.cmd === 'connack') {
        this.#answered(packet.returnCode === 0 ? undefined : `login refused with ${packet.returnCode}`);
      } else if (packet.cmd === 'suback') {
        this.#answered(packet.granted.includes(128) ? 'subscription refused' : undefined);
      }
    });
    this.#socket.on('data', chunk => {
      this.#parser.parse(chunk);
      this.onRead();
      this.flush();
    });
    this.#socket.on('error', error => this.#lost(error.message));
    this.#socket.on('close', () => this.#lost('closed by the broker'));
  }

  /** Resolves when it is logged in. */
  static async connect(listener: Listener, name: string, password: string): Promise<LeanClient> {
    const client = new LeanClient(listener);
    const login = { clientId: name, username: name, password: Buffer.from(password), clean: true };
    await client.#request(generate({ cmd: 'connect', ...login, keepalive: keepAliveS }));
    return client;
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    const subscriptions = topics.map(topic => ({ topic, qos: 1 as const }));
    await this.#request(generate({ cmd: 'subscribe', messageId: 1, subscriptions }));
  }

  /** Puts a message into the next {@link flush}. */
  publish(template: Template, fill: (payload: Buffer) => void): void {
    this.#number = (this.#number % maxNumber) + 1;
    const packet = numbered(template.packet, template.numberAt, this.#number);
    fill(packet.subarray(template.payloadAt));
    this.#out.push(packet);
  }

  /** Sends all that waits, in one write. */
  flush(): void {
    const [first] = this.#out;
    if (first === undefined) return;
    this.#socket.write(this.#out.length === 1 ? first : Buffer.concat(this.#out));
    this.#out = [];
  }

  close(): void {
    this.onMessage = this.onRead = this.onLost = noMore;
    this.#waiting = undefined;
    this.#socket.removeAllListeners('close').destroy();
  }

  #request(packet: Buffer): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => this.#lost(`no answer within ${answerTimeoutMs / 1000} s`),
        answerTimeoutMs,
      );
      const settle = (then: () => void) => {
        clearTimeout(timer);
        then();
      };
      this.#waiting = { resolve: () => settle(resolve), reject: error => settle(() => reject(error)) };
      this.#socket.write(packet);
    });
  }

  #answered(problem: string | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (problem === undefined) waiting?.resolve();
    else waiting?.reject(new Error(problem));
  }

  #lost(why: string): void {
    if (this.#waiting) this.#answered(why);
    else this.onLost(why);
    this.#socket.destroy();
  }
}

/** A PUBLISH of QoS 1 with gaps for number and payload. */
export interface Template {
  packet: Buffer;
  numberAt: number;
  payloadAt: number;
}

export function publishTemplate(topic: string, payloadBytes: number): Template {
  const payload = Buffer.alloc(payloadBytes, 'x');
  const packet = generate({
    cmd: 'publish',
    topic,
    payload,
    qos: 1,
    retain: false,
    dup: false,
    messageId: 1,
  });
  const payloadAt = packet.length - payloadBytes;
  return { packet, numberAt: payloadAt - 2, payloadAt };
}

function numbered(packet: Buffer, at: number, number: number): Buffer {
  const copy = Buffer.allocUnsafe(packet.length);
  packet.copy(copy);
  copy.writeUInt16BE(number, at);
  return copy;
}
