/**
 * Stands between a driver and a management cluster, real or simulated, over TLS on both sides: counts and remembers
 * every request, and breaks what a network breaks. Logins by token pass, certificates of clients do not.
 */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';

/** One request, as it came. */
export interface Seen {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  /** Of the answer; 0 while there is none. */
  status: number;
  isWatch: boolean;
}

/**
 * `cut`: never carried out. `lose`: carried out, its answer is lost. `hold`: not carried out and never answered.
 * `double`: carried out twice, the second time {@link doubleAfterMs} later, and only that is answered.
 */
export type Stroke = 'cut' | 'lose' | 'hold' | 'double' | undefined;

/** Long enough for controllers to have done something, in milliseconds. */
const doubleAfterMs = 400;

export interface Behind {
  /** `https://host:port` */
  url: string;
  /** PEM of its authority. */
  ca: string;
}

export class Front {
  url = '';
  ca = '';
  /** Since the start or since it was emptied, oldest first. */
  seen: Seen[] = [];
  /** Asked at every request, before it is carried out. */
  strike: (seen: Seen) => Stroke = () => undefined;
  /** Gets each whole line of each watch as it goes to the driver. */
  onWatchLine: (line: string) => void = () => {};
  readonly #behind: Behind;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<ServerResponse>();
  #server = createServer();
  #pair = { key: '', cert: '' };

  private constructor(behind: Behind) {
    this.#behind = behind;
    this.#agent = new Agent({ ca: behind.ca, keepAlive: true });
  }

  static async start(behind: Behind): Promise<Front> {
    const front = new Front(behind);
    const authority = await makeAuthority('front authority');
    const { keyPem, certPem } = await makeServerPair('front', ['127.0.0.1', 'localhost'], authority);
    front.#pair = { key: keyPem, cert: certPem };
    front.ca = authority.certPem;
    await front.#listen(0);
    return front;
  }

  /** How many watches are open now. */
  get watches(): number {
    return this.#watches.size;
  }

  /** How many there were of the method, of all or of those that fit. */
  count(method: string, fits: (seen: Seen) => boolean = () => true): number {
    return this.seen.filter(one => one.method === method && fits(one)).length;
  }

  /** Cuts the connections of all open watches. Returns how many. */
  cutWatches(): number {
    const cut = [...this.#watches];
    for (const answer of cut) answer.destroy();
    return cut.length;
  }

  /** Nobody listens any more and every connection is cut, until {@link up}. */
  async down(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Listens again on the same port. */
  up(): Promise<void> {
    return this.#listen(Number(new URL(this.url).port));
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.down();
    this.#agent.destroy();
  }

  async #listen(port: number): Promise<void> {
    this.#server = createServer(this.#pair, (incoming, answer) => this.#pass(incoming, answer));
    // A watch may be silent for long, and so may a connection that is kept.
    this.#server.requestTimeout = 0;
    this.#server.keepAliveTimeout = 0;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', () => {});
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #pass(incoming: IncomingMessage, answer: ServerResponse): void {
    const { pathname: path, searchParams: query } = new URL(incoming.url ?? '/', this.url);
    const isWatch = ['true', '1'].includes(query.get('watch') ?? '');
    const seen: Seen = { method: incoming.method ?? '', path, query, status: 0, isWatch };
    this.seen.push(seen);
    const stroke = this.strike(seen);
    if (stroke === 'hold') return;
    if (stroke === 'cut') {
      answer.destroy();
      return;
    }
    if (stroke === 'double') {
      this.#double(seen, incoming, answer).catch(() => answer.destroy());
      return;
    }
    const onward = this.#onward(seen, incoming);
    onward.on('response', reply => {
      if (stroke !== 'lose') return this.#answer(seen, reply, answer);
      reply.resume();
      reply.on('end', () => answer.destroy());
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }

  #onward({ method }: Seen, incoming: IncomingMessage): ClientRequest {
    const { host, ...headers } = incoming.headers;
    return request(`${this.#behind.url}${incoming.url}`, { agent: this.#agent, method, headers });
  }

  async #double(seen: Seen, incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const first = this.#onward(seen, incoming).end(body);
    const [ignored] = (await once(first, 'response')) as [IncomingMessage];
    await buffer(ignored);
    await new Promise(resolve => setTimeout(resolve, doubleAfterMs));
    const second = this.#onward(seen, incoming).end(body);
    const [reply] = (await once(second, 'response')) as [IncomingMessage];
    this.#answer(seen, reply, answer);
  }

  #answer(seen: Seen, reply: IncomingMessage, answer: ServerResponse): void {
    seen.status = reply.statusCode ?? 0;
    const { connection, 'transfer-encoding': _, ...headers } = reply.headers;
    answer.writeHead(seen.status, headers);
    answer.flushHeaders();
    if (!seen.isWatch || seen.status !== 200) {
      reply.pipe(answer);
    } else {
      this.#watches.add(answer);
      answer.on('close', () => this.#watches.delete(answer));
      let rest = '';
      reply.setEncoding('utf8');
      reply.on('data', (text: string) => {
        const lines = `${rest}${text}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (answer.destroyed) return;
          answer.write(`${line}\n`);
          this.onWatchLine(line);
        }
      });
      reply.on('end', () => answer.end());
    }
    reply.on('error', () => answer.destroy());
  }
}
