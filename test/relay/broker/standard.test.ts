/** What MQTT 3.1.1 says and aedes does not do by itself, byte by byte on a real connection. */
import { describe, expect, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { until } from '../../fixtures/patience.ts';
import { connectPacket, keys, login, rawClient, relayForTest } from '../fixtures/helpers.ts';
import {
  connectBytes,
  field,
  first,
  number16,
  packetOf,
  publishBytes,
  subscribeBytes,
} from '../fixtures/malformed-bytes.ts';

const press = pressTopic('house-01');
const status = statusTopic('house-01');

/** All bytes that come back. */
async function client(relay: Awaited<ReturnType<typeof relayForTest>>) {
  const raw = await rawClient(relay);
  const chunks: Buffer[] = [];
  raw.socket.on('data', chunk => chunks.push(chunk));
  return { ...raw, answer: () => Buffer.concat(chunks).toString('hex') };
}

async function loggedIn(relay: Awaited<ReturnType<typeof relayForTest>>, name = 'house-01') {
  const raw = await client(relay);
  raw.send(connectPacket(name));
  await until(() => raw.answer() === '20020000', 'CONNACK');
  return raw;
}

describe('an unknown protocol level gets CONNACK 1 and the end [MQTT-3.1.2-2]:', () => {
  test.each([0, 1, 2, 5, 6, 128, 255])('of a level that is not spoken: %i', async level => {
    const relay = await relayForTest();
    const raw = await client(relay);
    const who = { clientId: 'house-01', username: 'house-01', password: keys['house-01'] ?? '' };
    raw.socket.write(connectBytes({ ...who, level }));
    await raw.closed;
    expect(raw.answer()).toBe('20020001');
    expect(relay.stats()).toMatchObject({ logins: 0, refused: { 'protocol-level': 1 } });
  });
});

describe('closed, and reaches nobody:', () => {
  test.each<[string, string, Buffer]>([
    [
      'PUBLISH of QoS 1 [MQTT-2.3.1-1]',
      'packet-identifier-0',
      packetOf(0x32, field(press), number16(0), Buffer.from('x')),
    ],
    [
      'SUBSCRIBE [MQTT-2.3.1-1]',
      'packet-identifier-0',
      packetOf(first.subscribe, number16(0), field(status), Buffer.of(1)),
    ],
    [
      'UNSUBSCRIBE [MQTT-2.3.1-1]',
      'packet-identifier-0',
      packetOf(first.unsubscribe, number16(0), field(status)),
    ],
    ['PUBACK', 'packet-identifier-0', packetOf(first.puback, number16(0))],
    [
      'UNSUBSCRIBE without topics [MQTT-3.10.3-2]',
      'unsubscribe-without-topics',
      packetOf(first.unsubscribe, number16(1)),
    ],
    [
      'SUBSCRIBE without topics [MQTT-3.8.3-3]',
      'subscribe-without-topics',
      packetOf(first.subscribe, number16(1)),
    ],
    ['DUP with QoS 0 [MQTT-3.3.1-2]', 'dup-without-qos', packetOf(0x38, field(press), Buffer.from('x'))],
  ])('a packet that breaks a rule: %s: %s', async (_, reason, bytes) => {
    const relay = await relayForTest();
    const raw = await loggedIn(relay);
    raw.socket.write(Buffer.concat([bytes, publishBytes(press, 'behind it')]));
    await raw.closed;
    expect(raw.answer()).toBe('20020000');
    expect(relay.stats()).toMatchObject({ published: 0, refused: { [reason]: 1 } });
  });
});

test('what stands before a broken packet in the same segment is handled', async () => {
  const relay = await relayForTest();
  const raw = await loggedIn(relay);
  raw.socket.write(Buffer.concat([publishBytes(press, 'x'), packetOf(first.unsubscribe, number16(1))]));
  await raw.closed;
  expect(relay.stats()).toMatchObject({ published: 1 });
});

test('DUP is not handed on to subscribers [MQTT-3.3.1-3]', async () => {
  const relay = await relayForTest();
  const lab = await loggedIn(relay, 'lab-provisioner');
  lab.socket.write(subscribeBytes(press));
  await until(() => lab.packets.length === 2, 'SUBACK');
  const button = await loggedIn(relay);
  button.socket.write(packetOf(0x3a, field(press), number16(9), Buffer.from('again')));
  await until(() => lab.packets.length === 3, 'the press');
  expect(lab.packets[2]).toMatchObject({ cmd: 'publish', dup: false });
  await until(() => button.answer().endsWith('40020009'), 'PUBACK');
});

test('a SUBACK has one return code for each filter, in its order, also for a doubled one [MQTT-3.8.4-5]', async () => {
  const relay = await relayForTest();
  const provisioner = await login(relay, 'lab-provisioner');
  await provisioner.publishAsync(status, 'ready', { qos: 1, retain: true });
  const raw = await loggedIn(relay);
  const filters: [string, number][] = [
    [status, 1],
    ['foreign', 1],
    [status, 0],
    [beaconTopic('lab'), 1],
    ['foreign', 0],
    [status, 1],
  ];
  const body = filters.map(([filter, qos]) => Buffer.concat([field(filter), Buffer.of(qos)]));
  raw.socket.write(packetOf(first.subscribe, number16(5), ...body));
  await until(() => raw.packets.length > 1, 'SUBACK');
  expect(raw.packets[1]).toMatchObject({ cmd: 'suback', messageId: 5, granted: [1, 128, 0, 1, 128, 1] });
  // Subscribed once all the same.
  await until(() => raw.packets.length > 2, 'what is retained');
  const before = raw.packets.length;
  await provisioner.publishAsync(status, 'now', { qos: 1 });
  await until(() => raw.packets.length > before, 'the message');
  await provisioner.publishAsync(beaconTopic('lab'), 'online', { qos: 0 });
  const news = () => raw.packets.flatMap(p => (p.cmd === 'publish' && !p.retain ? [`${p.payload}`] : []));
  await until(() => news().includes('online'), 'the one behind it');
  expect(news()).toEqual(['now', 'online']);
});
