/** Senders and receivers at one broker, and the two ways in which they are kept busy. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pressTopic } from '../../protocol/src/topics.ts';
import { inTurn } from './in-turn.ts';
import { LeanClient, type Listener, publishTemplate, type Template } from './lean-client.ts';
import { buttonTopics, crowdButton, crowdProvisioner, pairButton, pairProvisioner } from './logins.ts';

/** A press of ours has some 250 bytes; 100 are what brokers are commonly measured with. */
const payloadBytes = 100;
/** Logins at a time while a measurement is set up. */
const setupAtOnce = 50;
/** A message that has not come after this long is lost (ms). */
const lostAfterMs = 20_000;

interface Sender {
  client: LeanClient;
  template: Template;
}

export interface Flood {
  /** Messages delivered. */
  count: number;
  ms: number;
}

/** The payload begins with the sender's index and the time of sending. */
function fillWith(index: number): (payload: Buffer) => void {
  return payload => {
    payload.writeUInt32BE(index, 0);
    payload.writeDoubleBE(performance.now(), 4);
  };
}

export class Traffic {
  readonly #senders: Sender[];
  readonly #receivers: LeanClient[];
  #lost: string | undefined;

  private constructor(senders: Sender[], receivers: LeanClient[]) {
    this.#senders = senders;
    this.#receivers = receivers;
    for (const client of this.#all()) {
      client.onLost = why => {
        this.#lost = why;
      };
    }
  }

  /** `count` sites, each with one button and one provisioner. */
  static async pairs(listener: Listener, password: string, count: number): Promise<Traffic> {
    const receivers = await inTurn(count, setupAtOnce, i =>
      receiver(listener, password, pairProvisioner(i), [pairButton(i)]),
    );
    const senders = await inTurn(count, setupAtOnce, i =>
      sender(listener, password, pairButton(i), pairProvisioner(i)),
    );
    return new Traffic(senders, receivers);
  }

  /** One site with `count` buttons. */
  static async crowd(listener: Listener, password: string, count: number): Promise<Traffic> {
    const names = Array.from({ length: count }, (_, i) => crowdButton(i));
    const hall = await receiver(listener, password, crowdProvisioner, names);
    const senders = await inTurn(count, setupAtOnce, i =>
      sender(listener, password, crowdButton(i), crowdProvisioner),
    );
    return new Traffic(senders, [hall]);
  }

  /** Messages at an even rate, one sender after the other: how long each took to its delivery (ms). */
  async latency(perSecond: number, ms: number): Promise<number[]> {
    const took: number[] = [];
    this.#onMessage(payload => took.push(performance.now() - payload.readDoubleBE(4)));
    const startedAt = performance.now();
    let sent = 0;
    for (let passed = 0; passed < ms; passed = performance.now() - startedAt) {
      for (const due = (passed * perSecond) / 1000; sent < due; sent++)
        this.#send(sent % this.#senders.length);
      await sleep(1);
    }
    await this.#until(() => sent - took.length);
    return took;
  }

  /** Each sender keeps `window` messages on the way, for `ms`. */
  async flood(window: number, ms: number): Promise<Flood> {
    const startedAt = performance.now();
    const touched = new Set<number>();
    let sent = 0;
    let count = 0;
    let over = false;
    const send = (index: number) => {
      const { client, template } = this.#senders[index] as Sender;
      client.publish(template, fillWith(index));
      touched.add(index);
      sent++;
    };
    const flush = () => {
      for (const index of touched) this.#senders[index]?.client.flush();
      touched.clear();
    };
    this.#onMessage(payload => {
      count++;
      if (!over) send(payload.readUInt32BE(0));
    }, flush);
    for (const index of this.#senders.keys()) for (let i = 0; i < window; i++) send(index);
    flush();
    await sleep(ms);
    const result = { count, ms: performance.now() - startedAt };
    over = true;
    await this.#until(() => sent - count);
    return result;
  }

  close(): void {
    for (const client of this.#all()) client.close();
  }

  #all(): LeanClient[] {
    return [...this.#senders.map(({ client }) => client), ...this.#receivers];
  }

  #send(index: number): void {
    const { client, template } = this.#senders[index] as Sender;
    client.publish(template, fillWith(index));
    client.flush();
  }

  #onMessage(onMessage: (payload: Buffer) => void, onRead: () => void = () => {}): void {
    for (const client of this.#receivers) Object.assign(client, { onMessage, onRead });
  }

  /** Waits for the messages that are still on the way. */
  async #until(missing: () => number): Promise<void> {
    const giveUpAt = performance.now() + lostAfterMs;
    while (missing() > 0) {
      if (this.#lost !== undefined) throw new Error(`a client was dropped: ${this.#lost}`);
      if (performance.now() > giveUpAt) throw new Error(`${missing()} messages were lost`);
      await sleep(2);
    }
  }
}

async function receiver(
  listener: Listener,
  password: string,
  name: string,
  buttons: string[],
): Promise<LeanClient> {
  const client = await LeanClient.connect(listener, name, password);
  await client.subscribe(buttons.map(pressTopic));
  return client;
}

async function sender(listener: Listener, password: string, name: string, site: string): Promise<Sender> {
  const client = await LeanClient.connect(listener, name, password);
  await client.subscribe(buttonTopics(name, site));
  return { client, template: publishTemplate(pressTopic(name), payloadBytes) };
}
