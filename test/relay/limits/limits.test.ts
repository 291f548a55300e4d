import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import mqttPacket from 'mqtt-packet';
import { describe, expect, onTestFinished, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { makeConnectionLimits } from '../../../relay/src/limits/connections.ts';
import { defaultLimits } from '../../../relay/src/limits/limits.ts';
import { until } from '../../fixtures/patience.ts';
import { connectPacket, login, rawClient, relayForTest, subscribePacket } from '../fixtures/helpers.ts';

describe('a packet too long closes the connection by its first bytes,', () => {
  const announced = Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f); // 256 MB, of which nothing will come

  test('before CONNECT', async () => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.socket.write(Buffer.concat([Buffer.of(0x10), announced.subarray(1)]));
    await raw.closed;
    expect(relay.stats().refused).toEqual({ 'packet-too-long': 1 });
  });

  test('as CONNECT', async () => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01', { password: Buffer.alloc(defaultLimits.packetBytes) }));
    await raw.closed;
    expect(raw.packets).toEqual([]);
    expect(relay.stats().refused).toEqual({ 'packet-too-long': 1 });
  });

  test('after login, and the will is published', async () => {
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

  test('but a SUBSCRIBE of 250 buttons passes', async () => {
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

  test('ends a connection that says nothing, or one byte at a time', async () => {
    const relay = await relayForTest({ limits });
    const silent = await rawClient(relay);
    const slow = await rawClient(relay);
    const bytes = mqttPacket.generate(connectPacket('house-01'));
    let sent = 0;
    const timer = setInterval(() => slow.socket.write(bytes.subarray(sent, ++sent)), 30);
    await Promise.all([silent.closed, slow.closed]);
    clearInterval(timer);
    expect(sent).toBeLessThan(bytes.length);
    expect(relay.stats()).toMatchObject({ logins: 0, clients: 0 });
  });

  test('is nothing to those who are in', async () => {
    const relay = await relayForTest({ limits: { connectTimeoutMs: 1_000 } });
    const button = await login(relay, 'house-01');
    // Its time begins later, so it is over later.
    await (await rawClient(relay)).closed;
    expect(button.connected).toBe(true);
  });
});

test('the keep-alive ceiling ends those who asked for none, or for an hour, and are silent; not one that pings', async () => {
  const relay = await relayForTest({ limits: { keepAliveCeilingS: 1 } });
  const raws = await Promise.all([rawClient(relay), rawClient(relay), rawClient(relay)]);
  const [none, hour, alive] = raws;
  none.send(connectPacket('house-01', { keepalive: 0 }));
  hour.send(connectPacket('far-01', { keepalive: 3600 }));
  alive.send(connectPacket('cloud-01', { keepalive: 3600 }));
  await until(() => raws.every(({ packets }) => packets.length === 1), 'CONNACK');
  const pings = setInterval(() => alive.send({ cmd: 'pingreq' }), 200);
  onTestFinished(() => clearInterval(pings));
  // [MQTT-3.1.2-24]: one and a half times, here 1.5 s. Timers of one process run in their order, however late.
  const order: string[] = [];
  const tell = (what: string) => () => order.push(what);
  setTimeout(tell('a quarter of a second too early'), 1_250);
  await Promise.all([none.closed.then(tell('end')), hour.closed.then(tell('end'))]);
  expect(order).toEqual(['a quarter of a second too early', 'end', 'end']);
  expect(alive.socket.closed).toBe(false);
  const answers = alive.packets.length;
  await until(() => alive.packets.length > answers + 1, 'answers to the one that pings');
});

test('more connections than allowed are turned away, until one leaves', async () => {
  const relay = await relayForTest({ limits: { connections: 2 } });
  const house = await login(relay, 'house-01');
  await login(relay, 'far-01');
  const third = await rawClient(relay);
  await third.closed;
  expect(relay.stats()).toMatchObject({ connections: 2, clients: 2, refused: { 'too-many-connections': 1 } });
  house.end(true);
  await until(() => relay.stats().connections === 1, 'a free place');
  const button = await login(relay, 'cloud-01');
  await button.subscribeAsync([statusTopic('cloud-01'), beaconTopic('lab')]);
});

test('when the room is full, the oldest who has not logged in makes way, and nobody who has', async () => {
  const relay = await relayForTest({ limits: { connections: 4 } });
  const house = await login(relay, 'house-01');
  const silent = [];
  for (let i = 0; i < 3; i++) {
    silent.push(await rawClient(relay));
    await until(() => relay.stats().connections === 2 + i, 'it to be in');
  }
  const cloud = await login(relay, 'cloud-01');
  await silent[0]?.closed;
  const far = await login(relay, 'far-01');
  await silent[1]?.closed;
  expect([house.connected, cloud.connected, far.connected, silent[2]?.socket.destroyed]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(relay.stats()).toMatchObject({ connections: 4, clients: 3, refused: { 'made-way': 2 } });
});

test('a packet is sent at once, not when Nagle allows', async () => {
  const told: boolean[] = [];
  await setNoDelayCalls(told);
  const relay = await relayForTest();
  // This end says nothing about it: what is heard is the relay's.
  const socket = connect(relay.port, relay.host);
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await until(() => relay.stats().connections === 1, 'the connection');
  expect(told).toEqual([true]);
});

/** From now on `told` has what the kernel is told about Nagle's algorithm: Node.js says it nowhere else. */
async function setNoDelayCalls(told: boolean[]): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const { _handle } = socket as unknown as { _handle: { setNoDelay(on: boolean): number } };
  const handles = Object.getPrototypeOf(_handle) as typeof _handle;
  const original = handles.setNoDelay;
  handles.setNoDelay = function (on) {
    told.push(on);
    return original.call(this, on);
  };
  onTestFinished(() => {
    handles.setNoDelay = original;
  });
  socket.destroy();
  server.close();
}

describe('connections of one address', () => {
  test('no more at a time than the limit; who leaves makes room', async () => {
    const relay = await relayForTest({ limits: { connectionsPerAddress: 3 } });
    const raws = [await rawClient(relay), await rawClient(relay), await rawClient(relay)];
    await until(() => relay.stats().connections === 3, 'three');
    const fourth = await rawClient(relay);
    await fourth.closed;
    expect(relay.stats().refused).toEqual({ 'too-many-connections-of-address': 1 });
    raws[0]?.socket.destroy();
    await until(() => relay.stats().connections === 2, 'two');
    expect((await login(relay, 'house-01')).connected).toBe(true);
  });

  test('no more in a minute than the limit', async () => {
    const relay = await relayForTest({ limits: { newConnectionsPerAddressPerMinute: 3 } });
    for (let i = 0; i < 3; i++) (await rawClient(relay)).socket.destroy();
    const fourth = await rawClient(relay);
    await fourth.closed;
    expect(relay.stats().refused).toEqual({ 'connecting-too-often': 1 });
  });

  test('each address for itself, an IPv6 /64 as one, and what is closed is forgotten', () => {
    const connectionLimits = makeConnectionLimits({ ...defaultLimits, connectionsPerAddress: 2 });
    const enter = (from: string) => {
      const entry = connectionLimits.enter(from);
      return 'refused' in entry ? entry.refused : entry.leave;
    };
    const leave = enter('2001:db8::1');
    expect(enter('2001:db8::2')).toBeTypeOf('function');
    expect(enter('2001:db8::3')).toBe('too-many-connections-of-address');
    expect(enter('2001:db8:0:1::1')).toBeTypeOf('function');
    expect(enter('192.0.2.1')).toBeTypeOf('function');
    if (typeof leave === 'function') leave();
    expect(enter('2001:db8::3')).toBeTypeOf('function');
  });

  test('through a PROXY header the client counts, not the balancer', async () => {
    const relay = await relayForTest({
      listeners: [{ kind: 'mqtt', port: 0, proxyProtocol: true }],
      limits: { connectionsPerAddress: 1 },
    });
    const [, proxied] = relay.listeners;
    const behind = { ...relay, port: proxied?.port ?? 0 };
    const from = async (address: string) => {
      const raw = await rawClient(behind);
      raw.socket.write(`PROXY TCP4 ${address} 192.0.2.99 1000 1883\r\n`);
      raw.send(connectPacket(address === '192.0.2.1' ? 'house-01' : 'cloud-01'));
      return raw;
    };
    const first = await from('192.0.2.1');
    await until(() => first.packets.length === 1, 'CONNACK');
    const second = await from('192.0.2.2');
    await until(() => second.packets.length === 1, 'CONNACK');
    await (await from('192.0.2.1')).closed;
    expect(relay.stats().refused).toEqual({ 'too-many-connections-of-address': 1 });
    expect(relay.stats().clients).toBe(2);
  });
});
