/** A whole lab for a test: a real relay, the platform simulator, a provisioner, and a button on real MQTT. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { silentLog } from '../../config/src/log.ts';
import type { Beacon, Press, Status } from '../../protocol/src/messages.ts';
import { decode, encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { beaconSchema, statusSchema } from '../../protocol/src/node/schemas.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import type { Limits } from '../../relay/src/limits.ts';
import { type Relay, startRelay } from '../../relay/src/relay.ts';
import { makeUsers } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import {
  type CcpSimulator,
  type CcpSimulatorOptions,
  startCcpSimulator,
} from '../../simulator/ccp/simulator.ts';

export const site = 'lab';
/** 160 nominal seconds in 1.6 real ones. */
export const speed = 100;

/** Each simulator of one test process has addresses of its own, so that API servers do not meet. */
let nextPool = process.pid % 200;

export interface Lab {
  relay: Relay;
  ccp: CcpSimulator;
  folder: string;
  keys: Record<string, Buffer>;
  passwords: Record<string, string>;
  config: ProvisionerConfig;
  /** Starts a relay again on the same port. */
  restartRelay(): Promise<void>;
  close(): Promise<void>;
}

export function template(ccp: CcpSimulator): Record<string, unknown> {
  return {
    ...sampleOrder(),
    ingress_vip_pool_id: ccp.inventory.subnet.uuid,
    load_balancer_ip_num: 1,
    network_plugin: { name: 'calico', status: '' },
  };
}

export async function startLab(
  options: {
    buttons?: string[];
    unknownToRelay?: string[];
    ccp?: CcpSimulatorOptions;
    limits?: Partial<Limits>;
  } = {},
): Promise<Lab> {
  const buttons = options.buttons ?? ['house-01'];
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  const passwords = Object.fromEntries(
    [site, ...buttons].map(name => [name, randomBytes(32).toString('base64')]),
  );
  const keys = Object.fromEntries(buttons.map(name => [name, randomBytes(32)]));
  const known = buttons.filter(name => !options.unknownToRelay?.includes(name));
  const users = makeUsers([
    { name: site, role: 'provisioner', site, verifier: makeVerifier(passwords[site] ?? '') },
    ...known.map(name => ({
      name,
      role: 'button' as const,
      site,
      verifier: makeVerifier(passwords[name] ?? ''),
    })),
  ]);
  const open = (port: number) =>
    startRelay({ host: '127.0.0.1', port, users, log: silentLog, limits: options.limits ?? {} });
  nextPool = (nextPool + 1) % 200;
  const ccp = await startCcpSimulator({ speed, addressPool: `127.${30 + nextPool}.0.0/16`, ...options.ccp });
  const lab: Lab = {
    relay: await open(0),
    ccp,
    folder,
    keys,
    passwords,
    config: {} as ProvisionerConfig,
    restartRelay: async () => {
      await lab.relay.close();
      lab.relay = await open(lab.relay.port);
    },
    close: async () => {
      await Promise.all([lab.relay.close(), ccp.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  lab.config = {
    site,
    siteKey: randomBytes(32),
    relay: {
      host: '127.0.0.1',
      port: lab.relay.port,
      tls: false,
      user: site,
      password: passwords[site] ?? '',
    },
    journal: join(folder, 'journal'),
    platforms: {
      ccp: {
        type: 'ccp',
        url: ccp.url,
        username: ccp.user,
        password: ccp.password,
        trust: { ca: ccp.caPem },
      },
    },
    profiles: {
      house: {
        platform: 'ccp',
        rangePool: '172.16.0.0/12',
        rangePrefix: 20,
        expectS: Math.ceil(160 / speed),
        deadlineS: 20,
        template: template(ccp),
      },
    },
    buttons: Object.fromEntries(
      buttons.map(name => [name, { profile: 'house', key: keys[name] ?? Buffer.alloc(32) }]),
    ),
  };
  return lab;
}

/** A button: only its MQTT side, with the real client. */
export class TestButton {
  readonly statuses: Status[] = [];
  readonly beacons: Beacon[] = [];
  readonly #client: MqttClient;
  readonly #name: string;
  readonly #key: Buffer;
  #changed: (() => void)[] = [];

  private constructor(client: MqttClient, name: string, key: Buffer) {
    this.#client = client;
    this.#name = name;
    this.#key = key;
  }

  static async connect(lab: Lab, name = 'house-01'): Promise<TestButton> {
    const client = await connectAsync(lab.relay.url, {
      clientId: name,
      username: name,
      password: lab.passwords[name] ?? '',
      reconnectPeriod: 50,
    });
    client.on('error', () => {});
    // MQTT.js leaves Nagle on, which holds our PUBACKs, and so the next press, back for 40 ms.
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
    const button = new TestButton(client, name, lab.keys[name] ?? Buffer.alloc(32));
    const siteKey = keyFromBytes(lab.config.siteKey);
    client.on('message', (topic, payload) => {
      if (topic === statusTopic(name)) button.#hear(topic, payload);
      const beacon = decode(siteKey, topic, payload, beaconSchema);
      if (topic === beaconTopic(site) && beacon.ok) button.beacons.push(beacon.message);
      for (const resolve of button.#changed.splice(0)) resolve();
    });
    await client.subscribeAsync([statusTopic(name), beaconTopic(site)], { qos: 1 });
    return button;
  }

  #hear(topic: string, payload: Buffer): void {
    const status = decode(keyFromBytes(this.#key), topic, payload, statusSchema);
    if (!status.ok) throw new Error(`a status that the button cannot read: ${status.detail}`);
    this.statuses.push(status.message);
  }

  /** Publishes a press; `change` makes it special. */
  async press(press: number, change: Partial<Press> = {}, key: Buffer = this.#key): Promise<void> {
    const body = { ...pressBody(press), ...change };
    await this.raw(encode(keyFromBytes(key), pressTopic(this.#name), body));
  }

  raw(payload: Buffer | string): Promise<unknown> {
    return this.#client.publishAsync(pressTopic(this.#name), payload, { qos: 1 });
  }

  /** The first status, past or to come, that fits. */
  async until(fits: (status: Status) => boolean, limitMs = 10_000): Promise<Status> {
    const endMs = performance.now() + limitMs;
    while (performance.now() < endMs) {
      const found = this.statuses.find(fits);
      if (found !== undefined) return found;
      await Promise.race([
        new Promise<void>(resolve => this.#changed.push(resolve)),
        new Promise(resolve => setTimeout(resolve, 100)),
      ]);
    }
    throw new Error(`no such status within ${limitMs} ms; last: ${JSON.stringify(this.statuses.at(-1))}`);
  }

  close(): Promise<void> {
    return this.#client.endAsync(true);
  }
}

export function pressBody(press: number): Press {
  return {
    press,
    action: 'create',
    time: Math.floor(Date.now() / 1000),
    batteryMv: 3900,
    rssiDbm: -60,
    firmware: '0.1.0',
    bootMs: 300,
    wifiMs: 900,
    relayMs: 200,
  };
}

/** Waits until `holds`, or throws. */
export async function eventually(holds: () => boolean, limitMs = 5_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${holds}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
