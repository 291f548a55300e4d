/** 100,000 broken packets from many connections, before and after login: nobody else notices. */
import { randomBytes, randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { User } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { type RelayApart, relayApart } from './attacks-relay.ts';
import { keys, messagesOf, pause } from './helpers.ts';
import { badPackets, connectBytes, goodPackets } from './malformed-bytes.ts';

const packetsInAll = 100_000;
/** The relay closes at the first packet that it cannot take, so connections have to be many too. */
const packetsPerConnection = 10;
/** Connections at a time. */
const side = 20;
/** A connection that the relay leaves open although we have closed our half (milliseconds). */
const leaveLimitMs = 20_000;
/** One seed gives one storm. */
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

/** The limits of rates are not what is tested here, and would spare the relay most of the storm. */
const unhurried = {
  newConnectionsPerAddressPerMinute: packetsInAll,
  buttonMessageBurst: packetsInAll,
  provisionerMessageBurst: packetsInAll,
};

const healthyEveryMs = 50;
/** Longest time that a healthy message may take (milliseconds): the machine is busy, and so is the relay. */
const healthyLimitMs = 5_000;

const connectOf = (name: string, more = {}) =>
  connectBytes({ clientId: name, username: name, password: keys[name] ?? '', ...more });

/** Topics of the healthy, of the attackers, and of nobody. */
const topic = fc.oneof(
  fc.constantFrom(
    pressTopic('house-01'),
    statusTopic('house-01'),
    statusTopic('cloud-01'),
    beaconTopic('lab'),
    beaconTopic('elsewhere'),
    pressTopic('stolen-1'),
    statusTopic('stolen-1'),
    '#',
    '+/+/+/+/+',
    '$SYS/x/new/clients',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const will = { topic: beaconTopic('lab'), payload: 'from an attacker' };
const packet = badPackets(
  goodPackets(topic, [
    connectOf('far-01'),
    connectOf('house-01', { password: 'guessed' }),
    connectOf('far-01', { will }),
  ]),
);
const attack = fc.record({
  loggedIn: fc.boolean(),
  packets: fc.array(packet, { minLength: packetsPerConnection, maxLength: packetsPerConnection }),
});
/**
 * Each attacker has an address and a stolen button of its own, or all would throw out one another; the first has the
 * provisioner of the other site.
 */
const stolenKey = randomBytes(32).toString('base64');
const stolen = Array.from(
  { length: side },
  (_, i): User => ({
    name: `stolen-${i}`,
    role: 'button',
    site: 'elsewhere',
    verifier: makeVerifier(stolenKey),
  }),
);

/** Sends it all, closes its half, and waits until the relay has closed the other. */
async function run(relay: RelayApart, attacker: number, login: Buffer | undefined, packets: Buffer[]) {
  const localAddress = `127.7.0.${attacker + 1}`;
  const socket = connect({ host: relay.host, port: relay.port, noDelay: true, localAddress });
  socket.on('error', () => {}).resume();
  const closed = new Promise<boolean>(resolve => {
    const timer = setTimeout(() => resolve(false), leaveLimitMs);
    socket.once('close', () => resolve(true)).once('close', () => clearTimeout(timer));
  });
  if (login) {
    socket.write(login);
    await firstAnswer(socket);
  }
  for (const bytes of packets) socket.write(bytes);
  socket.end();
  if (!(await closed)) throw new Error(`left open: ${Buffer.concat(packets).toString('hex')}`);
}

function firstAnswer(socket: Socket): Promise<void> {
  return new Promise(resolve => socket.once('data', () => resolve()).once('close', () => resolve()));
}

async function healthyClient(relay: RelayApart, name: string, topics: string[]): Promise<MqttClient> {
  const client = await connectAsync(relay.url, {
    clientId: name,
    username: name,
    password: keys[name] ?? '',
    reconnectPeriod: 0,
  });
  client.on('error', () => {});
  onTestFinished(() => {
    client.end(true);
  });
  if (topics.length > 0) await client.subscribeAsync(topics, { qos: 1 });
  return client;
}

it(`${packetsInAll} broken packets (SEED=${seed}) kill nothing, reach nobody, delay nobody`, async () => {
  const relay = await relayApart(unhurried, stolen);
  const provisioner = await healthyClient(relay, 'lab-provisioner', [
    pressTopic('house-01'),
    pressTopic('cloud-01'),
  ]);
  const house = await healthyClient(relay, 'house-01', [statusTopic('house-01'), beaconTopic('lab')]);
  const cloud = await healthyClient(relay, 'cloud-01', [statusTopic('cloud-01'), beaconTopic('lab')]);
  // Listening comes first: the status may reach the button before its PUBACK reaches the provisioner.
  const heard = [provisioner, house, cloud].map(messagesOf);
  await provisioner.publishAsync(statusTopic('cloud-01'), 'kept', { qos: 1, retain: true });

  let slowestMs = 0;
  let stop = false;
  const sent: string[] = [];
  const healthy = (async () => {
    while (!stop) {
      const start = performance.now();
      sent.push(`${pressTopic('house-01')} ${sent.length}`);
      await house.publishAsync(pressTopic('house-01'), String(sent.length - 1), { qos: 1 });
      while (heard[0]?.length !== sent.length && performance.now() - start < healthyLimitMs) await pause(1);
      slowestMs = Math.max(slowestMs, performance.now() - start);
      await pause(healthyEveryMs);
    }
  })();

  const attacks = fc.sample(attack, { numRuns: packetsInAll / packetsPerConnection, seed });
  try {
    await Promise.all(
      Array.from({ length: side }, async (_, attacker) => {
        const login =
          attacker === 0
            ? connectOf('far-provisioner')
            : connectOf(`stolen-${attacker}`, { password: stolenKey });
        for (let next = attacks.pop(); next; next = attacks.pop()) {
          await run(relay, attacker, next.loggedIn ? login : undefined, next.packets);
        }
      }),
    );
  } finally {
    stop = true;
    await healthy;
  }

  const { stats } = await relay.look();
  expect(stats).toMatchObject({ clients: 3, connections: 3 });
  expect(heard[0]).toEqual(sent);
  expect(heard[1]).toEqual([]);
  expect(heard[2]).toEqual([`${statusTopic('cloud-01')} kept`]);
  expect(sent.length).toBeGreaterThan(10);
  expect(slowestMs).toBeLessThan(healthyLimitMs);
  // Nothing was left behind for those who come later either.
  const later = await healthyClient(relay, 'house-01', []);
  const left = messagesOf(later);
  await later.subscribeAsync([statusTopic('house-01'), beaconTopic('lab')], { qos: 1 });
  await pause(100);
  expect(left).toEqual([]);
}, 180_000);
