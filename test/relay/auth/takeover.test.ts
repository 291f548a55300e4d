/** [MQTT-3.1.4-2]: the newest connection of a name wins, and nothing of an older one comes after it. */
import { describe, expect, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { pause, until } from '../../fixtures/patience.ts';
import {
  connectPacket,
  login,
  messagesOf,
  publishPacket,
  type Raw,
  rawClient,
  relayForTest,
  subscribePacket,
} from '../fixtures/helpers.ts';
import { ticks, wiredBroker } from '../fixtures/wire.ts';

const beacon = beaconTopic('lab');
const will = { topic: beacon, payload: Buffer.from('offline'), qos: 1 as const, retain: true };

async function loggedIn(raw: Raw): Promise<void> {
  await until(() => raw.packets.length > 0, 'CONNACK');
  expect(raw.packets[0]).toMatchObject({ cmd: 'connack', returnCode: 0 });
}

test('a reconnect wins over the half-open connection before it', async () => {
  const relay = await relayForTest();
  const old = await rawClient(relay);
  old.send(connectPacket('house-01'), subscribePacket(1, statusTopic('house-01')));
  await loggedIn(old);
  const reconnected = await login(relay, 'house-01');
  await old.closed;
  const messages = messagesOf(reconnected);
  await reconnected.subscribeAsync(statusTopic('house-01'));
  const provisioner = await login(relay, 'lab-provisioner');
  await provisioner.publishAsync(statusTopic('house-01'), 'ready', { qos: 1, retain: true });
  await until(() => messages.length > 0, 'the status');
  expect(relay.stats().clients).toBe(2);
});

test('a wrong password takes nothing over', async () => {
  const relay = await relayForTest();
  const button = await login(relay, 'house-01');
  const thief = await rawClient(relay);
  thief.send(connectPacket('house-01', { password: Buffer.from('wrong') }));
  await thief.closed;
  await pause(20);
  expect(button.connected).toBe(true);
});

test("the old connection's will never has the last word over the new one's beacon", async () => {
  const relay = await relayForTest();
  const button = await login(relay, 'house-01');
  const messages = messagesOf(button);
  await button.subscribeAsync(beacon, { qos: 1 });
  let old = await rawClient(relay);
  old.send(connectPacket('lab-provisioner', { will }));
  await loggedIn(old);
  for (let round = 0; round < 30; round++) {
    messages.length = 0;
    const next = await rawClient(relay);
    // All in one segment: there is no quicker way to say "online" after a reconnect.
    next.send(
      connectPacket('lab-provisioner', { will }),
      publishPacket(beacon, 'online', {
        retain: true,
        qos: round % 2 ? 1 : 0,
        ...(round % 2 ? { messageId: 1 } : {}),
      }),
    );
    if (round % 3 === 0) old.socket.destroy();
    await until(() => messages.length >= 2, 'will and beacon');
    expect(messages).toEqual([`${beacon} offline`, `${beacon} online`]);
    old = next;
  }
  const later = await login(relay, 'cloud-01');
  const retained = messagesOf(later);
  await later.subscribeAsync(beacon);
  await until(() => retained.length > 0, 'the retained beacon');
  expect(retained).toEqual([`retained ${beacon} online`]);
});

test('of twenty that come at once one stays, and it can be taken over in turn', async () => {
  const relay = await relayForTest();
  const all = await Promise.all(Array.from({ length: 20 }, () => rawClient(relay)));
  for (const raw of all) raw.send(connectPacket('house-01'));
  const open = () => all.filter(raw => !raw.socket.closed);
  await until(() => open().length === 1 && relay.stats().clients === 1, 'one connection');
  await pause(50);
  expect(open()).toHaveLength(1);
  await loggedIn(open()[0] as Raw);
  await login(relay, 'house-01');
  await until(() => open().length === 0 && relay.stats().clients === 1, 'the takeover');
});

describe('when the old connection closes by itself in the same moment', () => {
  const hello = [connectPacket('house-01'), subscribePacket(1, statusTopic('house-01'))];
  const moments = [0, 1, 2, 3].flatMap(gap => [[gap, 'before'] as const, [gap, 'after'] as const]);

  test.each(moments)('%i ticks %s the new one comes, the new one stays on the list', async (gap, order) => {
    const { counters, wire } = await wiredBroker();
    const [old, next, third] = [wire(), wire(), wire()];
    old.say(...hello);
    await ticks(20);
    const steps = [() => old.destroy(), () => next.say(...hello)];
    if (order === 'after') steps.reverse();
    steps[0]?.();
    await ticks(gap);
    steps[1]?.();
    await ticks(20);
    expect(counters.clients).toBe(1);
    third.say(connectPacket('house-01'), publishPacket(pressTopic('house-01'), 'x'));
    await ticks(20);
    expect(next.destroyed).toBe(true);
    expect(third.destroyed).toBe(false);
    expect(counters).toMatchObject({ clients: 1, logins: 3, published: 1 });
  });
});
