/** The real relay with all four kinds of door, and a provisioner's link that proves itself through them. */
import { randomBytes } from 'node:crypto';
import { connectAsync } from 'mqtt';
import { type Logger, silentLog } from '../../config/src/log.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { ProxyAddress, RelayAddress } from '../../provisioner/src/way/addresses.ts';
import { Link } from '../../provisioner/src/way/link.ts';
import { type Relay, startRelay } from '../../relay/src/relay.ts';
import { makeUsers } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { makeServerPair } from '../../simulator/ccp/certificates.ts';
import { secretName } from './proxies-programs.ts';

export const schemes = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
export type Scheme = (typeof schemes)[number];

/** Longest wait for what takes milliseconds on a machine with nothing else to do. */
const patienceMs = 10_000;

export interface Doors {
  relay: Relay;
  /** Where this door is, for a provisioner. `host` as the certificate has it too. */
  door(scheme: Scheme, host?: string): RelayAddress;
  passwords: Record<string, string>;
  close(): Promise<void>;
}

/**
 * `sites` provisioners, each with one button: site lab-0 with button house-0 and so on. `places` moves doors from
 * 127.0.0.1 and a free port to somewhere else.
 */
export async function startDoors(
  sites = 1,
  places: Partial<Record<Scheme, { host: string; port: number }>> = {},
): Promise<Doors> {
  const names = Array.from({ length: sites }, (_, i) => [`lab-${i}`, `house-${i}`]).flat();
  const passwords = Object.fromEntries(names.map(name => [name, randomBytes(32).toString('base64')]));
  const users = makeUsers(
    names.map(name => ({
      name,
      role: name.startsWith('lab') ? ('provisioner' as const) : ('button' as const),
      site: name.replace('house', 'lab'),
      verifier: makeVerifier(passwords[name] ?? ''),
    })),
  );
  const pair = await makeServerPair('relay', [
    ...['127.0.0.1', 'localhost', secretName],
    ...Object.values(places).map(({ host }) => host),
  ]);
  const relay = await startRelay({
    host: '127.0.0.1',
    users,
    doors: schemes.map(kind => ({ kind, port: 0, ...places[kind] })),
    certificates: [{ cert: pair.certPem, key: pair.keyPem }],
    log: silentLog,
    // The tests measure the way: one button presses hundreds of times.
    limits: { buttonMessageBurst: 10_000 },
  });
  return {
    relay,
    passwords,
    door: (scheme, host = 'localhost') => ({
      host,
      port: relay.doors.find(({ kind }) => kind === scheme)?.port ?? 0,
      tls: scheme.endsWith('s') && scheme !== 'ws',
      ...(scheme.startsWith('ws') ? { path: '/mqtt' } : {}),
      ...(scheme === 'mqtts' || scheme === 'wss' ? { ca: pair.certPem } : {}),
    }),
    close: relay.close,
  };
}

export interface LabLink {
  link: Link;
  /** What arrived, newest last. */
  heard: { topic: string; payload: Buffer }[];
  /** Called for each message as it comes. */
  onMessage: (topic: string, payload: Buffer) => void;
}

/** A provisioner's link to `relay`, as the provisioner makes it. */
export function labLink(
  doors: Pick<Doors, 'passwords'>,
  relay: RelayAddress,
  proxy?: ProxyAddress,
  { index = 0, log = silentLog }: { index?: number; log?: Logger } = {},
): LabLink {
  const site = `lab-${index}`;
  const will = { topic: beaconTopic(site), payload: Buffer.from('offline') };
  const lab: LabLink = { heard: [], onMessage: () => {}, link: undefined as unknown as Link };
  lab.link = new Link({
    relay: { ...relay, user: site, password: doors.passwords[site] ?? '' },
    ...(proxy === undefined ? {} : { proxy }),
    topics: [pressTopic(`house-${index}`)],
    will: () => will,
    onMessage: (topic, payload) => {
      lab.heard.push({ topic, payload });
      lab.onMessage(topic, payload);
    },
    onUp: () => {},
    onSettle: () => {},
    log,
    random: Math.random,
  });
  return lab;
}

export function stopLink({ link }: LabLink): Promise<void> {
  return link.stop({ topic: beaconTopic('lab-0'), payload: Buffer.from('offline') });
}

/**
 * One message each way over the link: a press for it, a status from it. Throws with the link's last error when it
 * does not come up, or a word for what did not arrive.
 */
export async function proveBothWays(doors: Doors, lab: LabLink): Promise<void> {
  if (!(await lab.link.whenUp(patienceMs)))
    throw new Error(lab.link.lastError ?? 'not up, and no reason given');
  const button = await connectAsync(doors.relay.url, {
    clientId: 'house-0',
    username: 'house-0',
    password: doors.passwords['house-0'] ?? '',
    reconnectPeriod: 0,
  });
  try {
    const answered = new Promise<void>(resolve => button.once('message', () => resolve()));
    await button.subscribeAsync(statusTopic('house-0'), { qos: 1 });
    const text = randomBytes(16).toString('hex');
    lab.onMessage = (_, payload) => lab.link.publish(statusTopic('house-0'), payload, false);
    await button.publishAsync(pressTopic('house-0'), text, { qos: 1 });
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`no answer; heard ${lab.heard.length}`)), patienceMs).unref();
    });
    await Promise.race([answered, late]);
    if (String(lab.heard.at(-1)?.payload) !== text) throw new Error('the press arrived changed');
  } finally {
    await button.endAsync(true);
  }
}

/** The link's complaint, once it has one. */
export async function complaint({ link }: LabLink): Promise<string> {
  const giveUpAt = performance.now() + patienceMs;
  while (link.lastError === undefined) {
    if (performance.now() > giveUpAt) throw new Error('no complaint');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return link.lastError;
}
