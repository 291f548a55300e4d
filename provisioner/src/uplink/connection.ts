/**
 * One MQTT connection over a socket that is already open. It lives until it is closed or lost; the next one
 * is a new client with nothing carried over, because MQTT.js' own reconnect() swaps its stores, keeps old
 * callbacks and resubscribes on its own account. What must be said again is in the journal, not in a client.
 */
import type { Duplex } from 'node:stream';
import { type IClientOptions, MqttClient } from 'mqtt';
import type { ProxyAddress, RelayAddress } from './addresses.ts';
import { type Fault, HopError, socketReason } from './hop-error.ts';
import { closedInTunnel, inspectedPage, noMqtt } from './no-tunnel.ts';

/** The relay has this long to answer CONNECT and SUBSCRIBE, in milliseconds, or less: {@link silenceMs}. */
const answerTimeoutMs = 10_000;

/**
 * We speak at least this often, in seconds. A proxy or a radio link can forget a connection without a word to either
 * end: half as much again without an answer and the connection is given up.
 */
export const defaultKeepAliveS = 30;

/** Topics in one SUBSCRIBE packet: keeps it near 3 kB, below what any broker or proxy minds. */
const subscribeBatch = 64;

/**
 * SUBSCRIBE packets that may wait for their answer at a time. One after the other, 6,000 buttons behind a round trip
 * of 100 ms would take 9 s; all at once, a broker that counts packets might mind.
 */
const subscribesAtOnce = 8;

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
  /** How the stream was dialled: an error says whether it was the proxy. */
  way?: RelayAddress & { proxy?: ProxyAddress };
  user: string;
  password: string;
  will: LastWill;
  /** Whole seconds, at least 1. Default {@link defaultKeepAliveS}. */
  keepAliveS?: number;
  /** Called for every message. Must not throw. */
  onMessage: (topic: string, payload: Buffer) => void;
}

interface Refusal {
  why: string;
  fault: Fault;
}

/** CONNACK return codes, MQTT 3.1.1 section 3.2.2.3, as advice. */
const connackReasons: Readonly<Record<number, Refusal>> = {
  1: { why: 'it does not speak MQTT 3.1.1', fault: 'protocol' },
  2: { why: 'it does not take this client id', fault: 'client id' },
  3: { why: 'it is not available right now', fault: 'refused' },
  4: {
    why: 'bad user name or password: check user and passwordFile of this relay in the settings',
    fault: 'login',
  },
  5: {
    why: 'not authorized: check user and passwordFile of this relay in the settings, and the users file of the relay',
    fault: 'not allowed',
  },
};

export class Connection {
  /** Resolves with the reason when the connection is over, whoever ended it. Never rejects. */
  readonly closed: Promise<string>;
  readonly #client: MqttClient;
  readonly #name: string;
  readonly #answerWithinMs: number;
  #unacknowledged = 0;
  /** By performance.now(), when the last packet came. */
  #heardAt = performance.now();
  #cutAfterMs: number | undefined;
  /** We end it, or nobody was there any more. */
  #given = false;
  #reason: string;

  private constructor(client: MqttClient, name: string, keepAliveS: number, through: boolean) {
    this.#reason = `the relay${through ? ', or the proxy before it,' : ''} closed the connection`;
    this.#client = client;
    this.#name = name;
    this.#answerWithinMs = answerWithinMs(keepAliveS);
    client.on('packetreceive', () => {
      this.#heardAt = performance.now();
    });
    this.closed = new Promise(resolve =>
      client.once('close', () => {
        if (!this.#given) this.#cutAfterMs = performance.now() - this.#heardAt;
        resolve(this.#reason);
      }),
    );
    // Without a listener MQTT.js' errors end the process; the reason is told by `closed`.
    client.on('error', error => {
      const silent = error.message === 'Keepalive timeout';
      this.#given ||= silent;
      this.#reason = silent ? `no sign of life for ${silenceMs(keepAliveS) / 1000} s` : socketReason(error);
    });
  }

  /**
   * For how long nothing had come when somebody else ended it, in milliseconds; undefined while it lives, and when it
   * was given up here.
   */
  get cutAfterMs(): number | undefined {
    return this.#cutAfterMs;
  }

  /**
   * Sends CONNECT and waits for the relay's yes. @throws HopError RELAY with the CONNACK's reason, or PROXY when what
   * answers is a page, or nobody, at the end of a proxy's tunnel.
   */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { stream, keepAliveS = defaultKeepAliveS } = options;
    const client = new MqttClient(() => stream, clientOptions(options, keepAliveS));
    client.on('message', options.onMessage);
    const connection = new Connection(
      client,
      options.relayName,
      keepAliveS,
      options.way?.proxy !== undefined,
    );
    // MQTT.js tells only of errors with a code; the WebSocket's words for its end have none.
    stream.once('error', error => {
      connection.#reason = socketReason(error);
    });
    const refused = new Promise<Refusal>(resolve =>
      client.once('error', error => resolve(connackReason(error))),
    );
    client.connect();
    // After MQTT.js has its own listener: this one would set the stream flowing.
    let first: Buffer | undefined;
    stream.once('data', (bytes: Buffer) => {
      first = bytes;
    });
    const why = await Promise.race([
      new Promise<undefined>(resolve => client.once('connect', () => resolve(undefined))),
      refused,
      connection.closed.then(reason => ({ why: reason, fault: 'closed' as const })),
    ]);
    if (why === undefined) return connection;
    connection.drop();
    throw noConnection(options, why, first);
  }

  /**
   * Subscribes, to many topics in several packets. Returns the topics that the relay refused: one unknown button must
   * not keep the others waiting. With QoS 0 nobody waits for it: the answer may come when the relay has time, because
   * thousands of statuses may be before it.
   * @throws HopError RELAY when there is no answer, or the connection ends.
   */
  async subscribe(topics: readonly string[], qos: 0 | 1 = 1): Promise<string[]> {
    const refused: string[] = [];
    let next = 0;
    const work = async () => {
      while (next < topics.length) {
        const batch = topics.slice(next, next + subscribeBatch);
        next += subscribeBatch;
        refused.push(...(await this.#subscribeBatch(batch, qos)));
      }
    };
    await Promise.all(Array.from({ length: subscribesAtOnce }, work));
    return refused;
  }

  #subscribeBatch(topics: string[], qos: 0 | 1): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new HopError('RELAY', `${this.#name} ${why}`));
      const late = () => fail(`does not answer SUBSCRIBE within ${this.#answerWithinMs / 1000} s`);
      const timer = qos === 0 ? undefined : setTimeout(late, this.#answerWithinMs);
      this.#client.subscribe(topics, { qos }, (error, _granted, packet) => {
        clearTimeout(timer);
        // MQTT.js makes an error of one refusal among many; the packet tells which (3.1.1 section 3.9.3).
        if (packet === undefined) return fail(`closed while subscribing: ${error?.message ?? 'no reason'}`);
        resolve(topics.filter((_, i) => packet.granted[i] === 128));
      });
    });
  }

  /** Says these last words, waits a moment for their acknowledgement, and leaves in order (no will). */
  async goodbye(topic: string, payload: Buffer): Promise<void> {
    this.#given = true;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>(resolve => {
      timer = setTimeout(resolve, goodbyeTimeoutMs);
    });
    await Promise.race([
      this.publish(topic, payload, true).then(() => this.#client.endAsync()),
      limit,
      this.closed,
    ]);
    clearTimeout(timer);
    this.drop();
  }

  /** Ends the connection here and now; the relay publishes the will. */
  drop(reason?: string): void {
    if (reason !== undefined) this.#reason = reason;
    this.#given = true;
    this.#client.end(true);
    this.#client.stream.destroy();
  }

  /**
   * QoS 1. Resolves when it is acknowledged, or lost with the connection: then it is said again after the next one, so
   * nobody has to wait for it. Never rejects.
   */
  async publish(topic: string, payload: Buffer, retain: boolean): Promise<void> {
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

/** With CONNACK every relay begins (MQTT 3.1.1 section 3.2). */
const connackType = 0x20;

/** Why there is no connection. @param first what came over the stream, if anything did. */
function noConnection(
  { way, relayName }: ConnectionOptions,
  { why, fault }: Refusal,
  first: Buffer | undefined,
): HopError {
  if (way !== undefined && first !== undefined && first[0] !== connackType) {
    return noMqtt(relayName, way, way.proxy, first);
  }
  // TLS or a WebSocket would have shown already that the relay is there.
  const bare = way !== undefined && !way.tls && way.path === undefined;
  if (bare && way.proxy !== undefined && first === undefined) return closedInTunnel(way.proxy, way);
  // Where somebody looks into TLS, this is how MQTT ends.
  const mayInspect = way?.proxy !== undefined && way.tls && first === undefined;
  const advice = mayInspect
    ? ` (or the proxy looks into TLS and lets HTTP pass alone: ${inspectedPage})`
    : '';
  return new HopError('RELAY', `${relayName} refused: ${why}${advice}`, fault);
}

function connackReason(error: Error): Refusal {
  const code = 'code' in error && typeof error.code === 'number' ? error.code : undefined;
  const known = code === undefined ? undefined : connackReasons[code];
  return known ?? { why: socketReason(error), fault: 'closed' };
}
