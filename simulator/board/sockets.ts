/**
 * `require("net")` and `require("tls")` over real sockets.
 *
 * As the interpreter's sources and its Linux build show: `connect` throws when the host name is not found or
 * the host refuses; `write` returns false always, and throws once the socket is closed; data comes in
 * pieces of at most 536 bytes and may come before the connect callback; a socket that the other side closes or
 * resets ends with `close(false)` and no `error`, unless data was left unsent. So does a TLS handshake that fails: error
 * −8 when something had been written already, a plain `close(false)` otherwise
 * (on the interpreter that may even come instead of the connect callback).
 * Not the same: the chip blocks inside `connect` until TCP is open or refused. Here a real refusal is known only
 * later, so it arrives as `error` −9 and `close(true)`; `Troubles.connectRefused` throws as the chip does.
 */
import { isIP, type Socket as NodeSocket, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Boot } from './boot.ts';
import type { Costs, Troubles } from './options.ts';
import { type Callback, chipFunction, chipString, surface } from './surface.ts';
import type { Radio } from './wifi.ts';

export interface NetWorld {
  radio: Radio;
  /** Names the chip can look up; undefined: all that this computer can. */
  hosts: Record<string, string> | undefined;
  troubles: Troubles;
  costs: Costs;
}

/**
 * A virtual clock stands still until a new connection's first answer is here, but not for ever: nobody has to
 * answer. In real milliseconds.
 */
const firstAnswerWaitMs = 1000;

/** Bytes in one `data` event (network_esp32.c, chunkSize: one segment on a slow link). */
const chunkBytes = 536;

/** libs/network/socketerrors.c */
const errorTexts: Record<number, string> = {
  [-6]: 'not found',
  [-8]: 'unsent data',
  [-9]: 'connection reset',
};

/**
 * What the interpreter's TLS offers: TLS 1.2 with RSA or DHE-RSA key exchange. A server that has only an EC
 * certificate shares no cipher with it.
 */
const tlsCiphers = [
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
  'AES256-SHA256',
  'AES128-SHA256',
  'AES256-SHA',
  'AES128-SHA',
].join(':');

let lastId = 0;

/** The module object. */
export function makeNet(boot: Boot, name: 'net' | 'tls', world: NetWorld): object {
  return surface(boot, `chip.${name}`, {
    connect(options: unknown, connected: unknown) {
      if (typeof options !== 'object' || options === null) {
        boot.notSimulated(`chip.${name}.connect with anything but an object`);
      }
      const o = options as Record<string, unknown>;
      const host = chipString(boot, `${name}.connect`, o.host);
      const port = o.port;
      if (!Number.isInteger(port)) {
        boot.notSimulated(`chip.${name}.connect without a port`);
      }
      const callback = connected === undefined ? undefined : chipFunction(boot, connected);
      return new ChipSocket(boot, world, lookUp(boot, world, host), port as number, name === 'tls', callback)
        .api;
    },
  });
}

/** The address behind a name. Throws what the interpreter throws when there is none, or no network at all. */
function lookUp(boot: Boot, world: NetWorld, host: string): string {
  const { radio, hosts, troubles } = world;
  const isAddress = isIP(host) !== 0;
  const known = hosts && Object.hasOwn(hosts, host) ? hosts[host] : undefined;
  if (!isAddress && (!radio.joined || troubles.dnsFails || (hosts && known === undefined))) {
    boot.raise('Unable to locate host', 'InternalError');
  }
  if (!radio.joined || troubles.connectRefused) {
    boot.raise('Unable to create socket', 'InternalError');
  }
  return known ?? host;
}

class ChipSocket {
  readonly api: object;
  readonly #boot: Boot;
  readonly #world: NetWorld;
  readonly #id = ++lastId;
  readonly #socket: NodeSocket;
  readonly #listeners = new Map<string, Callback[]>();
  /** Data that came before anybody listened. */
  #waiting: string[] = [];
  #crossed = 0;
  #ended = false;
  #closed = false;
  #error: number | undefined;
  /** Data leaves at once; with TLS only after the handshake. */
  #secure: boolean;
  #unsentBytes = 0;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  /** When the last thing that came from the other side reaches the program. */
  #arrivesAtMs = Number.NEGATIVE_INFINITY;
  /** Lets a virtual clock go on. */
  #answered: () => void = () => {};
  readonly #forget: () => void;

  constructor(
    boot: Boot,
    world: NetWorld,
    address: string,
    port: number,
    tls: boolean,
    connected?: Callback,
  ) {
    this.#boot = boot;
    this.#world = world;
    this.#secure = !tls;
    boot.trace({ what: 'socket', id: this.#id, event: 'connecting' });
    const { openMs = 0, tlsMs = 0 } = world.costs;
    this.#arrivesAtMs = boot.clock.nowMs() + openMs;
    const opened = boot.clock.hold('a socket that opens');
    this.#socket = this.#open(address, port, tls, () => {
      this.#arrive(() => {
        boot.trace({ what: 'socket', id: this.#id, event: 'open' });
        if (connected) {
          boot.run(() => connected(this.api));
        }
      });
      // The handshake comes after the callback and before any data.
      this.#arrivesAtMs += tls ? tlsMs : 0;
      opened();
    });
    this.#socket.once('close', opened);
    // The radio leaves its network at the end of a boot at the latest.
    const lost = () => this.#cut();
    world.radio.onLeave.add(lost);
    this.#forget = () => world.radio.onLeave.delete(lost);
    this.api = this.#surface();
  }

  #open(host: string, port: number, tls: boolean, opened: () => void): NodeSocket {
    const tcp = tcpConnect({ host, port, noDelay: true });
    // The chip's callback comes when TCP is open, before the TLS handshake.
    tcp.once('connect', opened);
    const socket = tls
      ? tlsConnect({
          socket: tcp,
          ciphers: tlsCiphers,
          minVersion: 'TLSv1.2',
          maxVersion: 'TLSv1.2',
          // The chip does not check who the server is ("verify none"). Signatures end to end must.
          rejectUnauthorized: false,
        })
      : tcp;
    socket.once('secureConnect', () => {
      this.#secure = true;
    });
    for (const s of new Set([tcp, socket])) {
      s.on('error', (error: NodeJS.ErrnoException) => {
        const early = error.syscall === 'getaddrinfo' ? -6 : error.syscall === 'connect' ? -9 : undefined;
        this.#error ??= early;
      });
    }
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.once('close', () => this.#close());
    return socket;
  }

  #surface(): object {
    const boot = this.#boot;
    return surface(boot, 'Socket', {
      on: (event: unknown, listener: unknown) => {
        const name = chipString(boot, 'Socket.on', event);
        if (!['data', 'close', 'error', 'end', 'drain'].includes(name)) {
          boot.notSimulated(`Socket.on("${name}")`);
        }
        this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), chipFunction(boot, listener)]);
        if (name === 'data' && this.#waiting.length > 0) {
          const waiting = this.#waiting;
          this.#waiting = [];
          boot.later(0, () => {
            for (const text of waiting) {
              this.#emit('data', text);
            }
          });
        }
      },
      write: (bytes: unknown) => {
        const text = chipString(boot, 'Socket.write', bytes);
        if (this.#ended || this.#closed) {
          boot.raise('This socket is closed');
        }
        boot.trace({ what: 'socket', id: this.#id, event: 'sent', bytes: text.length });
        this.#unsentBytes += this.#secure ? 0 : text.length;
        this.#waitForAnswer();
        this.#socket.write(this.#count(Buffer.from(text, 'latin1')));
        this.#cutWhenDue();
        return false;
      },
      end: (...data: unknown[]) => {
        if (data.length > 0) {
          boot.notSimulated('Socket.end with data');
        }
        this.#ended = true;
        this.#socket.end();
        // The chip closes as soon as everything is sent; it does not wait for the other side.
        this.#socket.once('finish', () => this.#socket.destroy());
        if (this.#socket.writableFinished) {
          this.#socket.destroy();
        }
      },
    });
  }

  /** As many of the bytes as the injected cut lets through. */
  #count(data: Buffer): Buffer {
    const limit = this.#world.troubles.cutAfterBytes ?? Number.POSITIVE_INFINITY;
    const through = data.subarray(0, Math.max(0, limit - this.#crossed));
    this.#crossed += data.length;
    return through;
  }

  #cutWhenDue(): void {
    if (this.#crossed >= (this.#world.troubles.cutAfterBytes ?? Number.POSITIVE_INFINITY)) {
      // After what was let through has left.
      this.#socket.write('', () => this.#cut());
    }
  }

  #cut(): void {
    this.#socket.destroy();
  }

  /** Notes when the program spoke. A virtual clock stands still for the answer to its first words. */
  #waitForAnswer(): void {
    const { clock } = this.#boot;
    if (this.#sentAtMs === Number.NEGATIVE_INFINITY) {
      const release = clock.hold('the first answer on a socket');
      const timer = setTimeout(release, firstAnswerWaitMs).unref();
      this.#answered = () => {
        clearTimeout(timer);
        release();
      };
    }
    this.#sentAtMs = clock.nowMs();
    clock.stir();
  }

  /** What comes from the other side reaches the program when it has come all the way, in its order. */
  #arrive(work: () => void): void {
    const { clock } = this.#boot;
    const { roundTripMs = 0 } = this.#world.costs;
    const now = clock.nowMs();
    this.#arrivesAtMs = Math.max(this.#arrivesAtMs, this.#sentAtMs + roundTripMs, now + roundTripMs / 2);
    if (this.#arrivesAtMs <= now) {
      work();
    } else {
      this.#boot.later(this.#arrivesAtMs - now, work);
    }
  }

  #receive(data: Buffer): void {
    const through = this.#count(data);
    this.#boot.clock.stir();
    this.#answered();
    this.#arrive(() => this.#deliver(through));
    this.#cutWhenDue();
  }

  #deliver(through: Buffer): void {
    this.#boot.trace({ what: 'socket', id: this.#id, event: 'received', bytes: through.length });
    for (let at = 0; at < through.length; at += chunkBytes) {
      const text = through.subarray(at, at + chunkBytes).toString('latin1');
      if (this.#listeners.has('data')) {
        this.#emit('data', text);
      } else {
        this.#waiting.push(text);
      }
    }
  }

  #close(): void {
    this.#forget();
    this.#boot.clock.stir();
    this.#answered();
    if (!this.#boot.alive) {
      return;
    }
    const unsent = this.#socket.writableLength > 0 || (!this.#secure && this.#unsentBytes > 0);
    this.#arrive(() => this.#end(this.#error ?? (unsent ? -8 : undefined)));
  }

  #end(code: number | undefined): void {
    this.#closed = true;
    this.#boot.trace({ what: 'socket', id: this.#id, event: 'closed' });
    if (code !== undefined) {
      this.#emit('error', this.#boot.realm.parse(JSON.stringify({ code, message: errorTexts[code] })));
    }
    this.#emit('end');
    this.#emit('close', code !== undefined);
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      this.#boot.run(() => listener(...args));
    }
  }
}
