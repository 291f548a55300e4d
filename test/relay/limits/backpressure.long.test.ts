/** A client that does not read, with real sockets and kernels that keep megabytes. The relay is a process of its own. */
import { connect as openSocket, type Socket } from 'node:net';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { expect, onTestFinished, test } from 'vitest';
import { pressTopic } from '../../../protocol/src/topics.ts';
import type { User } from '../../../relay/src/auth/users.ts';
import { patience, pause, until } from '../../fixtures/patience.ts';
import { type RelayApart, relayApart } from '../fixtures/attacks-relay.ts';
import { connectPacket, keys, publishPacket, subscribePacket, userFor } from '../fixtures/helpers.ts';

const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
const loud = many('loud', 20);
const alone = many('alone', 8);
const known: User[] = [
  userFor('loud-lab', 'provisioner', 'loud'),
  ...loud.map(name => userFor(name, 'button', 'loud')),
  ...alone.map(name => userFor(name, 'button', 'alone')),
  userFor('calm-lab', 'provisioner', 'calm'),
  userFor('calm-1', 'button', 'calm'),
];
/** Nothing but the stall is to be seen. */
const limits = { buttonMessageBurst: 1e9, buttonMessagesPerS: 1e9, newConnectionsPerAddressPerMinute: 1e6 };

interface Raw {
  socket: Socket;
  /** Messages that came. */
  heard: string[];
  send(...packets: Packet[]): void;
}

async function login({ host, port }: RelayApart, name: string): Promise<Raw> {
  const socket = openSocket({ host, port, noDelay: true });
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => {});
  const heard: string[] = [];
  let isIn = false;
  const parser = mqttPacket.parser();
  parser.on('packet', packet => {
    if (packet.cmd === 'publish') heard.push(packet.payload.toString());
    if (packet.cmd === 'connack') isIn = true;
  });
  socket.on('data', chunk => parser.parse(chunk));
  const send = (...packets: Packet[]) => {
    socket.write(Buffer.concat(packets.map(packet => mqttPacket.generate(packet))));
  };
  send(connectPacket(name, { password: Buffer.from(keys[name] ?? '') }));
  await until(() => isIn, 'CONNACK');
  return { socket, heard, send };
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
  const quiet = () => clearInterval(timer);
  onTestFinished(quiet);
  return quiet;
}

test(
  'stops reading while 20 publish at full speed: it is dropped, and others hear each other all the time',
  async () => {
    const relay = await relayApart(limits, known);
    const stalled = await login(relay, 'loud-lab');
    stalled.send(subscribePacket(1, ...loud.map(pressTopic)));
    const heard = await login(relay, 'calm-lab');
    heard.send(subscribePacket(1, pressTopic('calm-1')));
    const calm = await login(relay, 'calm-1');
    const speakers = await Promise.all(loud.map(name => login(relay, name)));
    await until(() => {
      for (const [i, { send }] of speakers.entries()) send(publishPacket(pressTopic(loud[i] ?? ''), 'x'));
      return stalled.heard.length > 0;
    }, 'the loud ones to be heard');
    stalled.socket.pause();
    const quiet = shout(speakers, loud);
    const drops = async () => {
      const { refused } = (await relay.look()).stats;
      return (refused['queue-full'] ?? 0) + (refused.stalled ?? 0);
    };
    let said = 0;
    const goOn = async () => {
      calm.send(publishPacket(pressTopic('calm-1'), String(said++)));
      await until(() => heard.heard.length === said, `message ${said} beside the stall`);
      await pause(20);
    };
    while ((await drops()) === 0) await goOn();
    for (let i = 0; i < 50; i++) await goOn();
    quiet();
    expect(heard.heard).toEqual(Array.from({ length: said }, (_, i) => String(i)));
    expect(await drops()).toBe(1);
  },
  patience(60_000),
);

test(
  '17,000 messages that nobody hears behind a stalled client do not end the relay',
  async () => {
    const relay = await relayApart(limits, known);
    const stalled = await login(relay, 'loud-lab');
    stalled.send(subscribePacket(1, ...loud.map(pressTopic)));
    const speakers = await Promise.all(loud.slice(0, 10).map(name => login(relay, name)));
    stalled.socket.pause();
    const quiet = shout(speakers, loud);
    const published = async () => (await relay.look()).stats.published;
    await until(async () => (await published()) > 1_000, 'the loud ones');
    for (const name of alone) {
      const { send } = await login(relay, name);
      send(...Array.from({ length: 2_000 }, () => publishPacket(pressTopic(name), '')));
    }
    quiet();
    await until(async () => (await published()) > 17_000, 'all of them', 30_000);
    const again = await login(relay, 'calm-1');
    again.send({ cmd: 'pingreq' });
    expect((await relay.look()).stats.clients).toBeGreaterThan(0);
  },
  patience(60_000),
);
