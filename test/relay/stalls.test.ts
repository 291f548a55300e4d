/** A client that does not read: others go on, and it is dropped. The relay is a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as openSocket, type Socket } from 'node:net';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pressTopic } from '../../protocol/src/topics.ts';
import type { RelayStats } from '../../relay/src/relay.ts';
import type { User } from '../../relay/src/users.ts';
import { connectPacket, keys, pause, publishPacket, subscribePacket, userFor } from './helpers.ts';

const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
const loud = many('loud', 20);
const alone = many('alone', 8);
const users: User[] = [
  userFor('loud-lab', 'provisioner', 'loud'),
  ...loud.map(name => userFor(name, 'button', 'loud')),
  ...alone.map(name => userFor(name, 'button', 'alone')),
  userFor('calm-lab', 'provisioner', 'calm'),
  userFor('calm-1', 'button', 'calm'),
];
/** Nothing but the stall is to be seen. */
const limits = { buttonMessageBurst: 1e9, buttonMessagesPerS: 1e9, newConnectionsPerAddressPerMinute: 1e6 };

let relay: ChildProcess;
let port = 0;
let sockets: Socket[] = [];

beforeEach(async () => {
  relay = fork(new URL('relay-child.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  relay.send({ users, limits });
  [{ port }] = await once(relay, 'message');
}, 30_000);

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  relay.kill('SIGKILL');
  if (relay.exitCode === null && relay.signalCode === null) await once(relay, 'exit');
});

async function stats(): Promise<RelayStats> {
  relay.send('stats');
  return (await once(relay, 'message'))[0];
}

interface Raw {
  socket: Socket;
  /** When each message came, in milliseconds. */
  cameMs: number[];
  send(...packets: Packet[]): void;
}

async function login(name: string): Promise<Raw> {
  const socket = openSocket({ host: '127.0.0.1', port, noDelay: true });
  sockets.push(socket);
  socket.on('error', () => {});
  const cameMs: number[] = [];
  const parser = mqttPacket.parser();
  const connected = new Promise(resolve => {
    parser.on('packet', packet => {
      if (packet.cmd === 'publish') cameMs.push(performance.now());
      if (packet.cmd === 'connack') resolve(packet);
    });
  });
  socket.on('data', chunk => parser.parse(chunk));
  const send = (...packets: Packet[]) => {
    socket.write(Buffer.concat(packets.map(packet => mqttPacket.generate(packet))));
  };
  send(connectPacket(name, { password: Buffer.from(keys[name] ?? '') }));
  await connected;
  return { socket, cameMs, send };
}

/** The longest time without a message since then, in milliseconds. */
function largestGapMs({ cameMs }: Raw, sinceMs: number): number {
  const came = [sinceMs, ...cameMs.filter(ms => ms > sinceMs), performance.now()];
  return Math.round(Math.max(...came.slice(1).map((ms, i) => ms - (came[i] ?? ms))));
}

/** Each of these writes as fast as its socket takes it. Returns what ends it. */
function shout(speakers: readonly Raw[], names: readonly string[]): () => void {
  const texts = names.map(name =>
    mqttPacket.generate(publishPacket(pressTopic(name), Buffer.alloc(250, 'x'))),
  );
  const timer = setInterval(() => {
    for (const [i, { socket }] of speakers.entries()) {
      for (let n = 0; n < 20 && socket.writableLength < 500_000; n++) socket.write(texts[i] ?? '');
    }
  }, 5);
  return () => clearInterval(timer);
}

test('stops reading while 20 publish at full speed: nobody else waits a second for it', {
  timeout: 60_000,
}, async () => {
  const stalled = await login('loud-lab');
  stalled.send(subscribePacket(1, ...loud.map(pressTopic)));
  const heard = await login('calm-lab');
  heard.send(subscribePacket(1, pressTopic('calm-1')));
  const calm = await login('calm-1');
  const speakers = await Promise.all(loud.map(login));
  await pause(200);
  const calmly = setInterval(() => calm.send(publishPacket(pressTopic('calm-1'), 'hello')), 20);
  const quiet = shout(speakers, loud);
  // The same load with everybody reading: what a busy machine makes of it anyway.
  const startMs = performance.now();
  await pause(3_000);
  const before = largestGapMs(heard, startMs);
  stalled.socket.pause();
  const fromMs = performance.now();
  await pause(8_000);
  quiet();
  clearInterval(calmly);
  const largest = largestGapMs(heard, fromMs);
  process.stdout.write(
    `one client stalled, 20 publish at full speed: largest gap of another ${largest} ms (before: ${before} ms)\n`,
  );
  expect(largest).toBeLessThan(Math.max(1_000, 3 * before));
  const { refused } = await stats();
  expect((refused['queue-full'] ?? 0) + (refused.stalled ?? 0)).toBe(1);
});

test('17,000 messages that nobody hears behind a stalled client do not end the relay', {
  timeout: 60_000,
}, async () => {
  const stalled = await login('loud-lab');
  stalled.send(subscribePacket(1, ...loud.map(pressTopic)));
  await pause(200);
  stalled.socket.pause();
  const speakers = await Promise.all(loud.slice(0, 10).map(login));
  const quiet = shout(speakers, loud);
  await pause(1_000);
  for (const name of alone) {
    const { send } = await login(name);
    send(...Array.from({ length: 2_000 }, () => publishPacket(pressTopic(name), '')));
  }
  await pause(6_500);
  quiet();
  const again = await login('calm-1');
  again.send({ cmd: 'pingreq' });
  expect(relay.exitCode).toBeNull();
  expect((await stats()).published).toBeGreaterThan(16_000);
});
