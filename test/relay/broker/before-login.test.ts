/** Nothing is handled before the login is decided. A hundred times each: before-login.long.test.ts. */
import { once } from 'node:events';
import { connect } from 'node:net';
import mqttPacket from 'mqtt-packet';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pause, until } from '../../fixtures/patience.ts';
import { answersToRight, answersToWrong, relayOfAllKinds, ways } from '../fixtures/before-login.ts';
import { connectPacket, relayForTest } from '../fixtures/helpers.ts';
import { wiredBroker } from '../fixtures/wire.ts';

describe('CONNECT and SUBSCRIBE in one segment:', () => {
  test.each(ways)('a right password is let in and subscribed, three times: %s', async (...way) => {
    const { relay, refusals } = await relayOfAllKinds();
    for (let i = 0; i < 3; i++) expect(await answersToRight(relay, way)).toBe('connack 0 suback 1 1');
    expect(refusals).toEqual([]);
  });

  test.each(
    ways,
  )('a wrong password has its code and one line of log, and nothing else: %s', async (...way) => {
    const { relay, refusals } = await relayOfAllKinds();
    expect(await answersToWrong(relay, way)).toBe('connack 4');
    expect(refusals.map(line => JSON.parse(line).reason)).toEqual(['bad-user-name-or-password']);
    expect(relay.stats()).toMatchObject({ refused: { 'bad-user-name-or-password': 1 } });
  });
});

test('a thousand packets behind CONNECT are handled after it, and not before', async () => {
  const { wire } = await wiredBroker({ buttonMessageBurst: 1e9 });
  const end = wire();
  end.say(connectPacket('house-01'), ...Array(1_000).fill({ cmd: 'pingreq' }));
  await until(() => end.packets.length === 1_001, 'all answers');
  expect(end.packets[0]).toMatchObject({ cmd: 'connack', returnCode: 0 });
});

test('what is sent without end before the login stays in the socket of its sender', async () => {
  const relay = await relayForTest({ limits: { buttonMessageBurst: 1, buttonMessagesPerS: 0.1 } });
  const socket = connect(relay.port, relay.host);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  // The second login of this name has to wait for its turn.
  const first = connect(relay.port, relay.host);
  onTestFinished(() => void first.destroy());
  first.write(mqttPacket.generate(connectPacket('house-01')));
  await until(() => relay.stats().logins === 1, 'the first');
  socket.write(mqttPacket.generate(connectPacket('house-01')));
  await until(() => relay.stats().slowed === 1, 'the second to wait');
  const megabytes = 32;
  socket.write(Buffer.alloc(megabytes * 1024 * 1024, 0xc0));
  await pause(300);
  expect(relay.stats()).toMatchObject({ connections: 2, logins: 1, refused: {} });
  // The kernel takes some megabytes at most.
  expect(socket.writableLength).toBeGreaterThan((megabytes / 2) * 1024 * 1024);
});
