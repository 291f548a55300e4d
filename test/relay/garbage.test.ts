/** Whatever comes in over the wire, the relay lives and serves the others. */
import fc from 'fast-check';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Relay } from '../../relay/src/relay.ts';
import { until } from '../fixtures/patience.ts';
import {
  connectPacket,
  login,
  messagesOf,
  rawClient,
  relayForTest,
  subscribePacket,
} from './fixtures/helpers.ts';

const rounds = 300;

const topic = fc.oneof(
  fc.constantFrom(
    pressTopic('house-01'),
    statusTopic('house-01'),
    beaconTopic('lab'),
    '#',
    '+/+',
    '$SYS/x',
    'a/'.repeat(120),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const messageId = fc.integer({ min: 1, max: 65_535 });
const payload = fc.uint8Array({ maxLength: 1_200 }).map(bytes => Buffer.from(bytes));

/** Well-formed packets of every kind a client or a liar can send. */
const packet = fc
  .oneof(
    fc.record({
      cmd: fc.constant('publish' as const),
      topic,
      payload,
      qos,
      messageId,
      dup: fc.boolean(),
      retain: fc.boolean(),
    }),
    fc.record({
      cmd: fc.constant('subscribe' as const),
      messageId,
      subscriptions: fc.array(fc.record({ topic, qos }), { minLength: 1, maxLength: 5 }),
    }),
    fc.record({
      cmd: fc.constant('unsubscribe' as const),
      messageId,
      unsubscriptions: fc.array(topic, { minLength: 1, maxLength: 5 }),
    }),
    fc.record({
      cmd: fc.constantFrom(
        'puback' as const,
        'pubrec' as const,
        'pubrel' as const,
        'pubcomp' as const,
        'unsuback' as const,
      ),
      messageId,
    }),
    fc.record({ cmd: fc.constantFrom('pingreq' as const, 'pingresp' as const, 'disconnect' as const) }),
    fc.record({
      cmd: fc.constant('suback' as const),
      messageId,
      granted: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1 }),
    }),
    fc.constant({ cmd: 'connack' as const, returnCode: 0, sessionPresent: false }),
    fc.constantFrom(connectPacket('house-01'), connectPacket('lab-provisioner'), connectPacket('nobody')),
  )
  .map(value => value as Packet);

/** The bytes of a packet, if mqtt-packet is willing to write it. */
function bytesOf(value: Packet): Buffer {
  try {
    return mqttPacket.generate(value);
  } catch {
    return Buffer.alloc(0);
  }
}

/** A packet with some of its bytes changed: nearly right is where parsers fall over. */
const damaged = fc
  .tuple(packet.map(bytesOf), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
  .map(([bytes, changes]) => {
    const copy = Buffer.from(bytes);
    for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value;
    return copy;
  });
const noise = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes));
const stream = fc.array(fc.oneof(packet.map(bytesOf), damaged, noise), { maxLength: 12 });
const who = fc.constantFrom(undefined, 'house-01', 'lab-provisioner');

async function stillServes(relay: Relay): Promise<void> {
  const provisioner = await login(relay, 'far-provisioner');
  const messages = messagesOf(provisioner);
  await provisioner.subscribeAsync(pressTopic('far-01'), { qos: 1 });
  const button = await login(relay, 'far-01');
  await button.publishAsync(pressTopic('far-01'), 'still here', { qos: 1 });
  await until(() => messages.length === 1, 'the press');
  provisioner.end(true);
  button.end(true);
}

test('random bytes, random packets and nearly right packets crash nothing', async () => {
  const relay = await relayForTest();
  await fc.assert(
    fc.asyncProperty(who, stream, async (name, pieces) => {
      const raw = await rawClient(relay);
      if (name) raw.send(connectPacket(name));
      for (const piece of pieces) raw.socket.write(piece);
      raw.socket.end();
      await raw.closed;
    }),
    { numRuns: rounds },
  );
  await stillServes(relay);
  await until(() => relay.stats().connections === 0, 'everybody to leave');
  expect(relay.stats().clients).toBe(0);
});

test('a healthy client is served while others send garbage', async () => {
  const relay = await relayForTest();
  for (const bytes of fc.sample(noise, 30)) {
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'), subscribePacket(1, statusTopic('house-01')));
    raw.socket.write(bytes);
  }
  await stillServes(relay);
});
