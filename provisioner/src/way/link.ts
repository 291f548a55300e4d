/** The link to the relay: dial, connect, say who is there, and again with back-off whenever it is lost. */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import { Backoff, sleep } from '../wait.ts';
import { at, type ProxyAddress, proxyName, type RelayAddress } from './addresses.ts';
import { Connection, type ConnectionOptions, type LastWill } from './connection.ts';
import { dial } from './dial.ts';
import { HopError } from './hop-error.ts';

/**
 * First and longest wait between two attempts, in milliseconds: a restarted relay is found again quickly, a dead
 * one is not hammered.
 */
const firstRetryMs = 250;
const maxRetryMs = 30_000;

/** A connection that lived this long counts as good: the next back-off starts from the beginning (milliseconds). */
const stableAfterMs = 10_000;

/**
 * When to say "online" again after a connect, in milliseconds. A relay may publish the will of our previous
 * connection after our first "online" (takeover, half-open connection), and we may not read our own beacon.
 */
const onlineAgainMs = [500, 2_000, 10_000];

export interface LinkOptions {
  /** `keepAliveS`: see {@link ConnectionOptions}. */
  relay: RelayAddress & { user: string; password: string; keepAliveS?: number };
  proxy?: ProxyAddress;
  /** Topics to read on every connection. */
  topics: readonly string[];
  /** Made anew for each connection, because it holds the time. */
  will: () => LastWill;
  onMessage: (topic: string, payload: Buffer) => void;
  /**
   * Subscribed and ready: publish everything that must be known. Called again for each connection, with the
   * topics that the relay does not let us read.
   */
  onUp: (refusedTopics: readonly string[]) => void;
  /** Say online again, see {@link onlineAgainMs}. */
  onSettle: () => void;
  log: Logger;
  random: () => number;
}

export class Link {
  /** How often a connection was made, and how often an attempt failed. */
  readonly counters = { connects: 0, failures: 0 };
  /** Why we are not connected, as the last attempt said; undefined while connected. */
  lastError: string | undefined;
  readonly #options: LinkOptions;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #connection: Connection | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** True when connected (and subscribed) within `limitMs`. */
  async whenUp(limitMs: number): Promise<boolean> {
    if (this.connected) return true;
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(false), limitMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Publishes when connected; otherwise does nothing, because onUp will say it. */
  publish(topic: string, payload: Buffer, retain: boolean): void {
    this.#connection?.publish(topic, payload, retain);
  }

  /** Says these last words, disconnects and stops trying. Ends within a few seconds whatever the relay does. */
  async stop(lastWords: LastWill): Promise<void> {
    const connection = this.#connection;
    this.#stop.abort();
    await connection?.goodbye(lastWords.topic, lastWords.payload);
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { random } = this.#options;
    const backoff = new Backoff({ firstMs: firstRetryMs, maxMs: maxRetryMs, random });
    // Ends with stop(), nothing else: a lab that is cut off for a weekend comes back by itself.
    while (!this.#stop.signal.aborted) {
      const livedMs = await this.#connectOnce();
      if (livedMs >= stableAfterMs) backoff.reset();
      await sleep(backoff.next(), this.#stop.signal);
    }
  }

  /** One connection from dial to its end. Returns how long it lived, in milliseconds; never throws. */
  async #connectOnce(): Promise<number> {
    const { log } = this.#options;
    try {
      const { connection, refused } = await this.#open();
      const upAt = performance.now();
      this.#announce(connection, refused);
      log.info({ relay: this.#relayName(), way: this.#way() }, 'connected to the relay');
      const reason = await connection.closed;
      this.#connection = undefined;
      this.lastError = `RELAY ${this.#relayName()}: ${reason}`;
      if (!this.#stop.signal.aborted) log.warn({ hop: 'RELAY', reason, way: this.#way() }, 'lost the relay');
      return performance.now() - upAt;
    } catch (error) {
      if (this.#stop.signal.aborted) return 0;
      this.counters.failures++;
      this.lastError = messageOf(error);
      const hop = error instanceof HopError ? error.hop : 'RELAY';
      log.warn({ hop, reason: this.lastError, way: this.#way() }, 'no way to the relay');
      return 0;
    }
  }

  /** Dials, connects and subscribes. Stopping ends it at once, wherever it is. */
  async #open(): Promise<{ connection: Connection; refused: string[] }> {
    const { relay, proxy, topics, will, onMessage } = this.#options;
    const { signal } = this.#stop;
    const stream = await dial(relay, proxy, signal);
    const abandon = () => stream.destroy();
    signal.addEventListener('abort', abandon, { once: true });
    try {
      if (signal.aborted) throw new Error('stopped');
      const relayName = this.#relayName();
      const { user, password, keepAliveS } = relay;
      const connection = await Connection.open({
        stream,
        relayName,
        user,
        password,
        will: will(),
        ...(keepAliveS === undefined ? {} : { keepAliveS }),
        onMessage,
      });
      // Before the beacon says online: a press that it invites must find us listening.
      const refused = await connection.subscribe(topics);
      return { connection, refused };
    } catch (error) {
      stream.destroy();
      throw error;
    } finally {
      // Once it is up, stop() says goodbye first.
      signal.removeEventListener('abort', abandon);
    }
  }

  #announce(connection: Connection, refused: readonly string[]): void {
    this.#connection = connection;
    this.counters.connects++;
    this.lastError = undefined;
    this.#options.onUp(refused);
    for (const afterMs of onlineAgainMs) {
      setTimeout(() => {
        if (this.#connection === connection) this.#options.onSettle();
      }, afterMs).unref();
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #relayName(): string {
    return at(this.#options.relay.host, this.#options.relay.port);
  }

  /** For the log: directly, or through which proxy, and who named it. */
  #way(): string {
    const { proxy } = this.#options;
    return proxy === undefined ? 'direct' : `${proxy.type} proxy ${proxyName(proxy)}`;
  }
}
