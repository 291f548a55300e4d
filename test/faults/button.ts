/** A button on real MQTT: repeats a press until it is answered, believes only its own signed statuses, keeps a diary. */
import { Socket } from 'node:net';
import { connect, type MqttClient } from 'mqtt';
import type { Action, Press, Status } from '../../protocol/src/messages.ts';
import { decode, encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { statusSchema } from '../../protocol/src/node/schemas.ts';
import { pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { PressPlan } from './plan.ts';
import type { Site } from './site.ts';

/** An unanswered press is published again after this; a real button takes a few seconds more (milliseconds). */
const repeatMs = 700;

/** How often a button looks whether what it waits for has come (milliseconds). */
const lookMs = 25;

/** A retained message comes with the subscription (milliseconds). */
const retainedLimitMs = 10_000;

export interface Heard {
  atMs: number;
  status: Status;
}

export class FaultButton {
  readonly name: string;
  /** Everything heard, oldest first. */
  readonly heard: Heard[] = [];
  /** Press numbers used so far, and what each asked for. */
  readonly pressed = new Map<number, Action>();
  /** Publishes, repetitions included. */
  deliveries = 0;
  /** What no genuine lab may say. */
  readonly complaints: string[] = [];
  readonly #key: ReturnType<typeof keyFromBytes>;
  readonly #client: MqttClient;
  readonly #late = new Set<NodeJS.Timeout>();
  readonly #onHeard: (status: Status) => void;
  #last = 0;
  /** The highest number that has left the button. */
  #delivered = 0;
  /** Presses that wait until the next one has been delivered. */
  #overtaken: Buffer[] = [];

  constructor(site: Site, name: string, relayPort: number, onHeard: (status: Status) => void) {
    this.name = name;
    this.#onHeard = onHeard;
    this.#key = keyFromBytes(site.keys.get(name) ?? Buffer.alloc(32));
    this.#client = connectAs(site, name, relayPort);
    this.#client.on('connect', () => this.#client.subscribe(statusTopic(name), { qos: 1 }));
    this.#client.on('message', (topic, payload) => this.#hear(topic, payload));
  }

  /** The newest status of this press, if there is one. */
  answerTo(press: number): Status | undefined {
    return this.heard.findLast(({ status }) => status.press === press)?.status;
  }

  /** True when the newest press that has left the button has an answer. */
  get answered(): boolean {
    return this.#delivered === 0 || this.heard.some(({ status }) => status.press >= this.#delivered);
  }

  /** True when nothing of it will be delivered any more. */
  get quiet(): boolean {
    return this.#late.size === 0;
  }

  /**
   * One press as the plan wants it, until it has ended, patience is over, or `signal` says stop (an answer is waited
   * for in any case). Returns its number.
   */
  async press(plan: PressPlan, signal: AbortSignal): Promise<number> {
    const press = ++this.#last;
    this.pressed.set(press, plan.action);
    const payload = encode(this.#key, pressTopic(this.name), bodyOf(press, plan.action));
    if (plan.overtaken) {
      this.#overtaken.push(payload);
      return press;
    }
    this.#delivered = press;
    this.#publish(payload);
    for (const late of this.#overtaken.splice(0)) this.#publish(late);
    for (const afterMs of plan.againMs) this.#later(afterMs, payload);
    await this.#untilAnswered(press, payload);
    const endMs = performance.now() + plan.patienceMs;
    const hasEnded = () => isEnd(this.answerTo(press));
    while (!hasEnded() && performance.now() < endMs && !signal.aborted) await pause(lookMs);
    return press;
  }

  close(): Promise<void> {
    for (const timer of this.#late) clearTimeout(timer);
    return this.#client.endAsync(true);
  }

  /** Ends: at the latest with the whole run, whose limit is above all of this. */
  async #untilAnswered(press: number, payload: Buffer): Promise<void> {
    let againMs = performance.now() + repeatMs;
    while (this.answerTo(press) === undefined && this.#client.disconnecting === false) {
      await pause(lookMs);
      if (performance.now() < againMs) continue;
      againMs = performance.now() + repeatMs;
      // Offline it waits in the client for the connection: one of them is enough.
      if (this.#client.connected) this.#publish(payload);
    }
  }

  #later(afterMs: number, payload: Buffer): void {
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      this.#publish(payload);
    }, afterMs);
    this.#late.add(timer);
  }

  #publish(payload: Buffer): void {
    this.deliveries++;
    // The client gives it up only when it is closed.
    this.#client.publish(pressTopic(this.name), payload, { qos: 1 }, () => {});
  }

  #hear(topic: string, payload: Buffer): void {
    const decoded = decode(this.#key, topic, payload, statusSchema);
    if (!decoded.ok) {
      this.complaints.push(`a status that cannot be read: ${decoded.detail}`);
      return;
    }
    this.heard.push({ atMs: Date.now(), status: decoded.message });
    this.#onHeard(decoded.message);
  }
}

/** The status that the relay keeps for a button, as a newcomer hears it; undefined when there is none. */
export async function retainedOf(site: Site, name: string, relayPort: number): Promise<Status | undefined> {
  const client = connectAs(site, name, relayPort);
  const key = keyFromBytes(site.keys.get(name) ?? Buffer.alloc(32));
  let status: Status | undefined;
  client.on('connect', () => client.subscribe(statusTopic(name), { qos: 1 }));
  client.on('message', (topic, payload) => {
    const decoded = decode(key, topic, payload, statusSchema);
    if (decoded.ok) status = decoded.message;
  });
  const endMs = performance.now() + retainedLimitMs;
  while (status === undefined && performance.now() < endMs) await pause(lookMs);
  await client.endAsync(true);
  return status;
}

function connectAs(site: Site, name: string, port: number): MqttClient {
  const client = connect({
    protocol: 'mqtt',
    host: '127.0.0.1',
    port,
    clientId: name,
    username: name,
    password: site.passwords.get(name) ?? '',
    reconnectPeriod: 150,
    connectTimeout: 5_000,
    keepalive: 15,
    // The button subscribes by itself on every connection.
    resubscribe: false,
  });
  // The relay dies all the time here; the client comes back by itself.
  client.on('error', () => {});
  client.on('connect', () => {
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  });
  return client;
}

function bodyOf(press: number, action: Action): Press {
  return {
    press,
    action,
    time: Math.floor(Date.now() / 1000),
    batteryMv: 3900,
    rssiDbm: -60,
    firmware: '0.1.0',
    bootMs: 300,
    wifiMs: 900,
    relayMs: 200,
  };
}

export function isEnd(status: Status | undefined): boolean {
  return status !== undefined && ['ready', 'rejected', 'failed', 'released'].includes(status.state);
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
