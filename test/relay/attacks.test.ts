/** The attack table: what a stranger, a stolen button or a stolen provisioner may try, each with what comes of it. */
import type { IConnackPacket, IConnectPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Relay } from '../../relay/src/relay.ts';
import { pause, until } from '../fixtures/patience.ts';
import {
  connectPacket,
  keys,
  login,
  messagesOf,
  publishPacket,
  type Raw,
  rawClient,
  relayForTest,
  subscribePacket,
} from './fixtures/helpers.ts';

/** Everything that an attack could reach: presses at the provisioner, status and beacon at two buttons. */
interface Honest {
  relay: Relay;
  heard: string[][];
  /** A press goes through and nothing else was heard by anybody. */
  unharmed(): Promise<void>;
}

async function honest(): Promise<Honest> {
  const relay = await relayForTest();
  const provisioner = await login(relay, 'lab-provisioner');
  const house = await login(relay, 'house-01');
  const cloud = await login(relay, 'cloud-01');
  await provisioner.subscribeAsync([pressTopic('house-01'), pressTopic('cloud-01')], { qos: 1 });
  await house.subscribeAsync([statusTopic('house-01'), beaconTopic('lab')], { qos: 1 });
  await cloud.subscribeAsync([statusTopic('cloud-01'), beaconTopic('lab')], { qos: 1 });
  const heard = [provisioner, house, cloud].map(messagesOf);
  return {
    relay,
    heard,
    async unharmed() {
      await house.publishAsync(pressTopic('house-01'), 'real', { qos: 1 });
      await until(() => (heard[0]?.length ?? 0) > 0, 'the real press');
      expect(heard).toEqual([[`${pressTopic('house-01')} real`], [], []]);
      expect([provisioner, house, cloud].map(client => client.connected)).toEqual([true, true, true]);
    },
  };
}

/** The return code of CONNACK; the connection is closed unless it is 0. */
async function answerTo(raw: Raw, packet: ReturnType<typeof connectPacket>): Promise<number | undefined> {
  raw.send(packet);
  await until(() => raw.packets.length > 0, 'CONNACK');
  const { returnCode } = raw.packets[0] as IConnackPacket;
  if (returnCode !== 0) await raw.closed;
  return returnCode;
}

/** A stolen button of another site, logged in. */
async function stolen(relay: Relay, name = 'far-01'): Promise<Raw> {
  const raw = await rawClient(relay);
  expect(await answerTo(raw, connectPacket(name))).toBe(0);
  return raw;
}

describe('logging in', () => {
  const withoutLogin = { ...(connectPacket('house-01') as IConnectPacket) };
  delete withoutLogin.username;
  delete withoutLogin.password;
  const withoutPassword = { ...(connectPacket('house-01') as IConnectPacket) };
  delete withoutPassword.password;
  const will = (topic: string) => ({
    will: { topic, payload: Buffer.from('x'), qos: 1 as const, retain: true },
  });

  const rows: [string, ReturnType<typeof connectPacket>, number][] = [
    ['without credentials', withoutLogin, 4],
    ['with a name alone', withoutPassword, 4],
    ['with a wrong key', connectPacket('house-01', { password: Buffer.from('guessed') }), 4],
    ["with another's key", connectPacket('house-01', { password: Buffer.from(keys['far-01'] ?? '') }), 4],
    ['with a verifier for a key', connectPacket('house-01', { password: Buffer.from('sha256:') }), 4],
    ['with an unknown name', connectPacket('nobody'), 4],
    ["with one's own login and another's client id", connectPacket('far-01', { clientId: 'house-01' }), 2],
    ["with another's client id and a wrong key", connectPacket('house-01', { password: Buffer.alloc(0) }), 4],
    ["with a will on another's press", connectPacket('far-01', will(pressTopic('house-01'))), 5],
    ["with a will on another's status", connectPacket('far-01', will(statusTopic('house-01'))), 5],
    ["with a will on another site's beacon", connectPacket('far-provisioner', will(beaconTopic('lab'))), 5],
    ['with a retained press as a will', connectPacket('far-01', will(pressTopic('far-01'))), 5],
  ];
  test.each(rows)('%s is refused, and nobody notices', async (_, packet, returnCode) => {
    const { relay, unharmed } = await honest();
    expect(await answerTo(await rawClient(relay), packet)).toBe(returnCode);
    await unharmed();
  });

  test("client-id theft: one's own name with another's client id takes nothing over", async () => {
    const { relay, unharmed } = await honest();
    for (let i = 0; i < 10; i++) {
      const thief = await rawClient(relay);
      await answerTo(thief, connectPacket('far-01', { clientId: 'house-01' }));
    }
    await unharmed();
    expect(relay.stats()).toMatchObject({ clients: 3, refused: { 'client-id': 10 } });
  });
});

describe('a stolen button', () => {
  const foreign = [
    pressTopic('house-01'),
    statusTopic('house-01'),
    statusTopic('far-01'),
    beaconTopic('lab'),
    beaconTopic('elsewhere'),
    'dashbutton',
    'x',
    `${pressTopic('far-01')}/`,
    `/${pressTopic('far-01')}`,
    pressTopic('FAR-01'),
    '$SYS/x/new/clients',
    '$share/g/x',
  ];
  test.each(foreign)("publishing to another's topic, %s, is closed and reaches nobody", async topic => {
    const { relay, unharmed } = await honest();
    const thief = await stolen(relay);
    thief.send(publishPacket(topic, 'x', { qos: 1, messageId: 1, retain: true }));
    await thief.closed;
    expect(thief.packets).toHaveLength(1);
    await unharmed();
  });

  test('a retained press is closed, and not kept for the next subscriber', async () => {
    const { relay } = await honest();
    const thief = await stolen(relay);
    thief.send(publishPacket(pressTopic('far-01'), 'x', { qos: 1, messageId: 1, retain: true }));
    await thief.closed;
    const provisioner = await login(relay, 'far-provisioner');
    const messages = messagesOf(provisioner);
    await provisioner.subscribeAsync(pressTopic('far-01'), { qos: 1 });
    await pause(50);
    expect(messages).toEqual([]);
  });

  test('subscribing with wildcards and to others is refused filter by filter, and nothing is heard', async () => {
    const { relay, unharmed } = await honest();
    const thief = await stolen(relay);
    const filters = [
      '#',
      '+',
      '/#',
      '$SYS/#',
      'dashbutton/#',
      'dashbutton/v1/+/+/+',
      statusTopic('+'),
      `${statusTopic('far-01')}/#`,
      '$share/g/#',
      statusTopic('house-01'),
      pressTopic('house-01'),
      pressTopic('far-01'),
      beaconTopic('lab'),
    ];
    thief.send(subscribePacket(1, ...filters));
    await until(() => thief.packets.length === 2, 'SUBACK');
    expect(thief.packets[1]).toMatchObject({ cmd: 'suback', granted: filters.map(() => 128) });
    await unharmed();
    await pause(20);
    expect(thief.packets).toHaveLength(2);
  });

  test("a stolen provisioner of another site hears no press and writes no status of the lab's", async () => {
    const { relay, unharmed } = await honest();
    const thief = await stolen(relay, 'far-provisioner');
    thief.send(subscribePacket(1, pressTopic('house-01'), pressTopic('+'), beaconTopic('lab')));
    await until(() => thief.packets.length === 2, 'SUBACK');
    expect(thief.packets[1]).toMatchObject({ granted: [128, 128, 128] });
    await unharmed();
    expect(thief.packets).toHaveLength(2);
    thief.send(publishPacket(statusTopic('house-01'), 'x', { qos: 1, messageId: 1, retain: true }));
    await thief.closed;
    expect(thief.packets).toHaveLength(2);
  });

  test('what is in the same segment behind a refused publish is not done', async () => {
    const { relay, unharmed } = await honest();
    const thief = await stolen(relay, 'far-provisioner');
    const later = [1, 2, 3].map(i => publishPacket(beaconTopic('elsewhere'), `${i}`, { retain: true }));
    thief.send(publishPacket(beaconTopic('lab'), 'x'), ...later);
    await thief.closed;
    await unharmed();
    expect(relay.stats().refused).toEqual({ 'foreign-topic': 1 });
  });
});
