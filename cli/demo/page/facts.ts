/** What really happens in the demo's world, gathered for its page. */
import mqttPacket, { type Packet } from 'mqtt-packet';
import type { Facts, Notice, PressFact } from '../../../page/src/facts.ts';
import type { TroubleName } from '../../../page/src/troubles.ts';
import { pressTopic } from '../../../protocol/src/topics.ts';
import type { PressRecord } from '../../../provisioner/src/journal/records.ts';
import type { World } from '../world.ts';

/** How many of each kind are told to a page. */
const maxKept = 40;

/** What comes into the lab through its proxy: MQTT in plain text, since this is a demo. */
export class ProxyTap {
  readonly passed: Facts['passed'] = [];
  last: { button: string; payload: Buffer } | undefined;
  readonly #topics: ReadonlyMap<string, string>;

  constructor(buttons: readonly string[]) {
    this.#topics = new Map(buttons.map(button => [pressTopic(button), button]));
  }

  /** For each tunnel: takes what comes back from the relay. */
  readonly tunnel = (): ((bytes: Buffer) => void) => {
    const parser = mqttPacket.parser();
    let readable = true;
    parser.on('error', () => {
      readable = false;
    });
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd !== 'publish') return;
      const button = this.#topics.get(packet.topic);
      if (button === undefined) return;
      this.last = { button, payload: Buffer.from(packet.payload) };
      this.passed.push({ button, at: Date.now() });
      this.passed.splice(0, this.passed.length - maxKept);
    });
    return bytes => {
      if (readable) parser.parse(bytes);
    };
  };
}

export interface Told {
  id: string;
  speed: number;
  tap: ProxyTap;
  troubles: ReadonlySet<TroubleName>;
  notices: readonly Notice[];
}

/** All that a page is told, now. */
export function factsOf(world: World, { id, speed, tap, troubles, notices }: Told): Facts {
  const provisioner = world.provisionerPart.current();
  const presses = provisioner?.presses() ?? known.get(world) ?? [];
  known.set(world, presses);
  return {
    world: id,
    speed,
    settingsFile: world.provisionerFile,
    relay: world.relayPart.current() !== undefined,
    provisioner: provisioner?.connected ?? false,
    troubles: [...troubles],
    presses: presses.slice(-maxKept).map(factOf),
    passed: tap.passed,
    notices: notices.slice(-maxKept),
  };
}

/** What the journal said last, while nobody is there to read it. */
const known = new WeakMap<World, PressRecord[]>();

function factOf({ button, press, cluster, step, history, percent, address, line }: PressRecord): PressFact {
  return {
    ...{ button, press, cluster, step, percent },
    history: history.map(({ step, at }) => ({ step, at })),
    ...(address === undefined ? {} : { address }),
    ...(line === undefined ? {} : { line }),
  };
}
