/** Two nodes on one Redis act as one relay. */
import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Relay } from '../../relay/src/relay.ts';
import { formatUsers } from '../../relay/src/users.ts';
import {
  connectPacket,
  login,
  messagesOf,
  pause,
  publishPacket,
  rawClient,
  relayForTest,
  users,
  usersFile,
} from './helpers.ts';
import { hasRedis, type RunningRedis, redisForTest, within } from './redis-part.ts';

/** What a message may take from node to node on a busy machine (milliseconds); it is about one. */
const arriveMs = 10_000;
const beacon = beaconTopic('lab');
const will = { topic: beacon, payload: Buffer.from('offline'), qos: 1 as const, retain: true };

async function twoNodes(redis: RunningRedis, options = {}): Promise<[Relay, Relay]> {
  const node = () => relayForTest({ redis: redis.url, ...options });
  return [await node(), await node()];
}

describe.skipIf(!hasRedis())('two nodes on one Redis (Debian package redis-server)', () => {
  it('what is retained on one is read on the other', async () => {
    const [a, b] = await twoNodes(await redisForTest());
    const provisioner = await login(a, 'lab-provisioner');
    await provisioner.publishAsync(statusTopic('house-01'), 'ready', { qos: 1, retain: true });
    const button = await login(b, 'house-01');
    const heard = messagesOf(button);
    // PUBACK comes before the message is stored: ask until it is there.
    await within(
      arriveMs,
      () => heard.length > 0 || !button.subscribe(statusTopic('house-01')),
      'the status',
    );
    expect(heard[0]).toBe(`retained ${statusTopic('house-01')} ready`);
  });

  it('a press on one arrives at the provisioner on the other, each exactly once', async () => {
    const [a, b] = await twoNodes(await redisForTest());
    const provisioner = await login(b, 'lab-provisioner');
    const heard = messagesOf(provisioner);
    await provisioner.subscribeAsync([pressTopic('house-01'), pressTopic('cloud-01')], { qos: 1 });
    const [house, cloud] = await Promise.all([login(a, 'house-01'), login(b, 'cloud-01')]);
    for (let n = 0; n < 10; n++) {
      await house.publishAsync(pressTopic('house-01'), `h${n}`, { qos: 1 });
      await cloud.publishAsync(pressTopic('cloud-01'), `c${n}`, { qos: 1 });
    }
    await within(arriveMs, () => heard.length >= 20, '20 presses');
    await pause(100);
    const count = (name: string) =>
      Array.from({ length: 10 }, (_, n) => `${pressTopic(name)} ${name[0]}${n}`);
    expect(heard.filter(text => text.includes('house'))).toEqual(count('house-01'));
    expect(heard.filter(text => text.includes('cloud'))).toEqual(count('cloud-01'));
  });

  it('a message that overtakes another is not taken for a repeated one', async () => {
    const [a, b] = await twoNodes(await redisForTest());
    const button = await login(b, 'house-01');
    const heard = new Set(messagesOf(button));
    button.on('message', (_, payload) => heard.add(payload.toString()));
    await button.subscribeAsync(statusTopic('house-01'));
    const provisioner = await login(a, 'lab-provisioner');
    // A retained message is stored before it is sent on, so the next one, which is not, passes it.
    const rounds = 20;
    const each = 8;
    for (let round = 0; round < rounds; round++) {
      const all = Array.from({ length: each }, (_, n) => `${round}-${n}`);
      await Promise.all(
        all.map((text, n) =>
          provisioner.publishAsync(statusTopic('house-01'), text, { retain: n % 2 === 0 }),
        ),
      );
      await within(arriveMs, () => all.every(text => heard.has(text)), `round ${round}`);
    }
    expect(heard.size).toBe(rounds * each);
  });

  it('a user who is taken from the file leaves both nodes, and comes back on none', async () => {
    const path = usersFile(formatUsers([...users.values()]));
    const limits = { usersCheckMs: 50, usersSettleMs: 50 };
    const [a, b] = await twoNodes(await redisForTest(), { users: path, limits });
    const [house, cloud, far] = await Promise.all([
      login(a, 'house-01'),
      login(b, 'cloud-01'),
      login(b, 'far-01'),
    ]);
    writeFileSync(path, formatUsers([...users.values()].filter(({ site }) => site !== 'lab')));
    await within(arriveMs, () => !house.connected && !cloud.connected, 'both to be disconnected');
    for (const node of [a, b])
      await expect(login(node, 'house-01')).rejects.toThrow(/bad username or password/i);
    expect(far.connected).toBe(true);
    rmSync(path);
  });

  it('relays with different prefixes on one Redis do not hear each other', async () => {
    const redis = await redisForTest();
    const node = (prefix: string) => relayForTest({ redis: { url: redis.url, prefix } });
    const [one, other] = [await node('one:'), await node('other:')];
    const [speaks, hears] = [await login(one, 'lab-provisioner'), await login(other, 'house-01')];
    const [same, heard] = [await login(one, 'house-01'), messagesOf(hears)];
    expect(hears.connected, 'the seat of the same name on the other relay is its own').toBe(true);
    const heardOnSame = messagesOf(same);
    for (const button of [same, hears]) await button.subscribeAsync(statusTopic('house-01'));
    await speaks.publishAsync(statusTopic('house-01'), 'x', { qos: 1, retain: true });
    await within(arriveMs, () => heardOnSame.length > 0, 'the status');
    await pause(100);
    expect(heard).toEqual([]);
    const keys = (await redis.ask('KEYS', '*')) as string[];
    expect(keys.filter(key => !/^(one|other):/.test(key))).toEqual([]);
  });

  it('nothing is left in Redis but retained messages when all are gone', async () => {
    const redis = await redisForTest();
    const node = () => relayForTest({ redis: redis.url, log: silentLog });
    const [a, b] = [await node(), await node()];
    const provisioner = await login(a, 'lab-provisioner', { will });
    const button = await login(b, 'house-01');
    const heard = messagesOf(button);
    await button.subscribeAsync([beacon, statusTopic('house-01')]);
    await provisioner.publishAsync(beacon, 'online', { qos: 1, retain: true });
    await within(arriveMs, () => heard.length > 0, 'the beacon');
    await Promise.all([a.close(), b.close()]);
    expect(await redis.ask('KEYS', '*')).toEqual(['dashbutton:retained']);
    // A node that is stopped says its clients' last words.
    expect(String(await redis.ask('HGET', 'dashbutton:retained', beacon))).toContain('offline');
    expect(await redis.ask('PUBSUB', 'CHANNELS', '*')).toEqual([]);
  });
});

describe.skipIf(!hasRedis())('one connection per name across nodes (Debian package redis-server)', () => {
  it('the newest throws the old one out, whose will comes before the first word of the new one', async () => {
    const [a, b] = await twoNodes(await redisForTest());
    const watcher = await login(a, 'house-01');
    const heard = messagesOf(watcher);
    await watcher.subscribeAsync(beacon);
    const rounds = 30;
    const nodes = [a, b];
    for (let round = 0; round < rounds; round++) {
      const node = nodes[round % 2] ?? a;
      const provisioner = await login(node, 'lab-provisioner', { will });
      provisioner.publish(beacon, `online ${round}`, { qos: 1, retain: true });
      await within(arriveMs, () => heard.includes(`${beacon} online ${round}`), `round ${round}`);
    }
    const expected = Array.from({ length: rounds }, (_, round) => [
      ...(round === 0 ? [] : [`${beacon} offline`]),
      `${beacon} online ${round}`,
    ]);
    expect(heard).toEqual(expected.flat());
    await within(arriveMs, () => a.stats().clients + b.stats().clients === 2, 'one provisioner, one watcher');
  });

  it('many at once under one name on both nodes: one stays, and the beacon says so', async () => {
    const redis = await redisForTest();
    const [a, b] = await twoNodes(redis);
    const attempts = Array.from({ length: 40 }, async (_, n) => {
      const client = await rawClient(n % 2 ? a : b);
      client.send(
        connectPacket('lab-provisioner', { will }),
        publishPacket(beacon, `online ${n}`, { retain: true }),
      );
      await Promise.race([client.closed, within(arriveMs, () => client.packets.length > 0, 'an answer')]);
    });
    await Promise.all(attempts);
    await within(arriveMs, () => a.stats().clients + b.stats().clients === 1, 'one to stay');
    await pause(200);
    const clients = a.stats().clients + b.stats().clients;
    const text = String(await redis.ask('HGET', 'dashbutton:retained', beacon));
    expect([clients, /online|offline/.exec(text)?.[0]]).toEqual([1, 'online']);
    const seats = (await redis.ask('HKEYS', 'dashbutton:seats')) as string[];
    expect(seats).toEqual(['lab-provisioner']);
  });
});
