/** The two ends that are measured, on the real MQTT.js. */
import { Socket } from 'node:net';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Press } from '../../protocol/src/messages.ts';
import { encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { pressTopic } from '../../protocol/src/topics.ts';
import { type Logins, pinger } from './logins.ts';
import type { Part } from './part.ts';

async function connect(relay: Part, name: string, password: string): Promise<MqttClient> {
  const client = await connectAsync(relay.told.url ?? '', { clientId: name, username: name, password });
  // MQTT.js leaves Nagle on, which would be measured as 40 ms.
  if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  return client;
}

function bodyOf(press: number): Press {
  const time = Math.floor(Date.now() / 1000);
  const told = { batteryMv: 3900, rssiDbm: -60, firmware: '0.1.0', bootMs: 300, wifiMs: 900, relayMs: 200 };
  return { press, action: 'create', time, ...told };
}

/** A message of a press's size from one client to another through the relay: nothing that we do can be faster. */
export class Pinger {
  readonly #from: MqttClient;
  readonly #to: MqttClient;
  readonly #payload: Buffer;

  private constructor(from: MqttClient, to: MqttClient, payload: Buffer) {
    this.#from = from;
    this.#to = to;
    this.#payload = payload;
  }

  static async connect(relay: Part, logins: Logins): Promise<Pinger> {
    const from = await connect(relay, pinger, logins.password);
    const to = await connect(relay, 'elsewhere', logins.password);
    await to.subscribeAsync(pressTopic(pinger), { qos: 1 });
    return new Pinger(from, to, encode(keyFromBytes(logins.key), pressTopic(pinger), bodyOf(1)));
  }

  /** Milliseconds from PUBLISH to its delivery. */
  async roundTrip(): Promise<number> {
    const delivered = new Promise<number>(resolve =>
      this.#to.once('message', () => resolve(performance.now())),
    );
    const sentAt = performance.now();
    await this.#from.publishAsync(pressTopic(pinger), this.#payload, { qos: 1 });
    return (await delivered) - sentAt;
  }

  async close(): Promise<void> {
    await Promise.all([this.#from.endAsync(true), this.#to.endAsync(true)]);
  }
}

export class PressingButton {
  readonly #client: MqttClient;
  readonly #topic: string;
  readonly #payload: Buffer;

  private constructor(client: MqttClient, name: string, key: Buffer) {
    this.#client = client;
    this.#topic = pressTopic(name);
    this.#payload = encode(keyFromBytes(key), this.#topic, bodyOf(1));
  }

  static async connect(relay: Part, logins: Logins, name: string): Promise<PressingButton> {
    return new PressingButton(await connect(relay, name, logins.password), name, logins.key);
  }

  /** Publishes; returns when, in milliseconds of this process's clock. */
  async press(): Promise<number> {
    const sentAt = performance.now();
    await this.#client.publishAsync(this.#topic, this.#payload, { qos: 1 });
    return sentAt;
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
