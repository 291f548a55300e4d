/** Several relays that share nothing, seen from the provisioner; and one that refuses, or hands out what is old. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes, type AedesOptions } from 'aedes';
import { connectAsync } from 'mqtt';
import { pino } from 'pino';
import { expect } from 'vitest';
import { decode, encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { statusSchema } from '../../protocol/src/node/schemas.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { until } from '../fixtures/patience.ts';
import { eventually, type Lab, pressBody, site } from './fixtures/lab.ts';
import { at, type Room, roomTest } from './fixtures/room.ts';

const test = roomTest();
const house = 'house-01';

test('a press by either of two relays is one press, and each has its newest status', async ({ room }) => {
  const second = await room.lab.addRelay();
  const first = await room.start();
  await eventually(() => room.provisioner.relays.every(({ connected }) => connected));
  const other = await room.connect(house, second.url);
  await first.press(1);
  await other.press(1);
  for (const button of [first, other]) await button.until(at(1, 'ready'));
  expect(room.names()).toEqual(['house-01-1']);
  expect(room.provisioner.counters.accepted).toBe(1);
  await eventually(() => room.provisioner.counters.repeated === 1);
  for (const button of [first, other]) {
    const seqs = button.statuses.filter(({ press }) => press === 1).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(button.beacons.at(-1)?.state).toBe('online');
  }
  // Whatever came back, in whatever order, was known as our own.
  expect(room.provisioner.relays.map(({ saidAgain }) => saidAgain)).toEqual([0, 0]);
});

test('a relay dies: the lab is online at the other, and says which is away', async ({ room }) => {
  const second = await room.lab.addRelay();
  await room.startProvisioner();
  await eventually(() => room.provisioner.relays.every(({ connected }) => connected));
  await room.lab.relay.close();
  const button = await room.connect(house, second.url);
  await button.press(1);
  await button.until(at(1, 'ready'));
  const { connected, relays } = room.provisioner;
  expect(connected).toBe(true);
  expect(relays.map(relay => relay.connected)).toEqual([false, true]);
  const { relay, relays: parts } = room.provisioner.health();
  expect(relay).toEqual({ ok: true });
  expect(Object.values(parts).map(({ ok }) => ok)).toEqual([false, true]);
  await second.close();
  await eventually(() => !room.provisioner.connected);
  expect(room.provisioner.lastError?.match(/RELAY 127\.0\.0\.1/g)).toHaveLength(2);
});

/** A broker of no rules but these in the place of the lab's relay. */
async function useBroker(room: Room, options: AedesOptions = {}): Promise<Aedes> {
  const broker = await Aedes.createBroker(options);
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket.setNoDelay(true));
    broker.handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  room.lab.login.port = (server.address() as AddressInfo).port;
  room.onClose(async () => {
    await room.stopProvisioner();
    for (const socket of sockets) socket.destroy();
    server.close();
    await new Promise<void>(resolve => broker.close(resolve));
  });
  return broker;
}

/** Whoever may do anything there: a test, or somebody with too many rights. */
async function stranger(room: Room) {
  const client = await connectAsync(`mqtt://127.0.0.1:${room.lab.login.port}`);
  room.onClose(() => client.endAsync(true));
  return client;
}

const keyOf = ({ keys }: Lab) => keyFromBytes(keys[house] ?? Buffer.alloc(32));
const statusIn = (lab: Lab, payload: Buffer) => decode(keyOf(lab), statusTopic(house), payload, statusSchema);
const pressOf = (lab: Lab) => encode(keyOf(lab), pressTopic(house), pressBody(1));

test('an old status and an old beacon put in their place: the newest again, counted', async ({ room }) => {
  await useBroker(room);
  await room.startProvisioner();
  const client = await stranger(room);
  const retained = new Map<string, Buffer>();
  client.on('message', (topic, payload) => void retained.set(topic, payload));
  await client.subscribeAsync([statusTopic(house), beaconTopic(site)], { qos: 1 });
  const idle = await until(() => retained.get(statusTopic(house)), 'the first status');
  await client.publishAsync(pressTopic(house), pressOf(room.lab), { qos: 1 });
  const ready = () => {
    const status = statusIn(room.lab, retained.get(statusTopic(house)) ?? idle);
    return status.ok && status.message.state === 'ready';
  };
  await until(ready, 'ready');
  const [relay] = room.provisioner.relays;
  const before = relay?.saidAgain ?? 0;
  await client.publishAsync(statusTopic(house), idle, { qos: 1, retain: true });
  await client.publishAsync(beaconTopic(site), '', { qos: 1, retain: true });
  await until(() => !ready(), 'the old one to be handed out');
  await until(ready, 'the newest again');
  await until(() => retained.get(beaconTopic(site))?.length, 'the beacon again');
  // The beacon is also repeated by itself after connecting, and that is not counted.
  expect([before + 1, before + 2]).toContain(room.provisioner.relays[0]?.saidAgain);
});

/** Refuses subscriptions to these topics so often. */
function refusing(topics: (topic: string) => boolean, times: number): AedesOptions {
  const asked = new Map<string, number>();
  return {
    authorizeSubscribe: (_client, subscription, done) => {
      const count = (asked.get(subscription.topic) ?? 0) + 1;
      asked.set(subscription.topic, count);
      done(null, topics(subscription.topic) && count <= times ? null : subscription);
    },
  };
}

test('a broker that answers the first SUBSCRIBE with 0x80 and the second with 1: press, ready', async ({
  room,
}) => {
  await useBroker(
    room,
    refusing(() => true, 1),
  );
  const lines: { msg: string }[] = [];
  const log = pino({}, { write: line => lines.push(JSON.parse(line)) });
  await room.startProvisioner({}, { log });
  const client = await stranger(room);
  const heard: string[] = [];
  client.on('message', (_topic, payload) => {
    const status = statusIn(room.lab, payload);
    if (status.ok) heard.push(status.message.state);
  });
  await client.subscribeAsync(statusTopic(house)).catch(() => {});
  await client.subscribeAsync(statusTopic(house));
  await client.publishAsync(pressTopic(house), pressOf(room.lab), { qos: 1 });
  await until(() => heard.at(-1) === 'ready', 'ready');
  expect(lines.filter(({ msg }) => msg.includes('does not know'))).toEqual([]);
});
