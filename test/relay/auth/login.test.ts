import { randomBytes } from 'node:crypto';
import type { IConnackPacket, IConnectPacket } from 'mqtt-packet';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { makeUsers } from '../../../relay/src/auth/users.ts';
import { pause, until } from '../../fixtures/patience.ts';
import {
  connectPacket,
  keys,
  login,
  messagesOf,
  publishPacket,
  rawClient,
  relayForTest,
  subscribePacket,
} from '../fixtures/helpers.ts';

function will(topic: string, changes: Partial<NonNullable<IConnectPacket['will']>> = {}) {
  return { will: { topic, payload: Buffer.from('bye'), qos: 1 as const, retain: false, ...changes } };
}
const password = (text: string) => ({ password: Buffer.from(text) });

describe('CONNECT is answered', () => {
  // what, user, changes to a right CONNECT, return code, counted as
  const rows: [string, string, Partial<IConnectPacket>, number, string | undefined][] = [
    ['the right key', 'house-01', {}, 0, undefined],
    ['the right key, MQTT 3.1', 'house-01', { protocolId: 'MQIsdp', protocolVersion: 3 }, 0, undefined],
    ['MQTT 5', 'house-01', { protocolVersion: 5 }, 1, 'protocol-level'],
    ['a wrong key', 'house-01', password('wrong'), 4, 'bad-user-name-or-password'],
    ["a neighbour's key", 'house-01', password(keys['cloud-01'] ?? ''), 4, 'bad-user-name-or-password'],
    ['an empty password', 'house-01', password(''), 4, 'bad-user-name-or-password'],
    ['an unknown name', 'nobody', password(keys['house-01'] ?? ''), 4, 'bad-user-name-or-password'],
    ['an inherited name', 'constructor', password(''), 4, 'bad-user-name-or-password'],
    ['the name in capitals', 'HOUSE-01', password(keys['house-01'] ?? ''), 4, 'bad-user-name-or-password'],
    ["somebody else's client id", 'house-01', { clientId: 'cloud-01' }, 2, 'client-id'],
    ['no client id', 'house-01', { clientId: '' }, 2, 'client-id'],
    ['a will on its own press', 'house-01', will(pressTopic('house-01')), 0, undefined],
    ['a will on its beacon', 'lab-provisioner', will(beaconTopic('lab'), { retain: true }), 0, undefined],
    ["a will on a neighbour's press", 'house-01', will(pressTopic('cloud-01')), 5, 'will-foreign-topic'],
    ['a retained will', 'house-01', will(pressTopic('house-01'), { retain: true }), 5, 'will-retained-press'],
    ['a will of QoS 2', 'house-01', will(pressTopic('house-01'), { qos: 2 }), 5, 'will-qos-2'],
    ["a will on its site's beacon", 'house-01', will(beaconTopic('lab')), 5, 'will-foreign-topic'],
    ['a will on a wildcard', 'lab-provisioner', will(statusTopic('+')), 5, 'will-wildcard'],
    ["a will on the server's own", 'lab-provisioner', will('$SYS/x'), 5, 'will-reserved-topic'],
    [
      'a will on a foreign beacon',
      'lab-provisioner',
      will(beaconTopic('elsewhere')),
      5,
      'will-foreign-topic',
    ],
    [
      'a will too long',
      'house-01',
      will(pressTopic('house-01'), { payload: Buffer.alloc(1025) }),
      5,
      'will-payload-too-long',
    ],
  ];

  test.each(rows)('CONNECT with a return code: %s', async (_, name, changes, returnCode, reason) => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.send(connectPacket(name, changes));
    await until(() => raw.packets.length > 0, 'CONNACK');
    expect(raw.packets[0]).toMatchObject({ cmd: 'connack', returnCode, sessionPresent: false });
    expect(relay.stats().refused).toEqual(reason ? { [reason]: 1 } : {});
    expect(relay.stats().logins).toBe(returnCode === 0 ? 1 : 0);
    if (returnCode !== 0) await raw.closed; // [MQTT-3.2.2-5]
  });

  test('without a user name or a password: 4', async () => {
    const relay = await relayForTest();
    for (const missing of ['username', 'password'] as const) {
      const packet = connectPacket('house-01') as IConnectPacket;
      delete packet[missing];
      if (missing === 'username') delete packet.password; // [MQTT-3.1.2-22]
      const raw = await rawClient(relay);
      raw.send(packet);
      await raw.closed;
      expect(raw.packets.map(p => (p as IConnackPacket).returnCode)).toEqual([4]);
    }
  });

  test('nobody is let in when there are no users', async () => {
    const relay = await relayForTest({ users: makeUsers([]) });
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    await raw.closed;
    expect(raw.packets).toMatchObject([{ cmd: 'connack', returnCode: 4 }]);
  });
});

test('what follows a refused CONNECT in the same segment is not done', async () => {
  const relay = await relayForTest();
  const messages = messagesOf(await subscribed(relay));
  const raw = await rawClient(relay);
  raw.send(
    connectPacket('house-01', password('wrong')),
    publishPacket(pressTopic('house-01'), 'x', { qos: 1, messageId: 1 }),
  );
  await raw.closed;
  await pause(20);
  expect(raw.packets).toHaveLength(1);
  expect(messages).toEqual([]);
  expect(relay.stats().published).toBe(0);
});

async function subscribed(relay: Awaited<ReturnType<typeof relayForTest>>) {
  const provisioner = await login(relay, 'lab-provisioner');
  await provisioner.subscribeAsync(pressTopic('house-01'), { qos: 1 });
  return provisioner;
}

test('a packet before CONNECT, or a second CONNECT, closes [MQTT-3.1.0-1] [MQTT-3.1.0-2]', async () => {
  const relay = await relayForTest();
  const early = await rawClient(relay);
  early.send(publishPacket(pressTopic('house-01'), 'x'));
  await early.closed;
  const twice = await rawClient(relay);
  twice.send(connectPacket('house-01'));
  await until(() => twice.packets.length === 1, 'CONNACK');
  twice.send(connectPacket('house-01'));
  await twice.closed;
  expect(relay.stats().published).toBe(0);
});

test('a thousand guesses lock nobody out: who has the key is let in', async () => {
  const limits = { newConnectionsPerAddressPerMinute: 1e9, connectionsPerAddress: 1e9 };
  const relay = await relayForTest({ limits });
  for (let i = 0; i < 50; i++) {
    const guesses = Array.from({ length: 20 }, async (_, j) => {
      const raw = await rawClient(relay);
      raw.send(connectPacket(j % 2 ? 'house-01' : 'nobody', password(randomBytes(32).toString('base64'))));
      await raw.closed;
      return (raw.packets[0] as IConnackPacket).returnCode;
    });
    expect(await Promise.all(guesses)).toEqual(Array(20).fill(4));
  }
  expect(relay.stats()).toMatchObject({ logins: 0, refused: { 'bad-user-name-or-password': 1000 } });
  expect((await login(relay, 'house-01')).connected).toBe(true);
});

test('the log names who, where and why, but neither passwords nor payloads', async () => {
  const lines: string[] = [];
  const relay = await relayForTest({
    log: pino({ level: 'trace' }, { write: line => void lines.push(line) }),
  });
  const raw = await rawClient(relay);
  raw.send(connectPacket('house-01', password('my-wrong-password')));
  await raw.closed;
  const button = await login(relay, 'house-01');
  button.publish(pressTopic('cloud-01'), 'my-payload');
  await until(() => !button.connected, 'closing');
  const provisioner = await rawClient(relay);
  provisioner.send(connectPacket('lab-provisioner'), subscribePacket(1, '#'));
  await until(() => provisioner.packets.length === 2, 'SUBACK');
  const text = lines.join('');
  for (const expected of [
    'bad-user-name-or-password',
    'foreign-topic',
    'wildcard',
    'house-01',
    pressTopic('cloud-01'),
  ]) {
    expect(text).toContain(expected);
  }
  for (const secret of [
    'my-wrong-password',
    'my-payload',
    keys['house-01'] ?? '',
    keys['lab-provisioner'] ?? '',
  ]) {
    expect(text).not.toContain(secret);
  }
});
