/** Who comes or speaks too often. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { addressKey } from '../../relay/src/address.ts';
import { Buckets } from '../../relay/src/buckets.ts';
import { makeGate } from '../../relay/src/gate.ts';
import { defaultLimits } from '../../relay/src/limits.ts';
import {
  connectPacket,
  login,
  messagesOf,
  publishPacket,
  rawClient,
  relayForTest,
  subscribePacket,
  until,
} from './helpers.ts';

describe('an address counts as', () => {
  const rows = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['', ''],
    ['x'.repeat(1000), 'x'.repeat(64)],
  ] as const;
  it.each(rows)('%s: %s', (from, key) => expect(addressKey(from)).toBe(key));
});

describe('a bucket', () => {
  it('never lets through more than its burst and what has refilled, and never less', () => {
    const steps = fc.array(fc.record({ key: fc.constantFrom('a', 'b'), waitMs: fc.nat(400) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 10 }), (list, burst) => {
        const refillMs = 1000;
        const buckets = new Buckets({ burst, refillMs, maxKeys: 2 });
        const tokens: Record<string, number> = { a: burst, b: burst };
        const lastMs: Record<string, number> = { a: 0, b: 0 };
        let nowMs = 0;
        for (const { key, waitMs } of list) {
          nowMs += waitMs;
          const refilled = ((nowMs - (lastMs[key] ?? 0)) * burst) / refillMs;
          const have = Math.min(burst, (tokens[key] ?? 0) + refilled);
          const isIn = buckets.take(key, nowMs);
          // A rounding error may decide exactly at one.
          if (Math.abs(have - 1) > 1e-9) expect(isIn).toBe(have >= 1);
          tokens[key] = have - (isIn ? 1 : 0);
          lastMs[key] = nowMs;
        }
      }),
    );
  });

  it('remembers a bounded number of keys, and forgets first who was silent for longest', () => {
    const buckets = new Buckets({ burst: 1, refillMs: 1000, maxKeys: 100 });
    for (let i = 0; i < 10_000; i++) {
      expect(buckets.take('steady', 0)).toBe(i === 0);
      buckets.take(`stranger ${i}`, 0);
      expect(buckets.size).toBeLessThanOrEqual(100);
    }
    // All are full again: they go as others come.
    for (let i = 0; i < 60; i++) buckets.take(`later ${i}`, 5000);
    expect(buckets.size).toBeLessThanOrEqual(60);
  });

  it('says for how long a debt lasts, and Infinity is no limit', () => {
    const buckets = new Buckets({ burst: 2, refillMs: 1000, maxKeys: 10 });
    expect([0, 0, 0, 0].map(nowMs => buckets.owe('a', nowMs))).toEqual([0, 0, 500, 1000]);
    expect(buckets.owe('a', 2000)).toBe(0);
    const free = new Buckets({ burst: Infinity, refillMs: Infinity, maxKeys: 10 });
    expect(Array.from({ length: 100 }, () => free.owe('a'))).toEqual(Array(100).fill(0));
    expect(free.take('a')).toBe(true);
  });
});

describe('connections of one address', () => {
  it('no more at a time than the limit; who leaves makes room', async () => {
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

  it('no more in a minute than the limit', async () => {
    const relay = await relayForTest({ limits: { newConnectionsPerAddressPerMinute: 3 } });
    for (let i = 0; i < 3; i++) (await rawClient(relay)).socket.destroy();
    const fourth = await rawClient(relay);
    await fourth.closed;
    expect(relay.stats().refused).toEqual({ 'connecting-too-often': 1 });
  });

  it('each address for itself, an IPv6 /64 as one, and what is closed is forgotten', () => {
    const gate = makeGate({ ...defaultLimits, connectionsPerAddress: 2 });
    const enter = (from: string) => {
      const entry = gate.enter(from);
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

  it('through a PROXY header the client counts, not the balancer', async () => {
    const relay = await relayForTest({
      doors: [{ kind: 'mqtt', port: 0, proxyProtocol: true }],
      limits: { connectionsPerAddress: 1 },
    });
    const [, proxied] = relay.doors;
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

describe('a client that speaks too fast', () => {
  const press = (i: number) => publishPacket(pressTopic('house-01'), `${i}`, { qos: 1, messageId: i + 1 });
  const presses = (count: number) => Array.from({ length: count }, (_, i) => press(i));

  it('is slowed, in order and without a loss; others are not', async () => {
    const limits = { buttonMessageBurst: 5, buttonMessagesPerS: 50 };
    const relay = await relayForTest({ limits });
    const provisioner = await login(relay, 'lab-provisioner');
    const messages = messagesOf(provisioner);
    await provisioner.subscribeAsync(pressTopic('house-01'), { qos: 1 });
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    await until(() => raw.packets.length === 1, 'CONNACK');
    const start = performance.now();
    raw.send(...presses(30));
    await until(() => messages.length === 30, 'all presses');
    // 25 beyond the burst, at 50 a second.
    expect(performance.now() - start).toBeGreaterThan(450);
    expect(messages).toEqual(presses(30).map((_, i) => `${pressTopic('house-01')} ${i}`));
    expect(relay.stats().slowed).toBeGreaterThan(20);
    expect(relay.stats().refused).toEqual({});
    const other = await login(relay, 'cloud-01');
    const before = relay.stats().slowed;
    await other.publishAsync(pressTopic('cloud-01'), 'x', { qos: 1 });
    expect(relay.stats().slowed).toBe(before);
  });

  it('a reconnect is no new start', async () => {
    const relay = await relayForTest({ limits: { buttonMessageBurst: 3, buttonMessagesPerS: 0.1 } });
    for (let i = 0; i < 3; i++) {
      const button = await login(relay, 'house-01');
      await button.publishAsync(pressTopic('house-01'), 'x', { qos: 1 });
      await button.endAsync();
    }
    expect(relay.stats().slowed).toBe(0);
    const button = await login(relay, 'house-01');
    button.publish(pressTopic('house-01'), 'x', { qos: 1 });
    await until(() => relay.stats().slowed === 1, 'slowing');
    expect(relay.stats().published).toBe(3);
  });

  it('far too fast: disconnected, and what waits is not said afterwards', async () => {
    const limits = { buttonMessageBurst: 5, buttonMessagesPerS: 5, messageDelayMs: 1_000 };
    const relay = await relayForTest({ limits });
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    await until(() => raw.packets.length === 1, 'CONNACK');
    raw.send(...presses(40));
    await raw.closed;
    expect(relay.stats().refused).toEqual({ 'too-many-messages': expect.any(Number) });
    const { published } = relay.stats();
    expect(published).toBeLessThanOrEqual(6);
    await new Promise(resolve => setTimeout(resolve, 1_200));
    expect(relay.stats().published).toBe(published);
  });

  it('subscriptions count too', async () => {
    const relay = await relayForTest({
      limits: { buttonMessageBurst: 3, buttonMessagesPerS: 0.5, messageDelayMs: 0 },
    });
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    for (let i = 1; i < 10; i++) raw.send(subscribePacket(i, statusTopic('house-01')));
    await raw.closed;
    expect(relay.stats().refused['too-many-messages']).toBeGreaterThan(0);
  });

  it('a provisioner that comes back and repeats 1,000 statuses after 1,000 subscriptions is not slowed', async () => {
    const relay = await relayForTest();
    const provisioner = await login(relay, 'lab-provisioner');
    for (let i = 0; i < 1000; i++) void provisioner.subscribeAsync(pressTopic('house-01'));
    const said = Array.from({ length: 1000 }, () =>
      provisioner.publishAsync(statusTopic('house-01'), 'x', { qos: 1, retain: true }),
    );
    await Promise.all(said);
    expect(relay.stats()).toMatchObject({ slowed: 0, published: 1000, refused: {} });
  });
});
