/** One site `lab` with two buttons, another site with one, and clients that speak to a real relay over loopback. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as openSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { onTestFinished } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { type Relay, type RelayOptions, startRelay } from '../../relay/src/relay.ts';
import { makeUsers, type Role, type User, type Users } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';

export const keys: Record<string, string> = Object.create(null);

/** A user with a fresh key, which `keys` then has. */
export function userFor(name: string, role: Role, site: string): User {
  const key = randomBytes(32).toString('base64');
  keys[name] = key;
  return { name, role, site, verifier: makeVerifier(key) };
}

export const users: Users = makeUsers([
  userFor('house-01', 'button', 'lab'),
  userFor('cloud-01', 'button', 'lab'),
  userFor('far-01', 'button', 'elsewhere'),
  userFor('lab-provisioner', 'provisioner', 'lab'),
  userFor('far-provisioner', 'provisioner', 'elsewhere'),
]);

/** A relay that ends with its test. */
export async function relayForTest(options: Partial<RelayOptions> = {}): Promise<Relay> {
  const relay = await startRelay({ host: '127.0.0.1', port: 0, users, log: silentLog, ...options });
  onTestFinished(() => relay.close());
  return relay;
}

/** A real MQTT.js client, logged in as `name`. */
export async function login(relay: Relay, name: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(relay.url, {
    clientId: name,
    username: name,
    password: keys[name] ?? '',
    reconnectPeriod: 0,
    ...options,
  });
  client.on('error', () => {});
  onTestFinished(() => {
    client.end(true);
  });
  return client;
}

/** All messages that arrive, as `topic text`, with `retained ` in front where the flag is set. */
export function messagesOf(client: MqttClient): string[] {
  const messages: string[] = [];
  client.on('message', (topic, payload, packet) => {
    messages.push(`${packet.retain ? 'retained ' : ''}${topic} ${payload.toString()}`);
  });
  return messages;
}

/** A bare socket that speaks MQTT byte by byte. */
export interface Raw {
  socket: Socket;
  /** Packets that arrived. */
  packets: Packet[];
  send(...packets: Packet[]): void;
  /** Resolves when the relay has closed the connection. */
  closed: Promise<unknown>;
}

export async function rawClient(relay: Relay): Promise<Raw> {
  const socket = openSocket({ host: relay.host, port: relay.port, noDelay: true });
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  const packets: Packet[] = [];
  const parser = mqttPacket.parser();
  parser.on('packet', packet => packets.push(packet));
  socket.on('data', chunk => parser.parse(chunk));
  await once(socket, 'connect');
  const send = (...list: Packet[]): void => {
    socket.write(Buffer.concat(list.map(packet => mqttPacket.generate(packet))));
  };
  return { socket, packets, send, closed };
}

/** A CONNECT of this user, with the right key unless told otherwise. */
export function connectPacket(name: string, changes: Partial<mqttPacket.IConnectPacket> = {}): Packet {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    clientId: name,
    username: name,
    password: Buffer.from(keys[name] ?? ''),
    ...changes,
  };
}

export function publishPacket(
  topic: string,
  payload: string | Buffer,
  changes: Partial<mqttPacket.IPublishPacket> = {},
): Packet {
  return { cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...changes };
}

export function subscribePacket(messageId: number, ...topics: string[]): Packet {
  return { cmd: 'subscribe', messageId, subscriptions: topics.map(topic => ({ topic, qos: 1 })) };
}

/** Waits until something is true, at most five seconds. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 5_000; !isTrue(); await pause(2)) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** A users file with this text; gone when the test is over. */
export function usersFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-users-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'users.yaml');
  writeFileSync(path, text);
  return path;
}
