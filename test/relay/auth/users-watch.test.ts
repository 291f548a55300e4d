/** The users file changes while the relay runs: who must go goes, who may stay stays, and a broken file is not taken. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { formatUsers, type User } from '../../../relay/src/auth/users.ts';
import { makeVerifier } from '../../../relay/src/auth/verifier.ts';
import { defaultLimits } from '../../../relay/src/limits/limits.ts';
import type { Relay } from '../../../relay/src/relay.ts';
import { pause, until } from '../../fixtures/patience.ts';
import {
  connectPacket,
  keys,
  login,
  messagesOf,
  rawClient,
  relayForTest,
  users,
  usersFile,
} from '../fixtures/helpers.ts';

const all = [...users.values()];
const without = (...names: string[]) => all.filter(user => !names.includes(user.name));
const changed = (name: string, changes: Partial<User>) =>
  all.map(user => (user.name === name ? { ...user, ...changes } : user));
const newVerifier = () => makeVerifier(randomBytes(32).toString('base64'));

/** Short, because a test waits for it. */
const quick = { usersCheckMs: 20, usersSettleMs: 20 };

/** A relay with a users file, and how to put another in its place as enroll does. */
async function scene(options: Parameters<typeof relayForTest>[0] = {}) {
  const path = usersFile(formatUsers(all));
  const relay = await relayForTest({ users: path, limits: quick, ...options });
  const replace = (list: readonly User[]) => {
    writeFileSync(`${path}.new`, formatUsers(list));
    renameSync(`${path}.new`, path);
  };
  return { path, relay, replace };
}

const taken = (relay: Relay, count: number) =>
  until(() => relay.stats().usersFilesTaken === count, `users file number ${count}`);

describe('who is disconnected', () => {
  const rows: [string, readonly User[], string | undefined][] = [
    ['is gone', without('house-01'), 'user-gone'],
    ['has another verifier', changed('house-01', { verifier: newVerifier() }), 'user-changed'],
    ['has another site', changed('house-01', { site: 'elsewhere' }), 'user-changed'],
    ['has another role', changed('house-01', { role: 'provisioner', site: 'third' }), 'user-changed'],
    ['is as before, when others change', without('cloud-01', 'far-01'), undefined],
    ['is as before, in another place of the file', all.toReversed(), undefined],
  ];
  test.each(rows)('a button is looked at anew when it %s', async (_, list, reason) => {
    const { relay, replace } = await scene();
    const button = await login(relay, 'house-01');
    replace(list);
    await taken(relay, 1);
    if (reason) await until(() => !button.connected, 'the end of the connection');
    else await pause(50);
    expect(button.connected).toBe(!reason);
    expect(relay.stats().refused).toEqual(reason ? { [reason]: 1 } : {});
    expect(relay.stats().clients).toBe(reason ? 0 : 1);
  });

  test('with the limits as they are too, which are one second in all, and it cannot come back', async () => {
    const { relay, replace } = await scene({ limits: {} });
    const button = await login(relay, 'house-01');
    const other = await login(relay, 'cloud-01');
    replace(without('house-01'));
    await until(() => !button.connected, 'the end of the connection');
    const { usersCheckMs, usersSettleMs } = defaultLimits;
    expect(usersCheckMs + usersSettleMs).toBe(1_000);
    await expect(login(relay, 'house-01')).rejects.toThrow(/[Bb]ad user/);
    expect(other.connected).toBe(true);
  });

  test('who was unknown gets in, who has a new key with the new one only', async () => {
    const { relay, replace } = await scene();
    const key = randomBytes(32).toString('base64');
    replace([...changed('house-01', { verifier: makeVerifier(key) }), { ...all[0], name: 'new-01' } as User]);
    await taken(relay, 1);
    expect((await login(relay, 'new-01', { password: keys['house-01'] ?? '' })).connected).toBe(true);
    expect((await login(relay, 'house-01', { password: key })).connected).toBe(true);
    await expect(login(relay, 'house-01')).rejects.toThrow(/[Bb]ad user/);
  });

  test('its will obeys the new rules: of a user who is gone it is not heard, of one with a new key it is', async () => {
    const { relay, replace } = await scene();
    const button = await login(relay, 'house-01');
    const messages = messagesOf(button);
    await button.subscribeAsync(beaconTopic('lab'), { qos: 1 });
    const will = {
      topic: beaconTopic('lab'),
      payload: Buffer.from('offline'),
      qos: 1 as const,
      retain: true,
    };
    const first = await login(relay, 'lab-provisioner', { will });
    replace(without('lab-provisioner'));
    await until(() => !first.connected, 'the end of the first');
    await until(() => relay.stats().refused['unknown-user'] === 1, 'the refused will');
    expect(messages).toEqual([]);
    replace(all);
    await taken(relay, 2);
    const second = await login(relay, 'lab-provisioner', { will });
    replace(changed('lab-provisioner', { verifier: newVerifier() }));
    await until(() => messages.length > 0, 'the will of the second');
    expect(messages).toEqual([`${beaconTopic('lab')} offline`]);
    await until(() => !second.connected, 'the end of the second');
  });

  test('also one that is on the way in, at whatever moment the file changes', async () => {
    for (let round = 0; round < 30; round++) {
      const { relay, path } = await scene({ limits: { usersCheckMs: 600_000 } });
      writeFileSync(path, formatUsers(without('house-01')));
      const raw = await rawClient(relay);
      raw.send(connectPacket('house-01'));
      for (let tick = 0; tick < round; tick++) await new Promise(setImmediate);
      expect(relay.reload()).toBe(true);
      await raw.closed;
      await until(() => relay.stats().clients === 0, 'nobody');
      await relay.close();
    }
  });
});

describe('the file', () => {
  test('is taken when it is edited in place, twice in the same moment, with the same length', async () => {
    const { path, relay } = await scene();
    for (let round = 1; round <= 5; round++) {
      writeFileSync(path, formatUsers(changed('house-01', { verifier: newVerifier() })));
      await taken(relay, round);
    }
  });

  test('is taken when a link is swapped, and a link to a link', async () => {
    const first = usersFile(formatUsers(all));
    const second = usersFile(formatUsers(without('house-01')));
    const link = `${first}.link`;
    const outer = `${first}.outer`;
    symlinkSync(first, link);
    symlinkSync(link, outer);
    const relay = await relayForTest({ users: outer, limits: quick });
    const button = await login(relay, 'house-01');
    symlinkSync(second, `${link}.new`);
    renameSync(`${link}.new`, link);
    await until(() => !button.connected, 'the end of the connection');
    rmSync(outer);
    symlinkSync(first, outer);
    await taken(relay, 2);
    expect((await login(relay, 'house-01')).connected).toBe(true);
  });

  test('half written it is not taken, though its first half would be a good file', async () => {
    const { path, relay } = await scene({ limits: { usersCheckMs: 10, usersSettleMs: 1_000 } });
    const button = await login(relay, 'far-01');
    const text = formatUsers(without('house-01'));
    const half = formatUsers(without('house-01').slice(0, 1));
    expect(text.startsWith(half)).toBe(true);
    writeFileSync(path, half);
    // It grows for a while, with less than the settling time between two pieces.
    const rest = text.slice(half.length);
    for (let at = 0; at < rest.length; at += 100) {
      await pause(20);
      appendFileSync(path, rest.slice(at, at + 100));
    }
    await taken(relay, 1);
    await pause(50);
    expect(button.connected).toBe(true);
    expect(relay.stats()).toMatchObject({ usersFilesTaken: 1, usersFilesBroken: 0, refused: {} });
  });

  const broken: [string, (path: string) => void, RegExp][] = [
    ['is no YAML', path => writeFileSync(path, 'users: ["'), /is not YAML/],
    ['is empty', path => writeFileSync(path, ''), /expected a list called users/],
    ['is gone', path => rmSync(path), /there is no such file/],
    [
      'has two mistakes',
      path => writeFileSync(path, 'users:\n  - {name: Ada, role: boss, site: lab, verifier: "my secret"}\n'),
      /users\.0\.name.*users\.0\.role.*users\.0\.verifier/,
    ],
  ];
  test.each(
    broken,
  )('that %s is not taken: said and counted once, and the users stay', async (_, spoil, said) => {
    const lines: string[] = [];
    const { path, relay, replace } = await scene({
      log: pino({ level: 'error' }, { write: line => void lines.push(line) }),
    });
    const button = await login(relay, 'house-01');
    spoil(path);
    await until(() => relay.stats().usersFilesBroken > 0, 'the complaint');
    await pause(200); // ten looks
    expect(button.connected).toBe(true);
    expect((await login(relay, 'cloud-01')).connected).toBe(true);
    expect(relay.stats()).toMatchObject({ usersFilesTaken: 0, usersFilesBroken: 1 });
    const text = lines.join('');
    expect(text.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(text).problems.join(' ')).toMatch(said);
    expect(text).not.toContain('my secret');
    expect(relay.reload()).toBe(false);
    replace(without('house-01'));
    await until(() => !button.connected, 'the end of the connection');
    expect(relay.reload()).toBe(true);
  });

  test('of 10,000 users is read in small pieces, and the event loop turns between them', async () => {
    const { verifier } = all[0] as User;
    const entry = (i: number) =>
      `  - name: b-${i}\n    role: button\n    site: lab\n    verifier: ${verifier}\n`;
    const entries = Array.from({ length: 10_000 }, (_, i) => entry(i));
    const { path, relay } = await scene();
    const turns = vi.spyOn(globalThis, 'setImmediate');
    onTestFinished(() => turns.mockRestore());
    writeFileSync(path, `users:\n${entries.join('')}`);
    await taken(relay, 1);
    expect(turns.mock.calls.length).toBeGreaterThanOrEqual(40);
  });

  test('reload() takes it at once, and says whether it is good', async () => {
    const { relay, replace, path } = await scene({ limits: { usersCheckMs: 600_000 } });
    const button = await login(relay, 'house-01');
    await button.subscribeAsync(beaconTopic('lab'));
    expect(relay.reload()).toBe(true);
    expect(relay.stats().usersFilesTaken).toBe(0);
    writeFileSync(path, 'users: [');
    expect(relay.reload()).toBe(false);
    replace(without('house-01'));
    expect(relay.reload()).toBe(true);
    await until(() => !button.connected, 'the end of the connection');
  });
});

test('a revoked button says nothing more, not even what was already on the way', async () => {
  const { relay, replace } = await scene();
  const provisioner = await login(relay, 'lab-provisioner');
  const messages = messagesOf(provisioner);
  await provisioner.subscribeAsync(pressTopic('house-01'), { qos: 1 });
  const button = await login(relay, 'house-01');
  replace(without('house-01'));
  await until(() => relay.stats().usersFilesTaken === 1, 'the new users');
  button.publish(pressTopic('house-01'), 'late');
  await until(() => !button.connected, 'the end of the connection');
  await pause(20);
  expect(messages).toEqual([]);
});

describe('what is retained dies with its owner:', () => {
  const status = statusTopic('house-01');
  const beacon = beaconTopic('lab');
  const other = statusTopic('cloud-01');
  const rows: [string, readonly User[], string[]][] = [
    ['a button that is revoked', without('house-01'), [other, beacon]],
    ['a button with a new key', changed('house-01', { verifier: newVerifier() }), [other, beacon]],
    ['a button of another site', changed('house-01', { site: 'elsewhere' }), [other, beacon]],
    ['a provisioner that is revoked', without('lab-provisioner'), []],
    ['a provisioner with a new key', changed('lab-provisioner', { verifier: newVerifier() }), []],
    ['nobody, when another comes', [...all, { ...all[0], name: 'new-01' } as User], [status, other, beacon]],
  ];
  test.each(rows)('its topics are forgotten, those of others are not: %s', async (_, list, kept) => {
    const { relay, replace } = await scene();
    const provisioner = await login(relay, 'lab-provisioner');
    for (const topic of [status, other, beacon]) {
      await provisioner.publishAsync(topic, 'old', { qos: 1, retain: true });
    }
    await provisioner.endAsync();
    replace(list);
    await taken(relay, 1);
    // As they were once more: whoever reads now would have read what was retained.
    replace(all);
    await taken(relay, 2);
    const heard: string[] = [];
    for (const name of ['house-01', 'cloud-01']) {
      const button = await login(relay, name);
      button.on('message', topic => heard.push(topic));
      await button.subscribeAsync([statusTopic(name), beacon], { qos: 1 });
      // A message to itself comes behind what was retained.
      await button.publishAsync(pressTopic(name), 'x', { qos: 1 });
    }
    await pause(50);
    expect([...new Set(heard)].toSorted()).toEqual(kept.toSorted());
  });
});
