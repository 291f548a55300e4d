/**
 * A lab by script on the virtual clock: a real login at the real relay, signed messages, and the provisioner's own
 * decision about each press. Only the building is make-believe: a list of statuses, each after so many seconds.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import { button, keys, passwords, site } from '../../bench/energy/party.ts';
import { stayOnlineS } from '../../firmware/src/limits.ts';
import { beaconEveryS, type Press, type Status } from '../../protocol/src/messages.ts';
import { decode, encode } from '../../protocol/src/node/envelope.ts';
import { pressSchema } from '../../protocol/src/node/schemas.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { decide } from '../../provisioner/src/presses/intake.ts';
import { rulesOf } from '../../provisioner/src/settings/rules.ts';
import type { Clock } from '../../simulator/board/clock.ts';

/** A status of a build: seconds after `accepted`, and what it says. */
export type Chapter = [afterS: number, said: Pick<Status, 'state' | 'percent' | 'lookAgainS'>];

/** The virtual clock's zero: the first of January 2026, in seconds since 1970. */
const epochS = 1_767_225_600;

/** A build that is followed over one connection, long enough for two pings of the keep-alive. */
export const followed: readonly Chapter[] = [
  [0, { state: 'accepted', percent: 0, lookAgainS: stayOnlineS }],
  [3, { state: 'provisioning', percent: 40, lookAgainS: stayOnlineS }],
  [40, { state: 'verifying', percent: 95, lookAgainS: stayOnlineS }],
  [48, { state: 'ready', percent: 100, lookAgainS: 0 }],
];

/** A build that is looked at now and then, the radio off in between. */
export const lookedAt: readonly Chapter[] = [
  [0, { state: 'accepted', percent: 0, lookAgainS: 60 }],
  [30, { state: 'provisioning', percent: 40, lookAgainS: 60 }],
  [90, { state: 'ready', percent: 100, lookAgainS: 0 }],
];

/** Ready soon. */
export const quick: readonly Chapter[] = [
  [0, { state: 'accepted', percent: 0, lookAgainS: stayOnlineS }],
  [1, { state: 'ready', percent: 100, lookAgainS: 0 }],
];

/** Given back soon. */
const release: readonly Chapter[] = [
  [0, { state: 'releasing', percent: 0, lookAgainS: stayOnlineS }],
  [5, { state: 'released', percent: 100, lookAgainS: 0 }],
];

const blank = { cluster: '', phase: '', percent: 0, upTo: 0, leftS: 0, lookAgainS: 0 };
export const idle: Status = { ...blank, press: 0, seq: 0, state: 'idle' };

export class ScriptedLab {
  /** Clusters that were ordered: one for each press that was accepted. */
  clusters: string[] = [];
  /** Every press number that came with a good signature. */
  numbers = new Set<number>();
  /** What came on the press topic and was not a good press. */
  bad = 0;
  /** Seconds that the beacon's clock is behind. */
  beaconLateS = 0;
  readonly #client: MqttClient;
  #story: readonly Chapter[] = [];
  #clock: Clock | undefined;
  #status: Status = idle;
  #building: number | undefined;
  #releasing: number | undefined;
  #live: number | undefined;
  #said: Promise<unknown> = Promise.resolve();

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => this.#take(topic, payload));
  }

  static async open(relayUrl: string): Promise<ScriptedLab> {
    const login = { clientId: site, username: site, password: passwords[site] ?? '' };
    const client = await connectAsync(relayUrl, { ...login, reconnectPeriod: 0 });
    const lab = new ScriptedLab(client);
    await client.subscribeAsync(pressTopic(button), { qos: 1 });
    return lab;
  }

  close(): Promise<void> {
    return this.#client.endAsync(true);
  }

  /** Forgets everything and begins with `status` as the retained one. */
  async reset(clock: Clock, story: readonly Chapter[], status: Status = idle): Promise<void> {
    await this.#said;
    this.clusters = [];
    this.numbers = new Set();
    this.bad = 0;
    this.beaconLateS = 0;
    this.#building = undefined;
    this.#releasing = undefined;
    this.#live = status.state === 'ready' ? status.press : undefined;
    this.#clock = clock;
    this.#story = story;
    this.sayStatus(status);
    this.#tick(clock);
    await this.#said;
  }

  sayBeacon(state: 'online' | 'offline' = 'online'): void {
    const topic = beaconTopic(site);
    this.say(topic, encode(keys.site, topic, { state, time: this.#nowS() - this.beaconLateS }));
  }

  sayStatus(status: Status): void {
    this.#status = status;
    const topic = statusTopic(button);
    this.say(topic, encode(keys.button, topic, status));
  }

  #tick(clock: Clock): void {
    if (clock !== this.#clock) return;
    this.sayBeacon();
    clock.later(beaconEveryS * 1000, () => this.#tick(clock));
  }

  /** Retained. The clock stands still until the relay has it. */
  say(topic: string, payload: Buffer): void {
    const release = this.#clock?.hold(`the relay takes ${topic}`);
    this.#said = this.#said
      .then(() => this.#client.publishAsync(topic, payload, { qos: 1, retain: true }))
      .finally(release);
  }

  #nowS(): number {
    return epochS + Math.floor((this.#clock?.nowMs() ?? 0) / 1000);
  }

  #take(topic: string, payload: Buffer): void {
    const read = decode(keys.button, topic, payload, pressSchema);
    if (read.ok) this.#answer(read.message);
    else this.bad++;
  }

  #answer(press: Press): void {
    const { press: number } = press;
    const decision = decide(
      {
        lastPress: this.#status.press,
        heard: this.numbers.has(number),
        standing: 0,
        standingOfAll: 0,
        rules: rulesOf(),
        ...(this.#building === undefined ? {} : { building: this.#building }),
        ...(this.#releasing === undefined ? {} : { releasing: this.#releasing }),
        ...(this.#live === undefined ? {} : { live: this.#live }),
      },
      press,
      this.#nowS(),
    );
    this.numbers.add(number);
    switch (decision.kind) {
      case 'accept':
        this.#building = number;
        this.clusters.push(`${button}-${number}`);
        this.#tell(number, number, this.#story);
        break;
      case 'release':
        this.#releasing = decision.of;
        this.#tell(number, decision.of, release);
        break;
      case 'join':
        this.sayStatus({ ...this.#status, press: number, seq: 1 });
        break;
      case 'reject': {
        const { code, line } = decision;
        this.sayStatus({ ...blank, press: number, seq: 1, state: 'rejected', code, line });
        break;
      }
      default:
        this.sayStatus(this.#status);
    }
  }

  /** Tells a story about the cluster of press `of`. */
  #tell(press: number, of: number, story: readonly Chapter[]): void {
    for (const [index, [afterS, said]] of story.entries()) {
      const text = { cluster: `${button}-${of}`, phase: said.state, upTo: said.percent };
      const times = { leftS: said.lookAgainS > 0 ? 60 : 0 };
      const address = said.state === 'ready' ? { address: '10.10.20.31' } : {};
      const tell = () => {
        if (said.state === 'ready') [this.#building, this.#live] = [undefined, of];
        if (said.state === 'released') [this.#releasing, this.#live] = [undefined, undefined];
        // A press that joined meanwhile has the news under its own number.
        const newest = Math.max(press, this.#status.press);
        this.sayStatus({ ...text, ...times, ...said, ...address, press: newest, seq: index + 1 });
      };
      if (afterS === 0) tell();
      else this.#clock?.later(afterS * 1000, tell);
    }
  }
}
