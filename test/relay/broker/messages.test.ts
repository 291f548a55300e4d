import { describe, expect, test } from 'vitest';
import { maxMessageBytes } from '../../../protocol/src/messages.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { pause, until } from '../../fixtures/patience.ts';
import {
  connectPacket,
  login,
  messagesOf,
  publishPacket,
  rawClient,
  relayForTest,
  subscribePacket,
} from '../fixtures/helpers.ts';

const press = pressTopic('house-01');
const status = statusTopic('house-01');
const beacon = beaconTopic('lab');

test('a press goes to the provisioner, a status comes back', async () => {
  const relay = await relayForTest();
  const provisioner = await login(relay, 'lab-provisioner');
  const presses = messagesOf(provisioner);
  await provisioner.subscribeAsync([press, pressTopic('cloud-01')], { qos: 1 });
  const button = await login(relay, 'house-01');
  const statuses = messagesOf(button);
  await button.subscribeAsync([status, beacon], { qos: 1 });
  const long = 'x'.repeat(maxMessageBytes);
  await button.publishAsync(press, long, { qos: 1 });
  await provisioner.publishAsync(status, long, { qos: 1, retain: true });
  await provisioner.publishAsync(beacon, 'online', { retain: true });
  await until(() => presses.length === 1 && statuses.length === 2, 'all messages');
  expect(presses).toEqual([`${press} ${long}`]);
  expect(statuses).toEqual([`${status} ${long}`, `${beacon} online`]);
});

test('keeps the last status and beacon for those who come later, and forgets them with an empty one', async () => {
  const relay = await relayForTest();
  const provisioner = await login(relay, 'lab-provisioner');
  await provisioner.publishAsync(status, 'first', { qos: 1, retain: true });
  await provisioner.publishAsync(status, 'second', { qos: 1, retain: true });
  await provisioner.publishAsync(statusTopic('cloud-01'), 'not for house-01', { qos: 1, retain: true });
  await provisioner.publishAsync(beacon, 'online', { qos: 1, retain: true });
  const button = await login(relay, 'house-01');
  const messages = messagesOf(button);
  await button.subscribeAsync([beacon, status], { qos: 1 });
  await until(() => messages.length === 2, 'retained messages');
  expect(messages).toEqual([`retained ${beacon} online`, `retained ${status} second`]);

  await provisioner.publishAsync(status, '', { qos: 1, retain: true }); // [MQTT-3.3.1-10]
  const later = await login(relay, 'house-01');
  const fewer = messagesOf(later);
  await later.subscribeAsync([beacon, status], { qos: 1 });
  await until(() => fewer.length > 0, 'the beacon');
  await pause(20);
  expect(fewer).toEqual([`retained ${beacon} online`]);
});

test('loses and doubles nothing, whatever order QoS and retained flags come in', async () => {
  const relay = await relayForTest();
  const button = await login(relay, 'house-01');
  const messages = messagesOf(button);
  await button.subscribeAsync([status, beacon], { qos: 1 });
  const provisioner = await login(relay, 'lab-provisioner');
  const sent: string[] = [];
  for (let i = 0; i < 400; i++) {
    const topic = i % 3 ? status : beacon;
    sent.push(`${topic} ${i}`);
    provisioner.publish(topic, String(i), { qos: i % 8 ? 0 : 1, retain: i % 2 === 0 });
  }
  await until(() => messages.length >= sent.length, 'all messages');
  expect(messages.toSorted()).toEqual(sent.toSorted());
});

test('keeps the order of retained messages of QoS 1, which is what statuses are', async () => {
  const relay = await relayForTest();
  const button = await login(relay, 'house-01');
  const messages = messagesOf(button);
  await button.subscribeAsync(status, { qos: 1 });
  const provisioner = await login(relay, 'lab-provisioner');
  const sent = Array.from({ length: 300 }, (_, i) => `${status} ${i}`);
  for (let i = 0; i < sent.length; i++) provisioner.publish(status, String(i), { qos: 1, retain: true });
  await until(() => messages.length >= sent.length, 'all messages');
  expect(messages).toEqual(sent); // [MQTT-4.6.0-6]
});

test('keeps no sessions: nothing waits for a client that was away', async () => {
  const relay = await relayForTest();
  const first = await login(relay, 'lab-provisioner', { clean: false });
  await first.subscribeAsync(press, { qos: 1 });
  await first.endAsync();
  const button = await login(relay, 'house-01');
  await button.publishAsync(press, 'while away', { qos: 1 });
  const raw = await rawClient(relay);
  raw.send(connectPacket('lab-provisioner', { clean: false }));
  await until(() => raw.packets.length > 0, 'CONNACK');
  await pause(30);
  expect(raw.packets).toMatchObject([{ cmd: 'connack', sessionPresent: false }]);
});

describe('a refused publish closes the connection, is not acknowledged and reaches nobody:', () => {
  // who, topic, QoS, retained, bytes, reason
  const rows: [string, string, 0 | 1 | 2, boolean, number, string][] = [
    ['house-01', pressTopic('cloud-01'), 1, false, 1, 'foreign-topic'],
    ['house-01', press, 1, true, 1, 'retained-press'],
    ['house-01', press, 2, false, 1, 'qos-2'],
    ['house-01', press, 1, false, maxMessageBytes + 1, 'payload-too-long'],
    ['house-01', status, 1, true, 1, 'foreign-topic'],
    ['house-01', beacon, 0, true, 1, 'foreign-topic'],
    ['house-01', '$SYS/x', 0, false, 1, 'reserved-topic'],
    ['lab-provisioner', press, 1, false, 1, 'foreign-topic'],
    ['lab-provisioner', statusTopic('far-01'), 1, true, 1, 'foreign-topic'],
    ['lab-provisioner', beaconTopic('elsewhere'), 1, true, 1, 'foreign-topic'],
  ];
  test.each(
    rows,
  )('%s to %s, QoS %i, retained %s, %i bytes', async (name, topic, qos, retain, bytes, reason) => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.send(connectPacket(name));
    await until(() => raw.packets.length > 0, 'CONNACK');
    const payload = Buffer.alloc(bytes, 'x');
    raw.send(publishPacket(topic, payload, { qos, retain, ...(qos > 0 ? { messageId: 1 } : {}) }));
    await raw.closed; // [MQTT-3.3.5-2]
    expect(raw.packets).toHaveLength(1);
    expect(relay.stats()).toMatchObject({ refused: { [reason]: 1 }, published: 0 });
  });
});

test('a refused subscription is answered with 0x80, the others of the same packet are granted', async () => {
  const relay = await relayForTest();
  const raw = await rawClient(relay);
  raw.send(connectPacket('house-01'));
  raw.send(
    subscribePacket(
      7,
      statusTopic('cloud-01'),
      status,
      '#',
      'dashbutton/v1/buttons/+/status',
      beacon,
      '$SYS/x',
    ),
  );
  await until(() => raw.packets.length === 2, 'SUBACK');
  // [MQTT-3.8.4-5]: one return code for each topic filter, in their order.
  expect(raw.packets[1]).toMatchObject({ cmd: 'suback', messageId: 7, granted: [128, 1, 128, 128, 1, 128] });
  expect(relay.stats().refused).toEqual({ 'foreign-topic': 1, wildcard: 2, 'reserved-topic': 1 });

  const provisioner = await login(relay, 'lab-provisioner');
  await provisioner.publishAsync(statusTopic('cloud-01'), 'not for house-01', { qos: 1, retain: true });
  await provisioner.publishAsync(status, 'for house-01', { qos: 1, retain: true });
  await until(() => raw.packets.length === 3, 'the status');
  await pause(20);
  expect(raw.packets.slice(2)).toMatchObject([{ topic: status }]);
});

describe('the last will', () => {
  async function mourned(
    end: (provisioner: Awaited<ReturnType<typeof login>>) => unknown,
  ): Promise<string[]> {
    const relay = await relayForTest();
    const button = await login(relay, 'house-01');
    const messages = messagesOf(button);
    await button.subscribeAsync(beacon);
    const will = { topic: beacon, payload: Buffer.from('offline'), qos: 1, retain: true } as const;
    await end(await login(relay, 'lab-provisioner', { will }));
    await until(() => relay.stats().clients === 1, 'the provisioner to leave');
    await pause(20);
    return messages;
  }

  test('is published when the connection breaks [MQTT-3.1.2-8]', async () => {
    expect(await mourned(provisioner => provisioner.stream.destroy())).toEqual([`${beacon} offline`]);
  });

  test('is published when the relay closes a connection for a refused publish', async () => {
    expect(await mourned(provisioner => provisioner.publish(press, 'x'))).toEqual([`${beacon} offline`]);
  });

  test('is forgotten after DISCONNECT [MQTT-3.14.4-3]', async () => {
    expect(await mourned(provisioner => provisioner.endAsync())).toEqual([]);
  });
});
