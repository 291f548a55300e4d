/**
 * One MQTT connection over a socket that is already open. It lives until it is closed or lost; the next one
 * is a new client with nothing carried over, because MQTT.js' own reconnect() swaps its stores, keeps old
 * callbacks and resubscribes on its own account. What must be said again is in the journal, not in a client.
 */
import type { Duplex } from 'node:stream';
import { type IClientOptions, MqttClient } from 'mqtt';
import { HopError, socketReason } from './hop-error.ts';

/** The relay has this long to answer CONNECT and SUBSCRIBE, in milliseconds, or less: {@link silenceMs}. */
const answerTimeoutMs = 10_000;

/**
 * We speak at least this often, in seconds. A proxy or a radio link can forget a connection without a word to either
 * end: half as much again without an answer and the connection is given up.
 */
export const defaultKeepAliveS = 30;

/** Topics in one SUBSCRIBE packet: keeps it near 3 kB, below what any broker or proxy minds. */
const subscribeBatch = 64;

/** More unacknowledged messages than this and the relay is not working, whatever its pings say. */
const maxUnacknowledged = 10_000;

/** On the way out: how long the relay has to acknowledge the last words, in milliseconds. */
const goodbyeTimeoutMs = 2_000;

/** What to say when this connection is lost (MQTT 3.1.1 section 3.1.2.5). */
export interface LastWill {
  topic: string;
  payload: Buffer;
}

export interface ConnectionOptions {
  stream: Duplex;
  /** For messages: relay host and port. */
  relayName: string;
  user: string;
  password: string;
  will: LastWill;
  /** Whole seconds, at least 1. Default {@link defaultKeepAliveS}. */
  keepAliveS?: number;
  /** Called for every message. Must not throw. */
  onMessage: (topic: string, payload: Buffer) => void;
}

/** CONNACK return codes, MQTT 3.1.1 section 3.2.2.3, as advice. */
const connackReasons: Record<number, string> = {
  1: 'it does not speak MQTT 3.1.1',
  2: 'it does not take this client id',
  3: 'it is not available right now',
  4: 'bad user name or password: check relay.user and relay.passwordFile',
  5: 'not authorized: check relay.user and relay.passwordFile, and the users file of the relay',
};

export class Connection {
  /** Resolves with the reason when the connection is over, whoever ended it. Never rejects. */
  readonly closed: Promise<string>;
  readonly #client: MqttClient;
  readonly #name: string;
  readonly #answerWithinMs: number;
  #unacknowledged = 0;
  #reason = 'the relay closed the connection';

  private constructor(client: MqttClient, name: string, keepAliveS: number) {
    this.#client = client;
    this.#name = name;
    this.#answerWithinMs = answerWithinMs(keepAliveS);
    this.closed = new Promise(resolve => client.once('close', () => resolve(this.#reason)));
    // Without a listener MQTT.js' errors end the process; the reason is told by `closed`.
    client.on('error', error => {
      const silent = error.message === 'Keepalive timeout';
      this.#reason = silent ? `no sign of life for ${silenceMs(keepAliveS) / 1000} s` : socketReason(error);
    });
  }

  /** Sends CONNECT and waits for the relay's yes. @throws HopError RELAY with the CONNACK's reason. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { stream, keepAliveS = defaultKeepAliveS } = options;
    const client = new MqttClient(() => stream, clientOptions(options, keepAliveS));
    client.on('message', options.onMessage);
    const connection = new Connection(client, options.relayName, keepAliveS);
    // MQTT.js tells only of errors with a code; the WebSocket's words for its end have none.
    stream.once('error', error => {
      connection.#reason = socketReason(error);
    });
    const refused = new Promise<string>(resolve =>
      client.once('error', error => resolve(connackReason(error))),
    );
    client.connect();
    const why = await Promise.race([
      new Promise<undefined>(resolve => client.once('connect', () => resolve(undefined))),
      refused,
      connection.closed,
    ]);
    if (why === undefined) return connection;
    connection.drop();
    throw new HopError('RELAY', `${options.relayName} refused: ${why}`);
  }

  /**
   * Subscribes with QoS 1. Returns the topics that the relay refused: one unknown button must not keep the
   * others waiting.
   * @throws HopError RELAY when there is no answer.
   */
  async subscribe(topics: readonly string[]): Promise<string[]> {
    const refused: string[] = [];
    for (let i = 0; i < topics.length; i += subscribeBatch) {
      refused.push(...(await this.#subscribeBatch(topics.slice(i, i + subscribeBatch))));
    }
    return refused;
  }

  #subscribeBatch(topics: string[]): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new HopError('RELAY', `${this.#name} ${why}`));
      const timer = setTimeout(
        () => fail(`does not answer SUBSCRIBE within ${this.#answerWithinMs / 1000} s`),
        this.#answerWithinMs,
      );
      this.#client.subscribe(topics, { qos: 1 }, (error, _granted, packet) => {
        clearTimeout(timer);
        // MQTT.js makes an error of one refusal among many; the packet tells which (3.1.1 section 3.9.3).
        if (packet === undefined) return fail(`closed while subscribing: ${error?.message ?? 'no reason'}`);
        resolve(topics.filter((_, i) => packet.granted[i] === 128));
      });
    });
  }

  /** QoS 1. Returns at once: a message that is lost with the connection is said again after the next connect. */
  publish(topic: string, payload: Buffer, retain: boolean): void {
    void this.#publish(topic, payload, retain);
  }

  /** Says these last words, waits a moment for their acknowledgement, and leaves in order (no will). */
  async goodbye(topic: string, payload: Buffer): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>(resolve => {
      timer = setTimeout(resolve, goodbyeTimeoutMs);
    });
    await Promise.race([
      this.#publish(topic, payload, true).then(() => this.#client.endAsync()),
      limit,
      this.closed,
    ]);
    clearTimeout(timer);
    this.drop();
  }

  /** Ends the connection here and now; the relay publishes the will. */
  drop(reason?: string): void {
    if (reason !== undefined) this.#reason = reason;
    this.#client.end(true);
    this.#client.stream.destroy();
  }

  async #publish(topic: string, payload: Buffer, retain: boolean): Promise<void> {
    if (this.#unacknowledged >= maxUnacknowledged) return this.drop('the relay acknowledges nothing');
    this.#unacknowledged++;
    try {
      await this.#client.publishAsync(topic, payload, { qos: 1, retain });
    } catch {
      // The connection is gone: `closed` says why, and the next connection says it again.
    } finally {
      this.#unacknowledged--;
    }
  }
}

/** This much silence and nobody is there (MQTT 3.1.1 section 3.1.2.10 has the relay count the same), in milliseconds. */
function silenceMs(keepAliveS: number): number {
  return keepAliveS * 1500;
}

function answerWithinMs(keepAliveS: number): number {
  return Math.min(answerTimeoutMs, silenceMs(keepAliveS));
}

function clientOptions(options: ConnectionOptions, keepAliveS: number): IClientOptions {
  return {
    protocolId: 'MQTT',
    protocolVersion: 4,
    // One provisioner per credential: a second one takes the connection over and is seen to do so.
    clientId: options.user,
    username: options.user,
    password: options.password,
    clean: true,
    keepalive: keepAliveS,
    connectTimeout: answerWithinMs(keepAliveS),
    manualConnect: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Node's own timers; the default may start a worker thread for them.
    timerVariant: 'native',
    will: { topic: options.will.topic, payload: options.will.payload, qos: 1, retain: true },
  };
}

function connackReason(error: Error): string {
  const code = 'code' in error && typeof error.code === 'number' ? error.code : undefined;
  return (code === undefined ? undefined : connackReasons[code]) ?? socketReason(error);
}
