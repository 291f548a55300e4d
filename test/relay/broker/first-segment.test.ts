/** The button sends everything it has to say in one segment and does not wait for CONNACK (MQTT 3.1.1 section 3.1.4). */
import mqttPacket from 'mqtt-packet';
import { expect, test } from 'vitest';
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

const segment = Buffer.concat(
  [
    connectPacket('house-01'),
    subscribePacket(1, beaconTopic('lab'), statusTopic('house-01')),
    publishPacket(pressTopic('house-01'), 'press', { qos: 1, messageId: 2 }),
  ].map(packet => mqttPacket.generate(packet)),
);

async function scene() {
  // One after the other, a hundred times: no button speaks so often.
  const relay = await relayForTest({ limits: { buttonMessageBurst: Infinity } });
  const provisioner = await login(relay, 'lab-provisioner');
  const presses = messagesOf(provisioner);
  await provisioner.subscribeAsync(pressTopic('house-01'), { qos: 1 });
  await provisioner.publishAsync(beaconTopic('lab'), 'online', { qos: 1, retain: true });
  await provisioner.publishAsync(statusTopic('house-01'), 'ready', { qos: 1, retain: true });
  return { relay, presses, raw: await rawClient(relay) };
}

const byOrder = ['connack', 'suback', 'puback', 'publish', 'publish'];

test('CONNECT, SUBSCRIBE and PUBLISH in one segment: CONNACK comes first, SUBACK before retained messages', async () => {
  const { relay, presses, raw } = await scene();
  raw.socket.write(segment);
  await until(() => raw.packets.length >= byOrder.length && presses.length > 0, 'all answers');
  const commands = raw.packets.map(packet => packet.cmd);
  expect(commands[0]).toBe('connack'); // [MQTT-3.2.0-1]
  expect(commands.toSorted()).toEqual(byOrder.toSorted());
  expect(commands.indexOf('suback')).toBeLessThan(commands.indexOf('publish'));
  expect(raw.packets.filter(packet => packet.cmd === 'publish')).toMatchObject([
    { topic: beaconTopic('lab'), retain: true, qos: 1 },
    { topic: statusTopic('house-01'), retain: true, qos: 1 },
  ]);
  expect(presses).toEqual([`${pressTopic('house-01')} press`]);
  expect(relay.stats().refused).toEqual({});
});

test('the same byte by byte', async () => {
  const { presses, raw } = await scene();
  for (const byte of segment) {
    raw.socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  await until(() => raw.packets.length >= byOrder.length && presses.length > 0, 'all answers');
  expect(raw.packets.map(packet => packet.cmd).toSorted()).toEqual(byOrder.toSorted());
});

test('the same cut in two at every other place', async () => {
  const { relay, presses } = await scene();
  for (let cut = 1; cut < segment.length; cut += 2) {
    const raw = await rawClient(relay);
    raw.socket.write(segment.subarray(0, cut));
    await pause((cut >> 1) % 3);
    raw.socket.write(segment.subarray(cut));
    await until(() => raw.packets.length >= byOrder.length, `all answers when cut at ${cut}`);
    expect(raw.packets[0]).toMatchObject({ cmd: 'connack', returnCode: 0 });
    raw.socket.destroy();
  }
  await until(() => presses.length === Math.floor(segment.length / 2), 'every press');
});
