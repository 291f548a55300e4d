/** A client of the relay's test: says what a broker answered, and how soon. */
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { socketReason } from '../../provisioner/src/uplink/hop-error.ts';

/** The longest wait for any answer (milliseconds): what takes longer is as good as none, for a button. */
export const answerLimitMs = 5_000;

export interface Login {
  url: string;
  name: string;
  password: string;
  /** Default: the name. */
  clientId?: string;
  will?: { topic: string; payload: Buffer };
  /** PEM of the authority of a broker with TLS. */
  ca?: string;
}

/** The broker did not let it in; `message` is what it said. */
export class Refused extends Error {
  override name = 'Refused';
}

export interface Heard {
  topic: string;
  payload: string;
  retained: boolean;
}

export class Peer {
  readonly heard: Heard[] = [];
  /** From CONNECT to CONNACK, in milliseconds. */
  readonly connackMs: number;
  closed = false;
  readonly #client: MqttClient;
  #changed: (() => void)[] = [];

  private constructor(client: MqttClient, connackMs: number) {
    this.#client = client;
    this.connackMs = connackMs;
    client.on('error', () => {});
    client.on('close', () => {
      this.closed = true;
      this.#wake();
    });
    client.on('message', (topic, payload, { retain }) => {
      this.heard.push({ topic, payload: payload.toString('latin1'), retained: retain });
      this.#wake();
    });
  }

  /** @throws Refused. */
  static open(login: Login): Promise<Peer> {
    const startMs = performance.now();
    const client = connect(login.url, optionsOf(login));
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        client.end(true);
        reject(new Refused(why));
      };
      client.once('connect', () => resolve(new Peer(client, performance.now() - startMs)));
      client.once('error', error => fail(codeOf(error) ?? socketReason(error)));
      client.once('close', () => fail('the connection was closed'));
    });
  }

  /** Return codes of SUBACK, and how long it took (milliseconds). Undefined: no answer. */
  async subscribe(topics: string[]): Promise<{ codes: number[]; ms: number } | undefined> {
    if (this.closed) return undefined;
    const startMs = performance.now();
    const codes = await limited(
      new Promise<number[] | undefined>(resolve => {
        this.#client.subscribe(topics, { qos: 1 }, (_error, _granted, packet) =>
          resolve(packet?.granted.map(Number)),
        );
        this.#client.once('close', () => resolve(undefined));
      }),
    );
    return codes && { codes, ms: performance.now() - startMs };
  }

  /** QoS 1. */
  async publish(
    topic: string,
    payload: string | Buffer,
    retain = false,
  ): Promise<'acknowledged' | 'closed' | 'silent'> {
    if (this.closed) return 'closed';
    const done = await limited(
      new Promise<'acknowledged' | 'closed'>(resolve => {
        this.#client.publish(topic, payload, { qos: 1, retain }, error =>
          resolve(error ? 'closed' : 'acknowledged'),
        );
        this.#client.once('close', () => resolve('closed'));
      }),
    );
    return done ?? 'silent';
  }

  /** What fits, past or to come, within `ms`. */
  async hears(fits: (heard: Heard) => boolean, ms = answerLimitMs): Promise<Heard | undefined> {
    return this.#until(() => this.heard.find(fits), ms);
  }

  /** True when the connection ends within `ms`. */
  async ends(ms = answerLimitMs): Promise<boolean> {
    return (await this.#until(() => this.closed || undefined, ms)) === true;
  }

  /** Gone without a word, as a machine that loses its power: the broker publishes the will. */
  kill(): void {
    this.#client.stream.destroy();
    this.#client.end(true);
  }

  async leave(): Promise<void> {
    if (!this.closed) await limited(this.#client.endAsync());
    this.#client.end(true);
  }

  async #until<T>(look: () => T | undefined, ms: number): Promise<T | undefined> {
    const endMs = performance.now() + ms;
    for (;;) {
      const found = look();
      const leftMs = endMs - performance.now();
      if (found !== undefined || leftMs <= 0) return found;
      await limited(new Promise<void>(resolve => this.#changed.push(resolve)), leftMs);
    }
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

function optionsOf({ name, password, clientId = name, will, ca }: Login): IClientOptions {
  return {
    ...{ clientId, username: name, password, protocolVersion: 4, clean: true, reconnectPeriod: 0 },
    ...{ connectTimeout: answerLimitMs, resubscribe: false, keepalive: 30 },
    ...(ca === undefined ? {} : { ca }),
    ...(will === undefined ? {} : { will: { ...will, qos: 1, retain: true } }),
  };
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'number' ? `CONNACK ${error.code}` : undefined;
}

/** What `work` gives, or undefined after the limit. */
async function limited<T>(work: Promise<T>, ms = answerLimitMs): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
