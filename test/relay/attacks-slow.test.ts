/** Strangers who take their time: slow, huge or silent connections. Thousands of them: attacks-slow.long.test.ts. */
import mqttPacket from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { until } from '../fixtures/patience.ts';
import { connectPacket, type Raw, rawClient, relayForTest } from './fixtures/helpers.ts';
import { openSilent, serves } from './fixtures/silent.ts';

/** Longer than any test (milliseconds). */
const never = 1e9;

/** Writes these bytes one by one until the connection is closed. Returns how many were taken. */
async function trickle({ socket, closed }: Raw, bytes: Buffer, everyMs: number): Promise<number> {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < bytes.length) socket.write(bytes.subarray(sent, ++sent));
  }, everyMs);
  await closed;
  clearInterval(timer);
  return sent;
}

describe('slow and huge:', () => {
  test('a CONNECT of one byte now and then is gone at the connect deadline', async () => {
    const relay = await relayForTest({ limits: { connectTimeoutMs: 300 } });
    const raw = await rawClient(relay);
    const bytes = mqttPacket.generate(connectPacket('house-01'));
    // A whole one would take two seconds.
    expect(await trickle(raw, bytes, 20)).toBeLessThan(bytes.length);
    await until(() => relay.stats().connections === 0, 'its place');
    expect(relay.stats().logins).toBe(0);
  });

  test('so is a long CONNECT that is almost there', async () => {
    const relay = await relayForTest({ limits: { connectTimeoutMs: 300 } });
    const raw = await rawClient(relay);
    const bytes = mqttPacket.generate(connectPacket('house-01', { password: Buffer.alloc(15_000) }));
    raw.socket.write(bytes.subarray(0, -1));
    await raw.closed;
    expect(raw.packets).toEqual([]);
  });

  test('256 MB announced and sent slowly: closed by the header, before and after login', async () => {
    // No deadline does it.
    const relay = await relayForTest({ limits: { connectTimeoutMs: never } });
    for (const packets of [[], [connectPacket('house-01')]]) {
      const raw = await rawClient(relay);
      if (packets.length > 0) raw.send(...packets);
      await until(() => raw.packets.length === packets.length, 'CONNACK');
      const first = packets.length === 0 ? 0x10 : 0x30;
      const bytes = Buffer.concat([Buffer.of(first, 0xff, 0xff, 0xff, 0x7f), Buffer.alloc(1_000)]);
      expect(await trickle(raw, bytes, 5)).toBeLessThan(100);
    }
    expect(relay.stats().refused).toEqual({ 'packet-too-long': 2 });
  });

  test('a packet of the allowed length, sent slowly after login, is no sign of life', async () => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01', { keepalive: 1 }));
    await until(() => raw.packets.length === 1, 'CONNACK');
    const bytes = Buffer.concat([Buffer.of(0x30, 0x80, 0x40), Buffer.alloc(8_192)]);
    // Silence would be over after a second and a half; all of it takes seven minutes.
    expect(await trickle(raw, bytes, 50)).toBeLessThan(bytes.length);
  });
});

describe('half-open:', () => {
  const room = 200;

  test('when all room is taken, the oldest make way, also for who has a key', async () => {
    const relay = await relayForTest({ limits: { connectTimeoutMs: never, connections: room } });
    const sockets = await openSilent(relay, room + 50);
    await until(() => sockets.filter(({ closed }) => closed).length === 50, 'the end of 50');
    expect(relay.stats()).toMatchObject({ connections: room, refused: { 'made-way': 50 } });
    await serves(relay);
  });

  test('after the connect deadline there is room again', async () => {
    const relay = await relayForTest({ limits: { connectTimeoutMs: 1_000, connections: room } });
    const sockets = await openSilent(relay, room);
    await until(() => sockets.every(({ closed }) => closed), 'the end of all');
    await serves(relay);
  });

  test('one address cannot take the room of all', async () => {
    const relay = await relayForTest({ limits: { connectionsPerAddress: 20, connections: room } });
    const sockets = await openSilent(relay, 100);
    await until(() => sockets.filter(({ closed }) => closed).length === 80, 'the end of 80');
    await serves(relay);
    expect(relay.stats().refused).toEqual({ 'too-many-connections-of-address': 80 });
    expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(20);
  });
});
