/** A client that does not read: others go on, and it is dropped. Without a network, so that nothing is ever taken. */
import { expect, test } from 'vitest';
import { pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { makeUsers, type User } from '../../../relay/src/auth/users.ts';
import type { Limits } from '../../../relay/src/limits/limits.ts';
import { until } from '../../fixtures/patience.ts';
import { connectPacket, publishPacket, subscribePacket, userFor } from '../fixtures/helpers.ts';
import { type Wire, wiredBroker } from '../fixtures/wire.ts';

const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
const loud = many('loud', 20);
const alone = many('alone', 8);
const known = makeUsers([
  userFor('loud-lab', 'provisioner', 'loud'),
  ...[...loud, ...alone].map((name): User => userFor(name, 'button', 'loud')),
  userFor('calm-lab', 'provisioner', 'calm'),
  userFor('calm-1', 'button', 'calm'),
]);

/** Longer than any test (milliseconds), and more than any test sends (bytes). */
const never = 1e9;
/** Nothing but the stall is to be seen. */
const unhurried = { buttonMessageBurst: Infinity, packetBytes: never };
/** Nobody is ever dropped: what others do meanwhile they do beside a client that takes nothing. */
const nobodyDropped = { stallTimeoutMs: never, queueBytes: never, provisionerQueueBytes: never };

/** A broker, and its clients' connections once they are logged in. */
async function scene(limits: Partial<Limits> = nobodyDropped) {
  const { counters, wire } = await wiredBroker({ ...unhurried, ...limits }, known);
  const login = async (name: string, ...topics: string[]): Promise<Wire> => {
    const one = wire();
    one.say(connectPacket(name), ...(topics.length > 0 ? [subscribePacket(1, ...topics)] : []));
    await until(() => one.packets.length === (topics.length > 0 ? 2 : 1), `${name} to be in`);
    return one;
  };
  return { counters, login };
}

/** Presses of 250 bytes, each to be acknowledged. */
const presses = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    publishPacket(pressTopic(name), Buffer.alloc(250, 'x'), { qos: 1, messageId: i + 1 }),
  );

test('stops reading while 20 publish: they are all acknowledged, and others hear each other', async () => {
  const { counters, login } = await scene();
  const stalled = await login('loud-lab', ...loud.map(pressTopic));
  const heard = await login('calm-lab', pressTopic('calm-1'));
  const calm = await login('calm-1');
  const speakers = await Promise.all(loud.map(name => login(name)));
  stalled.stopReading();
  for (const [i, speaker] of speakers.entries()) speaker.say(...presses(loud[i] ?? '', 20));
  await until(() => stalled.writableNeedDrain, 'the stall');
  for (let i = 0; i < 20; i++) {
    calm.say(publishPacket(pressTopic('calm-1'), `${i}`, { qos: 1, messageId: i + 1 }));
    await until(() => heard.messages().length === i + 1, `message ${i} beside the stall`);
  }
  // One more each, now that everybody knows of the stall.
  for (const [i, speaker] of speakers.entries()) speaker.say(...presses(loud[i] ?? '', 1));
  await until(() => speakers.every(({ packets }) => packets.length === 22), 'every PUBACK');
  expect(stalled.writableNeedDrain).toBe(true);
  expect(stalled.messages()).toEqual([]);
  expect(counters).toMatchObject({ published: 20 * 21 + 20, refused: {} });
  stalled.readOn();
  await until(() => stalled.messages().length === 20 * 21, 'all that has waited for it');
});

test('fills its queue: dropped once, whatever comes after that', async () => {
  const { counters, login } = await scene({ stallTimeoutMs: never, provisionerQueueBytes: 32 * 1024 });
  const stalled = await login('loud-lab', ...loud.map(pressTopic));
  const speakers = await Promise.all(loud.map(name => login(name)));
  stalled.stopReading();
  // 100 kB.
  for (const [i, speaker] of speakers.entries()) speaker.say(...presses(loud[i] ?? '', 20));
  await until(() => speakers.every(({ packets }) => packets.length === 21), 'every PUBACK');
  await until(() => stalled.destroyed, 'that it is dropped');
  expect(counters.refused).toEqual({ 'queue-full': 1 });
});

test('a button has a smaller queue than a provisioner', async () => {
  const { counters, login } = await scene({ stallTimeoutMs: never });
  const [button, provisioner] = [await login('loud-1', statusTopic('loud-1')), await login('loud-lab')];
  button.stopReading();
  const status = publishPacket(statusTopic('loud-1'), Buffer.alloc(1_000, 'x'));
  // More than 16 KiB, and more than what a stream keeps before it says "no more"; far from 512 KiB.
  provisioner.say(...Array.from({ length: 100 }, () => status));
  await until(() => button.destroyed, 'that it is dropped');
  expect(counters.refused).toEqual({ 'queue-full': 1 });
});

test('takes nothing for too long: dropped, though its queue has room; one that reads on in time is not', async () => {
  const { counters, login } = await scene({ ...nobodyDropped, stallTimeoutMs: 1_000 });
  const [dead, slow] = [
    await login('loud-lab', pressTopic('loud-1')),
    await login('calm-lab', pressTopic('calm-1')),
  ];
  const [loud1, calm1] = [await login('loud-1'), await login('calm-1')];
  for (const one of [dead, slow]) one.stopReading();
  // The slow one's time begins first, and it would be over first.
  calm1.say(...presses('calm-1', 100));
  await until(() => slow.writableNeedDrain, 'the stall of the slow one');
  slow.readOn();
  loud1.say(...presses('loud-1', 100));
  await until(() => dead.destroyed, 'that it is dropped');
  expect(counters.refused).toEqual({ stalled: 1 });
  await until(() => slow.messages().length === 100, 'all that has waited for the slow one');
  expect(slow.destroyed).toBe(false);
});

test('17,000 messages that nobody hears behind a stalled client are taken one after the other', async () => {
  const { counters, login } = await scene();
  const stalled = await login('loud-lab', pressTopic('loud-1'));
  const speaker = await login('loud-1');
  stalled.stopReading();
  speaker.say(...presses('loud-1', 400));
  await until(() => stalled.writableNeedDrain, 'the stall');
  for (const name of alone) {
    const one = await login(name);
    one.say(...Array.from({ length: 2_000 }, () => publishPacket(pressTopic(name), '')));
  }
  await until(() => counters.published === 400 + 8 * 2_000, 'all of them');
  expect(counters.refused).toEqual({});
});
