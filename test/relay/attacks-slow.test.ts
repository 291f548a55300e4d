/** Strangers who take their time: slow, huge or silent connections, one or ten thousand. */
import { execFileSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import mqttPacket from 'mqtt-packet';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pressTopic } from '../../protocol/src/topics.ts';
import { defaultLimits } from '../../relay/src/limits.ts';
import type { Relay } from '../../relay/src/relay.ts';
import { type RelayApart, relayApart } from './attacks-relay.ts';
import { connectPacket, login, messagesOf, pause, rawClient, relayForTest, until } from './helpers.ts';

const press = pressTopic('house-01');

/** Writes these bytes one by one until the connection is closed. Returns how many were taken. */
async function trickle(
  socket: Socket,
  closed: Promise<unknown>,
  bytes: Buffer,
  everyMs: number,
): Promise<number> {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < bytes.length) socket.write(bytes.subarray(sent, ++sent));
  }, everyMs);
  await closed;
  clearInterval(timer);
  return sent;
}

describe('slow and huge:', () => {
  const connectTimeoutMs = 3_000;

  it('a CONNECT of one byte a second is gone at the connect deadline', async () => {
    const relay = await relayForTest({ limits: { connectTimeoutMs } });
    const raw = await rawClient(relay);
    const start = performance.now();
    const sent = await trickle(raw.socket, raw.closed, mqttPacket.generate(connectPacket('house-01')), 1_000);
    expect(performance.now() - start).toBeGreaterThan(connectTimeoutMs - 100);
    expect(performance.now() - start).toBeLessThan(connectTimeoutMs + 5_000);
    expect(sent).toBeLessThan(10);
    await until(() => relay.stats().connections === 0, 'its place');
    expect(relay.stats().logins).toBe(0);
  });

  it('so is a long CONNECT that is almost there', async () => {
    const relay = await relayForTest({ limits: { connectTimeoutMs: 1_000 } });
    const raw = await rawClient(relay);
    const bytes = mqttPacket.generate(connectPacket('house-01', { password: Buffer.alloc(15_000) }));
    raw.socket.write(bytes.subarray(0, -1));
    await raw.closed;
    expect(raw.packets).toEqual([]);
  });

  it('256 MB announced and sent slowly: closed by the header, before and after login', async () => {
    const relay = await relayForTest();
    for (const packets of [[], [connectPacket('house-01')]]) {
      const raw = await rawClient(relay);
      if (packets.length > 0) raw.send(...packets);
      await until(() => raw.packets.length === packets.length, 'CONNACK');
      const start = performance.now();
      const bytes = Buffer.concat([Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f), Buffer.alloc(1_000)]);
      const sent = await trickle(raw.socket, raw.closed, bytes, 50);
      expect(sent).toBeLessThan(100);
      expect(performance.now() - start).toBeLessThan(defaultLimits.connectTimeoutMs - 2_000);
    }
    expect(relay.stats().refused).toEqual({ 'packet-too-long': 2 });
  });

  it('a packet of the allowed length, sent slowly after login, is no sign of life', async () => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01', { keepalive: 1 }));
    await until(() => raw.packets.length === 1, 'CONNACK');
    const start = performance.now();
    const bytes = Buffer.concat([Buffer.of(0x30, 0x80, 0x40), Buffer.alloc(8_192)]);
    await trickle(raw.socket, raw.closed, bytes, 50);
    expect(performance.now() - start).toBeGreaterThan(1_400);
    expect(performance.now() - start).toBeLessThan(8_000);
  });
});

/** Connections that say nothing. */
const wanted = 10_000;
/** What test and relay need of open files besides, each. */
const otherFiles = 500;
const openFiles =
  Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) || Number.POSITIVE_INFINITY;
const silent = Math.max(1, Math.min(wanted, openFiles - otherFiles));
const scaled =
  silent < wanted ? `, scaled down from ${wanted}: only ${openFiles} files may be open here` : '';
/** Each address may have this many, see limits.ts. */
const perAddress = 250;
/** Connections being opened at a time: a machine's queue of new ones is short. */
const openAtATime = 100;
/** Node has 25 kB for a socket and aedes' client on it; this is where something would be wrong. */
const maxBytesEach = 60_000;

/** Opens silent connections from 127.9.x.1, then 127.9.x.2, and so on. */
async function openSilent(relay: { host: string; port: number }, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  let next = 0;
  const opener = async () => {
    while (next < count) {
      const localAddress = `127.9.0.${1 + Math.floor(next++ / perAddress)}`;
      const socket = connect({ host: relay.host, port: relay.port, localAddress });
      sockets.push(socket);
      socket.on('error', () => {}).resume();
      await new Promise(resolve => socket.once('connect', resolve).once('close', resolve));
    }
  };
  await Promise.all(Array.from({ length: openAtATime }, opener));
  return sockets;
}

/** A login on both ends and a press between them; returns the milliseconds that it all took. */
async function serves(relay: RelayApart): Promise<number> {
  const start = performance.now();
  // Only the URL is asked.
  const provisioner = await login(relay as unknown as Relay, 'lab-provisioner');
  const heard = messagesOf(provisioner);
  await provisioner.subscribeAsync(press, { qos: 1 });
  const button = await login(relay as unknown as Relay, 'house-01');
  await button.publishAsync(press, 'real', { qos: 1 });
  await until(() => heard.length === 1, 'the press');
  const ms = performance.now() - start;
  await Promise.all([button.endAsync(true), provisioner.endAsync(true)]);
  return ms;
}

describe('half-open:', () => {
  it(`${silent} connections that say nothing${scaled} hinder nobody, and cost little memory`, async () => {
    const limits = { connectTimeoutMs: 120_000, connections: wanted + 100 };
    const relay = await relayApart(limits);
    await serves(relay);
    const before = await relay.look();
    const sockets = await openSilent(relay, silent);
    // The last ones are still in the kernel's queue.
    const connections = async () => (await relay.look()).stats.connections;
    await expect.poll(connections, { timeout: 20_000 }).toBe(silent);
    expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
    const after = await relay.look();
    expect((after.memoryBytes - before.memoryBytes) / silent).toBeLessThan(maxBytesEach);
    expect(await serves(relay)).toBeLessThan(5_000);
    for (const socket of sockets) socket.destroy();
    await expect.poll(connections, { timeout: 20_000 }).toBe(0);
  }, 120_000);

  it('when all room is taken, more are turned away, and after the connect deadline there is room again', async () => {
    const room = 200;
    const relay = await relayApart({ connectTimeoutMs: 2_000, connections: room });
    const sockets = await openSilent(relay, room + 50);
    const turnedAway = async () => (await relay.look()).stats.refused['too-many-connections'];
    await expect.poll(turnedAway, { timeout: 10_000 }).toBe(50);
    await expect.poll(() => sockets.every(({ closed }) => closed), { timeout: 20_000 }).toBe(true);
    await serves(relay);
  });

  it('one address cannot take the room of all', async () => {
    const relay = await relayApart({ connectionsPerAddress: 20, connections: 200 });
    const sockets = await openSilent(relay, 100);
    await pause(200);
    await expect
      .poll(() => sockets.filter(({ destroyed }) => !destroyed).length, { timeout: 10_000 })
      .toBe(20);
    await serves(relay);
    expect((await relay.look()).stats.refused).toEqual({ 'too-many-connections-of-address': 80 });
  });
});
