/** Who comes or speaks too often. */
import fc from 'fast-check';
import type { Packet } from 'mqtt-packet';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { usersPolicy } from '../../../relay/src/auth/policy.ts';
import { makeUsers, type User, type Users } from '../../../relay/src/auth/users.ts';
import { addressKey } from '../../../relay/src/limits/address.ts';
import { defaultLimits } from '../../../relay/src/limits/limits.ts';
import { makeMessageRate } from '../../../relay/src/limits/message-rate.ts';
import { Buckets } from '../../../relay/src/limits/token-buckets.ts';
import { makeCounters } from '../../../relay/src/metrics/counters.ts';
import { pause, until } from '../../fixtures/patience.ts';
import {
  connectPacket,
  login,
  messagesOf,
  publishPacket,
  rawClient,
  relayForTest,
  subscribePacket,
  users,
} from '../fixtures/helpers.ts';

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
  test.each(rows)('the same for all that is one address: %s: %s', (from, key) =>
    expect(addressKey(from)).toBe(key));
});

describe('a bucket', () => {
  test('never lets through more than its burst and what has refilled, and never less', () => {
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

  test('remembers a bounded number of keys, and forgets first who was silent for longest', () => {
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

  test('says for how long a debt lasts, and Infinity is no limit', () => {
    const buckets = new Buckets({ burst: 2, refillMs: 1000, maxKeys: 10 });
    expect([0, 0, 0, 0].map(nowMs => buckets.owe('a', 1, nowMs))).toEqual([0, 0, 500, 1000]);
    expect(buckets.owe('a', 1, 2000)).toBe(0);
    const free = new Buckets({ burst: Infinity, refillMs: Infinity, maxKeys: 10 });
    expect(Array.from({ length: 100 }, () => free.owe('a'))).toEqual(Array(100).fill(0));
    expect(free.take('a')).toBe(true);
  });
});

describe('a client that speaks too fast', () => {
  test.each<[string, Packet[]]>([
    ['PINGREQ', Array(300).fill({ cmd: 'pingreq' })],
    ['SUBSCRIBE', Array(300).fill(subscribePacket(1, statusTopic('house-01')))],
    ['one SUBSCRIBE of 300', [subscribePacket(1, ...Array(300).fill('x'))]],
    ['one UNSUBSCRIBE of 300', [{ cmd: 'unsubscribe', messageId: 1, unsubscriptions: Array(300).fill('x') }]],
    ['PUBACK that nobody waits for', Array(300).fill({ cmd: 'puback', messageId: 1 })],
    ['PUBREC', Array(300).fill({ cmd: 'pubrec', messageId: 1 })],
    ['PUBREL', Array(300).fill({ cmd: 'pubrel', messageId: 1 })],
    ['PUBCOMP', Array(300).fill({ cmd: 'pubcomp', messageId: 1 })],
  ])('is disconnected, whatever it says: %s', async (_, packets) => {
    const relay = await relayForTest();
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    await until(() => raw.packets.length === 1, 'CONNACK');
    raw.send(...packets);
    await raw.closed;
    expect(relay.stats().refused['too-many-messages']).toBe(1);
  });

  test('logins count, and a will twice: whoever goes and comes back may not say it as often as it likes', async () => {
    const limits = { buttonMessageBurst: 6, buttonMessagesPerS: 0.1, messageDelayMs: 5_000 };
    const relay = await relayForTest({ limits });
    const will = {
      topic: pressTopic('house-01'),
      payload: Buffer.from('bye'),
      qos: 1,
      retain: false,
    } as const;
    for (let i = 1; i <= 3; i++) {
      const raw = await rawClient(relay);
      raw.send(connectPacket('house-01', { will }));
      await until(() => raw.packets.length === 1, 'CONNACK');
      raw.socket.destroy();
      await until(() => relay.stats().published === i, 'the will');
    }
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01', { will }));
    await raw.closed;
    expect(raw.packets).toMatchObject([{ cmd: 'connack', returnCode: 3 }]);
    expect(relay.stats()).toMatchObject({ published: 3, refused: { 'too-many-messages': 1 } });
  });

  test('answers to what it was sent are free: nobody can use up its rate for it', async () => {
    const relay = await relayForTest({ limits: { buttonMessageBurst: 3, buttonMessagesPerS: 0.01 } });
    const provisioner = await login(relay, 'lab-provisioner');
    const button = await login(relay, 'house-01');
    const heard = messagesOf(button);
    await button.subscribeAsync(statusTopic('house-01'), { qos: 1 });
    for (let i = 0; i < 100; i++) await provisioner.publishAsync(statusTopic('house-01'), 'x', { qos: 1 });
    await until(() => heard.length === 100, 'all statuses');
    await button.publishAsync(pressTopic('house-01'), 'x', { qos: 1 });
    expect(relay.stats()).toMatchObject({ slowed: 0, refused: {} });
  });

  const press = (i: number) => publishPacket(pressTopic('house-01'), `${i}`, { qos: 1, messageId: i + 1 });
  const presses = (count: number) => Array.from({ length: count }, (_, i) => press(i));

  test('is slowed, in order and without a loss; others are not', async () => {
    // The clock of the rate stands still: nothing comes due in passing, and each press beyond the burst has its own wait.
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const limits = { buttonMessageBurst: 5, buttonMessagesPerS: 1_000 };
    const relay = await relayForTest({ limits });
    const provisioner = await login(relay, 'lab-provisioner');
    const messages = messagesOf(provisioner);
    await provisioner.subscribeAsync(pressTopic('house-01'), { qos: 1 });
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    await until(() => raw.packets.length === 1, 'CONNACK');
    raw.send(...presses(30));
    await until(() => messages.length === 30, 'all presses');
    expect(messages).toEqual(presses(30).map((_, i) => `${pressTopic('house-01')} ${i}`));
    // The login is the first of the burst.
    expect(relay.stats().slowed).toBe(30 - 4);
    expect(relay.stats().refused).toEqual({});
    const other = await login(relay, 'cloud-01');
    await other.publishAsync(pressTopic('cloud-01'), 'x', { qos: 1 });
    expect(relay.stats().slowed).toBe(30 - 4);
  });

  test('by how much: each one beyond the burst so much later, until it would be too late', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const messageRate = makeMessageRate({
      ...defaultLimits,
      buttonMessageBurst: 3,
      buttonMessagesPerS: 10,
      messageDelayMs: 300,
    });
    const waits = (name: string, count: number) =>
      Array.from({ length: count }, () => messageRate(users.get(name) as User));
    expect(waits('house-01', 8)).toEqual([0, 0, 0, 100, 200, 300, undefined, undefined]);
    // Others are not concerned, and a provisioner may say more.
    expect(waits('cloud-01', 3)).toEqual([0, 0, 0]);
    expect(waits('lab-provisioner', 8)).toEqual(Array(8).fill(0));
    vi.advanceTimersByTime(100);
    expect(waits('house-01', 2)).toEqual([300, undefined]);
    vi.advanceTimersByTime(600);
    expect(waits('house-01', 4)).toEqual([0, 0, 0, 100]);
  });

  test('a provisioner has three more at once for each button of its site, those enrolled meanwhile too', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const lab = users.get('lab-provisioner') as User;
    const before = makeUsers([...users.values()].filter(({ name }) => name !== 'cloud-01'));
    const change = { before, changed: new Set(['cloud-01']) };
    let now: Users = before;
    const limits = { ...defaultLimits, provisionerMessageBurst: 2, provisionerMessagesPerS: 10 };
    const policy = usersPolicy(() => now, limits, makeCounters(), { note: () => {}, close: () => {} });
    const free = () => {
      let count = 0;
      while (policy.rate(lab) === 0) count++;
      return count;
    };
    expect(free()).toBe(2 + 3);
    now = users;
    policy.usersChanged(change);
    // The one that was owed, and all of it again: at the same pace.
    vi.advanceTimersByTime(100 + (2 + 2 * 3) * 100);
    expect(free()).toBe(2 + 2 * 3);
    now = before;
    policy.usersChanged({ before: users, changed: change.changed });
    vi.advanceTimersByTime(10_000);
    expect(free()).toBe(2 + 3);
  });

  test('a reconnect is no new start', async () => {
    // A login and a press each time.
    const relay = await relayForTest({ limits: { buttonMessageBurst: 6, buttonMessagesPerS: 0.1 } });
    for (let i = 0; i < 3; i++) {
      const button = await login(relay, 'house-01');
      await button.publishAsync(pressTopic('house-01'), 'x', { qos: 1 });
      await button.endAsync();
    }
    expect(relay.stats().slowed).toBe(0);
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    await until(() => relay.stats().slowed === 1, 'slowing');
    expect(raw.packets).toEqual([]);
    expect(relay.stats()).toMatchObject({ logins: 3, published: 3 });
  });

  test('far too fast: disconnected, and what waits is not said afterwards', async () => {
    const limits = { buttonMessageBurst: 5, buttonMessagesPerS: 5, messageDelayMs: 300 };
    const relay = await relayForTest({ limits });
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    await until(() => raw.packets.length === 1, 'CONNACK');
    raw.send(...presses(40));
    await raw.closed;
    expect(relay.stats().refused).toEqual({ 'too-many-messages': expect.any(Number) });
    const { published } = relay.stats();
    expect(published).toBeLessThanOrEqual(6);
    // What waits would be said within the delay.
    await pause(400);
    expect(relay.stats().published).toBe(published);
  });

  test('subscriptions count too', async () => {
    const relay = await relayForTest({
      limits: { buttonMessageBurst: 3, buttonMessagesPerS: 0.5, messageDelayMs: 0 },
    });
    const raw = await rawClient(relay);
    raw.send(connectPacket('house-01'));
    for (let i = 1; i < 10; i++) raw.send(subscribePacket(i, statusTopic('house-01')));
    await raw.closed;
    expect(relay.stats().refused['too-many-messages']).toBeGreaterThan(0);
  });

  test('a provisioner that comes back and repeats 1,000 statuses after 1,000 subscriptions is not slowed', async () => {
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
