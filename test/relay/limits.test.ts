import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { defaultLimits } from '../../relay/src/limits.ts';
import { packetGauge } from '../../relay/src/packet-gauge.ts';
import {
  connectPacket,
  login,
  pause,
  publishPacket,
  rawClient,
  relayForTest,
  subscribePacket,
  until,
} from './helpers.ts';

/** The fixed header of a PUBLISH that announces this Remaining Length. */
function header(length: number): Buffer {
  const bytes = [0x30];
  for (let rest = length; bytes.length === 1 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Buffer.from(bytes);
}

describe('the packet gauge', () => {
  const maxBytes = 300;
  const lengths = fc.array(fc.oneof(fc.nat(maxBytes), fc.constantFrom(0, 127, 128, maxBytes)), {
    maxLength: 8,
  });

  it('lets packets pass however they are cut, and stops at the first that is too long', () => {
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: maxBytes + 1, max: 268_435_455 }),
        (fit, chunkBytes, tooLong) => {
          const good = Buffer.concat(fit.flatMap(length => [header(length), Buffer.alloc(length, 0xff)]));
          const chunks = (bytes: Buffer): Buffer[] =>
            Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, i) =>
              bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
            );
          expect(chunks(good).every(packetGauge(maxBytes))).toBe(true);
          expect(chunks(Buffer.concat([good, header(tooLong)])).every(packetGauge(maxBytes))).toBe(false);
        },
      ),
    );
  });

  it('stops at a length of more than four bytes', () => {
    expect(packetGauge(maxBytes)(Buffer.of(0x30, 0x80, 0x80, 0x80, 0x80))).toBe(false);
  });
});

describe('a packet too long closes the connection by its first bytes,', () => {
  const announced = header(268_435_455); // 256 MB, of which nothing will come

  it('before CONNECT', async () => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.socket.write(announced);
    await raw.closed;
    expect(relay.stats().refused).toEqual({ 'packet-too-long': 1 });
  });

  it('as CONNECT', async () => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01', { password: Buffer.alloc(defaultLimits.packetBytes) }));
    await raw.closed;
    expect(raw.packets).toEqual([]);
    expect(relay.stats().refused).toEqual({ 'packet-too-long': 1 });
  });

  it('after login, and the will is published', async () => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    const will = {
      topic: pressTopic('house-01'),
      payload: Buffer.from('bye'),
      qos: 1 as const,
      retain: false,
    };
    raw.send(connectPacket('house-01', { will }));
    await until(() => raw.packets.length === 1, 'CONNACK');
    raw.socket.write(announced);
    await raw.closed;
    await until(() => relay.stats().published === 1, 'the will');
    expect(relay.stats()).toMatchObject({ clients: 0, refused: { 'packet-too-long': 1 } });
  });

  it('but a SUBSCRIBE of 250 buttons passes', async () => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    const topics = Array.from({ length: 250 }, (_, i) => pressTopic(`twenty-letters-b-${1000 + i}`));
    raw.send(connectPacket('lab-provisioner'), subscribePacket(1, ...topics, pressTopic('house-01')));
    await until(() => raw.packets.length === 2, 'SUBACK');
    expect(raw.packets[1]).toMatchObject({ cmd: 'suback', granted: [...topics.map(() => 128), 1] });
  });
});

describe('the connect deadline', () => {
  const limits = { connectTimeoutMs: 300 };

  it('ends a connection that says nothing, or one byte at a time', async () => {
    const relay = await relayForTest({ limits });
    const start = performance.now();
    const silent = await rawClient(relay);
    const slow = await rawClient(relay);
    const bytes = mqttPacket.generate(connectPacket('house-01'));
    let sent = 0;
    const timer = setInterval(() => slow.socket.write(bytes.subarray(sent, ++sent)), 30);
    await Promise.all([silent.closed, slow.closed]);
    clearInterval(timer);
    expect(performance.now() - start).toBeGreaterThan(250);
    expect(performance.now() - start).toBeLessThan(1_500);
    expect(sent).toBeLessThan(bytes.length);
  });

  it('is nothing to those who are in', async () => {
    const relay = await relayForTest({ limits });
    const button = await login(relay, 'house-01');
    await pause(400);
    expect(button.connected).toBe(true);
  });
});

it('the keep-alive ceiling ends a dead connection that asked for none, but not one that pings', async () => {
  const relay = await relayForTest({ limits: { keepAliveCeilingS: 1 } });
  const start = performance.now();
  const dead = await rawClient(relay);
  dead.send(connectPacket('house-01', { keepalive: 0 }));
  const alive = await rawClient(relay);
  alive.send(connectPacket('cloud-01', { keepalive: 3600 }));
  const timer = setInterval(() => alive.send({ cmd: 'pingreq' }), 500);
  await dead.closed;
  expect(performance.now() - start).toBeGreaterThan(1_400); // [MQTT-3.1.2-24]: one and a half times
  expect(performance.now() - start).toBeLessThan(2_500);
  await pause(300);
  clearInterval(timer);
  expect(alive.socket.closed).toBe(false);
});

it('more connections than allowed are turned away, until one leaves', async () => {
  const relay = await relayForTest({ limits: { connections: 2 } });
  const silent = await rawClient(relay);
  await login(relay, 'house-01');
  const third = await rawClient(relay);
  await third.closed;
  expect(relay.stats()).toMatchObject({ connections: 2, clients: 1, refused: { 'too-many-connections': 1 } });
  silent.socket.destroy();
  await until(() => relay.stats().connections === 1, 'a free place');
  const button = await login(relay, 'cloud-01');
  await button.subscribeAsync([statusTopic('cloud-01'), beaconTopic('lab')]);
});

it('a packet is sent at once, not when Nagle allows', async () => {
  const relay = await relayForTest();
  const raw = await rawClient(relay);
  raw.send(connectPacket('house-01'));
  await until(() => raw.packets.length === 1, 'CONNACK');
  const start = performance.now();
  for (let i = 0; i < 20; i++) {
    const before = raw.packets.length;
    raw.send(publishPacket(pressTopic('house-01'), 'x', { qos: 1, messageId: i + 1 }));
    while (raw.packets.length === before) await new Promise(setImmediate);
  }
  expect((performance.now() - start) / 20).toBeLessThan(20);
});
