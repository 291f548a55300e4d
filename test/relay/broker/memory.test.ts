/** What memory.ts, backpressure.ts and retained.ts reach for inside aedes and mqtt-packet is still there. */
import { Aedes } from 'aedes';
import mqttPacket from 'mqtt-packet';
import { expect, test } from 'vitest';
import { beaconTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { forgetConnect, shrinkParser } from '../../../relay/src/broker/memory.ts';
import { patternOf } from '../../../relay/src/broker/topic-pattern.ts';
import { TopicRouter } from '../../../relay/src/broker/topic-router.ts';
import { pause, until } from '../../fixtures/patience.ts';
import { login, messagesOf, relayForTest } from '../fixtures/helpers.ts';

test('aedes and mqtt-packet still have the parts that are made smaller', async () => {
  const aedes = await Aedes.createBroker({ mq: new TopicRouter() });
  const { persistence } = aedes as unknown as { persistence: Record<string, unknown> };
  expect(typeof persistence.storeRetained).toBe('function');
  expect(typeof persistence.createRetainedStreamCombi).toBe('function');
  const { Duplex } = await import('node:stream');
  const client = aedes.handle(
    new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }),
  ) as unknown as {
    _parser: { _list: { constructor: { BufferList?: unknown } }; settings: unknown };
    duplicates: unknown;
    waitForDrain: unknown;
  };
  expect(typeof client.waitForDrain).toBe('function');
  expect(client.duplicates).toBeTypeOf('object');
  expect(client._parser._list.constructor.BufferList).toBeTypeOf('function');
  const before = client._parser._list;
  shrinkParser(client as never);
  expect(client._parser._list).not.toBe(before);
  Object.assign(client._parser, { settings: { protocolVersion: 4, password: 'secret' } });
  forgetConnect(client as never);
  expect(client._parser.settings).toEqual({ protocolVersion: 4 });
  expect('cacheNumbers' in mqttPacket.writeToStream).toBe(true);
  await new Promise<void>(resolve => aedes.close(() => resolve()));
});

test('retained messages are given on every subscription, replaced, and taken away', async () => {
  const relay = await relayForTest();
  const provisioner = await login(relay, 'lab-provisioner');
  const say = (topic: string, text: string) =>
    provisioner.publishAsync(topic, text, { qos: 1, retain: true });
  await say(statusTopic('house-01'), 'one');
  await say(statusTopic('house-01'), 'two');
  await say(beaconTopic('lab'), 'online');
  const button = await login(relay, 'house-01');
  const heard = messagesOf(button);
  await button.subscribeAsync([statusTopic('house-01'), beaconTopic('lab')], { qos: 1 });
  await until(() => heard.length === 2, 'both');
  expect(heard.toSorted()).toEqual(
    [`retained ${statusTopic('house-01')} two`, `retained ${beaconTopic('lab')} online`].toSorted(),
  );
  await say(statusTopic('house-01'), '');
  await until(() => heard.length === 3, 'the empty one');
  await button.endAsync();
  const again = await login(relay, 'house-01');
  const later = messagesOf(again);
  await again.subscribeAsync([statusTopic('house-01'), beaconTopic('lab')], { qos: 1 });
  await pause(100);
  expect(later).toEqual([`retained ${beaconTopic('lab')} online`]);
});

test('a router: exact topics, one receiver or many, those of aedes by pattern, and nobody at all', async () => {
  const router = new TopicRouter();
  const heard: string[] = [];
  const take = (name: string) => (packet: { topic: string }, done: () => void) => {
    heard.push(`${name} ${packet.topic}`);
    done();
  };
  const [a, b, sys] = [take('a'), take('b'), take('sys')];
  const emit = (topic: string) =>
    new Promise<Error | undefined>(resolve => router.emit({ topic } as never, resolve));
  router
    .on('t/1', a as never)
    .on('t/1', b as never)
    .on('$SYS/+/new/#', sys as never);
  await emit('t/1');
  await emit('t/2');
  await emit('$SYS/x/new/clients');
  await emit('$SYS/x/old/clients');
  expect(heard.splice(0)).toEqual(['a t/1', 'b t/1', 'sys $SYS/x/new/clients']);
  router.removeListener('t/1', a as never).removeListener('$SYS/+/new/#', sys as never);
  await emit('t/1');
  await emit('$SYS/x/new/clients');
  expect(heard.splice(0)).toEqual(['b t/1']);
  router.removeListener('t/1', b as never);
  await emit('t/1');
  expect(heard).toEqual([]);
  await new Promise<void>(resolve => router.close(resolve));
  expect(await emit('t/1')).toBeInstanceOf(Error);
});

test.each([
  ['a/+/c', ['a/b/c', 'a//c'], ['a/b', 'a/b/c/d', 'b/b/c', '$a/b/c']],
  ['a/#', ['a', 'a/', 'a/b/c'], ['b', 'ab']],
  ['#', ['a', 'a/b', '/'], ['$SYS/x']],
  ['+', ['a'], ['a/b', '$a']],
  ['+/b', ['a/b', '/b'], ['a/b/c', '$a/b']],
  ['$SYS/#', ['$SYS/x', '$SYS'], ['SYS/x']],
  ['a.b/+', ['a.b/c'], ['axb/c']],
])('a pattern fits what MQTT 3.1.1 section 4.7 says: %s', (filter, fitting, others) => {
  const fits = patternOf(filter);
  expect(fitting.filter(topic => !fits(topic))).toEqual([]);
  expect(others.filter(topic => fits(topic))).toEqual([]);
});
