/** One socket of the chip over a real one: what it keeps, when it sends, how it ends. See `sockets.ts`. */
import { toBytes, toText } from './binary.ts';
import type { Boot } from './boot.ts';
import type { HostSocket } from './host.ts';
import {
  chunkBytes,
  deadHostMs,
  errorTexts,
  firstAnswerWaitMs,
  type NetWorld,
  tlsCiphers,
  type Way,
} from './socket-world.ts';
import { type Callback, chipFunction, chipString, surface } from './surface.ts';

let lastId = 0;

export class ChipSocket {
  readonly api: object;
  readonly #boot: Boot;
  readonly #world: NetWorld;
  readonly #id = ++lastId;
  readonly #socket: HostSocket;
  readonly #listeners = new Map<string, Callback[]>();
  /** Data that came before anybody listened. */
  #waiting: string[] = [];
  /** Written, and still with the interpreter. */
  #unsent = '';
  #idleIsDue = false;
  #crossed = 0;
  #ended = false;
  #closed = false;
  #error: number | undefined;
  /** Data leaves at once; with TLS only after the handshake. */
  #secure: boolean;
  #unsentBytes = 0;
  #isOpen = false;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  /** When the last thing that came from the other side reaches the program. */
  #arrivesAtMs = Number.NEGATIVE_INFINITY;
  /** Lets a virtual clock go on. */
  #answered: () => void = () => {};
  readonly #forget: () => void;

  constructor(boot: Boot, world: NetWorld, way: Way, connected?: Callback) {
    this.#boot = boot;
    this.#world = world;
    this.#secure = !way.tls;
    boot.trace({ what: 'socket', id: this.#id, event: 'connecting' });
    this.#socket = way.dead ? deadSocket(() => this.#close()) : this.#dial(way, connected);
    if (way.dead) {
      const { ms, code } = way.dead;
      boot.later(ms, () => this.#giveUp(code), true);
    }
    // The radio leaves its network at the end of a boot at the latest.
    const lost = () => this.#cut();
    world.radio.onLeave.add(lost);
    this.#forget = () => world.radio.onLeave.delete(lost);
    this.api = this.#surface();
  }

  #dial({ address, port, tls }: Way, connected: Callback | undefined): HostSocket {
    const boot = this.#boot;
    const { openMs = 0, tlsMs = 0 } = this.#world.costs;
    this.#arrivesAtMs = boot.clock.nowMs() + openMs;
    boot.pass(openMs, 'dial');
    const opened = boot.clock.hold('a socket that opens');
    const unblock = boot.block();
    const forgetLimit = boot.later(deadHostMs, () => this.#giveUp(-9), true);
    const to = { host: address, port, tls, ciphers: tlsCiphers };
    return this.#world.connect(to, {
      opened: () => {
        forgetLimit();
        this.#arrive(() => {
          boot.trace({ what: 'socket', id: this.#id, event: 'open' });
          if (connected) {
            boot.run(() => connected(this.api));
          }
          unblock();
        });
        this.#isOpen = true;
        // The handshake comes after the callback and before any data.
        this.#arrivesAtMs += tls ? tlsMs : 0;
        opened();
      },
      secured: () => {
        this.#secure = true;
      },
      failed: at => {
        this.#error ??= at === 'name' ? -6 : at === 'open' ? -9 : undefined;
      },
      received: bytes => this.#receive(bytes),
      closed: () => {
        this.#close();
        forgetLimit();
        opened();
        unblock();
      },
    });
  }

  #giveUp(code: number): void {
    this.#error ??= code;
    this.#cut();
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
        this.#unsent += text;
        this.#idle();
        return false;
      },
      end: (...data: unknown[]) => {
        if (data.length > 0) {
          boot.notSimulated('Socket.end with data');
        }
        this.#ended = true;
        this.#idle();
      },
    });
  }

  /** The socket's part of the interpreter's idle loop: sends a piece each round, and closes when all is sent. */
  #idle(): void {
    if (this.#idleIsDue) return;
    this.#idleIsDue = true;
    this.#boot.later(0, () => {
      this.#idleIsDue = false;
      // What has not left by now never will.
      if (this.#socket.destroyed) return;
      const piece = this.#unsent.slice(0, chunkBytes);
      this.#unsent = this.#unsent.slice(chunkBytes);
      if (piece) this.#send(piece);
      if (this.#unsent) this.#idle();
      // The chip closes as soon as everything is sent; it does not wait for the other side.
      else if (this.#ended) this.#socket.hangUp();
    });
  }

  #send(piece: string): void {
    this.#boot.trace({ what: 'socket', id: this.#id, event: 'sent', bytes: piece.length });
    this.#unsentBytes += this.#secure ? 0 : piece.length;
    this.#waitForAnswer();
    this.#socket.write(this.#count(toBytes(piece)));
    this.#cutWhenDue();
  }

  /** As many of the bytes as the injected cut lets through. */
  #count(data: Uint8Array): Uint8Array {
    const limit = this.#world.troubles.cutAfterBytes ?? Number.POSITIVE_INFINITY;
    const through = data.subarray(0, Math.max(0, limit - this.#crossed));
    this.#crossed += data.length;
    return through;
  }

  #cutWhenDue(): void {
    if (this.#crossed >= (this.#world.troubles.cutAfterBytes ?? Number.POSITIVE_INFINITY)) {
      // After what was let through has left.
      this.#socket.write(new Uint8Array(), () => this.#cut());
    }
  }

  #cut(): void {
    this.#socket.destroy();
  }

  /** Notes when the program spoke. A virtual clock stands still for the answer to its first words. */
  #waitForAnswer(): void {
    const { clock } = this.#boot;
    if (this.#sentAtMs === Number.NEGATIVE_INFINITY) {
      this.#answered = clock.hold('the first answer on a socket', firstAnswerWaitMs);
    }
    this.#sentAtMs = clock.nowMs();
    clock.stir();
  }

  /** What comes from the other side reaches the program when it has come all the way, in its order. */
  #arrive(work: () => void): void {
    const { clock } = this.#boot;
    const { roundTripMs = 0 } = this.#world.costs;
    const now = clock.nowMs();
    // Until it is open, its own time is all that counts.
    const wayMs = this.#isOpen ? roundTripMs / 2 : 0;
    this.#arrivesAtMs = Math.max(this.#arrivesAtMs, this.#sentAtMs + roundTripMs, now + wayMs);
    if (this.#arrivesAtMs <= now) {
      work();
    } else {
      this.#boot.later(this.#arrivesAtMs - now, work, true);
    }
  }

  #receive(data: Uint8Array): void {
    const through = this.#count(data);
    this.#boot.clock.stir();
    this.#answered();
    this.#arrive(() => this.#deliver(through));
    this.#cutWhenDue();
  }

  #deliver(through: Uint8Array): void {
    this.#boot.trace({ what: 'socket', id: this.#id, event: 'received', bytes: through.length });
    for (let at = 0; at < through.length; at += chunkBytes) {
      const text = toText(through.subarray(at, at + chunkBytes));
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
    const unsent =
      this.#unsent !== '' || this.#socket.unsentBytes > 0 || (!this.#secure && this.#unsentBytes > 0);
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

/** Of a way on which nobody is: it takes everything, and ends when the chip gives up. */
function deadSocket(closed: () => void): HostSocket {
  let destroyed = false;
  const destroy = () => {
    if (destroyed) return;
    destroyed = true;
    queueMicrotask(closed);
  };
  let unsentBytes = 0;
  return {
    write: bytes => {
      unsentBytes += bytes.length;
    },
    hangUp: destroy,
    destroy,
    get destroyed() {
      return destroyed;
    },
    get unsentBytes() {
      return unsentBytes;
    },
  };
}
