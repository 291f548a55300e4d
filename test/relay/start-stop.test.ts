import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { beaconTopic } from '../../protocol/src/topics.ts';
import { formatUsers } from '../../relay/src/auth/users.ts';
import { type RelayOptions, startRelay } from '../../relay/src/relay.ts';
import { pause, until } from '../fixtures/patience.ts';
import { login, messagesOf, rawClient, relayForTest, users, usersFile } from './fixtures/helpers.ts';

async function problem(changes: Partial<RelayOptions>): Promise<string> {
  try {
    const relay = await startRelay({ host: '127.0.0.1', port: 0, users, log: silentLog, ...changes });
    await relay.close();
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return (error as Error).message;
  }
  throw new Error('it started');
}

test('starts with a users file, and says where it is', async () => {
  const relay = await relayForTest({ users: usersFile(formatUsers([...users.values()])) });
  expect(relay.url).toBe(`mqtt://127.0.0.1:${relay.port}`);
  expect(relay.address).toBe(`127.0.0.1:${relay.port}`);
  expect((await login(relay, 'house-01')).connected).toBe(true);
  expect(relay.stats()).toMatchObject({ clients: 1, connections: 1, logins: 1, published: 0, refused: {} });
});

test('an address of IPv6 stands in brackets', async () => {
  const relay = await relayForTest({ host: '::1' });
  expect(relay.url).toBe(`mqtt://[::1]:${relay.port}`);
});

test('says in one sentence why it cannot start', async () => {
  const first = await relayForTest();
  expect(await problem({ port: first.port })).toBe(
    `the relay cannot listen on 127.0.0.1:${first.port}: the port is in use (stop the other program or choose another port)`,
  );
  expect(await problem({ port: 70_000 })).toBe(
    'the relay cannot listen on port 70000: a port is a number from 0 to 65535',
  );
  expect(await problem({ host: '203.0.113.1' })).toBe(
    'the relay cannot listen on 203.0.113.1: this machine does not have that address',
  );
  expect(await problem({ host: 'no such host' })).toBe(
    'the relay cannot listen on no such host: there is no such host name',
  );
});

test('leaves nothing running behind when it cannot start', async () => {
  const first = await relayForTest();
  const timers = () => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length;
  const before = timers();
  const tries = 10;
  for (let i = 0; i < tries; i++) await problem({ port: first.port });
  // Of the whole process: those of files before this one may end meanwhile, or tick anew.
  expect(timers()).toBeLessThan(before + tries / 2);
});

test('a broken users file stops it before any port is open', async () => {
  const message = await problem({ users: usersFile('users: [{ name: house-01 }]') });
  expect(message).toMatch(/^the users file .* has 3 problems:\n/);
});

test('close ends by itself whoever is connected, frees the port, and may be called twice', async () => {
  // Nobody is cut off by the limit for closing.
  const relay = await relayForTest({ limits: { closeTimeoutMs: 1e9 } });
  const silent = await rawClient(relay);
  const button = await login(relay, 'house-01');
  const provisioner = await login(relay, 'lab-provisioner');
  await relay.close();
  await silent.closed;
  await until(() => !button.connected && !provisioner.connected, 'both to notice');
  expect(relay.stats()).toMatchObject({ connections: 0, clients: 0 });
  await relay.close();
  const server = createServer();
  await new Promise<void>(resolve => server.listen(relay.port, '127.0.0.1', resolve));
  await new Promise(resolve => server.close(resolve));
});

test('a restart forgets retained messages: the provisioner says them again', async () => {
  const first = await relayForTest();
  const before = await login(first, 'lab-provisioner');
  await before.publishAsync(beaconTopic('lab'), 'online', { qos: 1, retain: true });
  await first.close();
  const second = await relayForTest({ port: first.port });
  const button = await login(second, 'house-01');
  const messages = messagesOf(button);
  await button.subscribeAsync(beaconTopic('lab'));
  await pause(30);
  expect(messages).toEqual([]);
  const after = await login(second, 'lab-provisioner');
  await after.publishAsync(beaconTopic('lab'), 'online', { qos: 1, retain: true });
  await until(() => messages.length > 0, 'the beacon');
  expect(messages).toEqual([`${beaconTopic('lab')} online`]);
});
