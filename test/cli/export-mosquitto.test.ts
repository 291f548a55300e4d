/** `dashbutton relay export mosquitto`: the files. A real Mosquitto that obeys them: export-mosquitto.long.test.ts. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { revoke } from '../../cli/enroll/revoke.ts';
import { exportMosquitto } from '../../cli/relay-export/export.ts';
import { aclText, passwordLine } from '../../cli/relay-export/mosquitto.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { refusal } from '../../relay/src/auth/access.ts';
import { makeUsers, type User } from '../../relay/src/auth/users.ts';
import { makeVerifier } from '../../relay/src/auth/verifier.ts';
import {
  enrolled,
  passwordHash,
  passwordShape,
  personPassword,
  provisionerOf,
} from './fixtures/mosquitto-site.ts';
import { dashbutton, modeOf, read, secretsIn } from './fixtures/workshop.ts';

describe('the files', () => {
  test('on the command line: all three, without a secret in the output', async () => {
    const dir = await enrolled();
    const ended = await dashbutton(
      dir,
      'relay',
      'export',
      'mosquitto',
      '--users',
      'users.yaml',
      '--out',
      'm',
    );
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('4 of 4 users');
    expect(ended.stdout).not.toContain('No password was found');
    expect(modeOf(dir, 'm/passwords').toString(8)).toBe('600');
    const secrets = secretsIn(dir);
    expect(secrets.length).toBeGreaterThan(6);
    const written = ['passwords', 'acl', 'mosquitto.conf'].map(name => read(dir, `m/${name}`));
    for (const secret of secrets)
      for (const text of [ended.stdout, ...written]) expect(text).not.toContain(secret);
  });

  test('names who has no password, and writes none that the relay would refuse', async () => {
    const dir = await enrolled();
    writeFileSync(join(dir, 'person.password'), 'an old password\n');
    rmSync(join(dir, 'door.device.json'));
    writeFileSync(join(dir, 'junk.device.json'), '{');
    const said = await exportMosquitto({ users: join(dir, 'users.yaml'), out: join(dir, 'm') });
    expect(said).toContain('2 of 4 users');
    expect(said).toContain('No password was found for door, person:');
    expect(said).toMatch(/Not read: .*junk\.device\.json is not JSON/);
    const names = read(dir, 'm/passwords')
      .split('\n')
      .map(line => line.split(':')[0]);
    expect(names).toEqual([provisionerOf(dir), 'desk', '']);
  });

  test('writes nothing when it knows no password at all', async () => {
    const dir = await enrolled();
    mkdirSync(join(dir, 'empty'));
    const options = { users: join(dir, 'users.yaml'), out: join(dir, 'm'), passwords: [join(dir, 'empty')] };
    await expect(exportMosquitto(options)).rejects.toThrow(/no password of .*--passwords <folder>/s);
    expect(existsSync(join(dir, 'm'))).toBe(false);
  });

  test('exported again, they no longer have who was revoked', async () => {
    const dir = await enrolled();
    const files = { users: join(dir, 'users.yaml'), out: join(dir, 'm') };
    await exportMosquitto(files);
    expect(read(dir, 'm/passwords')).toMatch(/^door:/m);
    expect(read(dir, 'm/acl')).toContain(pressTopic('door'));
    await revoke({ button: 'door', users: files.users, config: join(dir, 'provisioner.yaml') });
    await exportMosquitto(files);
    expect(read(dir, 'm/passwords')).not.toMatch(/^door:/m);
    expect(read(dir, 'm/passwords')).toMatch(/^desk:/m);
    expect(read(dir, 'm/acl')).not.toContain('door');
    expect(read(dir, 'm/acl')).toContain(pressTopic('desk'));
    expect(read(dir, 'm/acl')).toContain('It cannot refuse a retained press');
  });

  test('a line of the password file has PBKDF2 of the password, as Mosquitto makes it', () => {
    const [, iterations, salt = '', hash] =
      passwordShape.exec(passwordLine('desk', personPassword, 101)) ?? [];
    expect(Number(iterations)).toBe(101);
    expect(hash).toBe(passwordHash(salt, 101));
    const other = passwordShape.exec(passwordLine('desk', personPassword, 101));
    expect(other?.[2]).not.toBe(salt);
  });
});

test('the access file says exactly what the relay would, for every user and every topic', () => {
  const user = (name: string, role: User['role'], site: string): User => ({
    name,
    role,
    site,
    verifier: makeVerifier(randomBytes(32).toString('base64')),
  });
  const users = makeUsers([
    user('desk', 'button', 'lab'),
    user('door', 'button', 'lab'),
    user('far', 'button', 'elsewhere'),
    user('lab', 'provisioner', 'lab'),
    user('far-lab', 'provisioner', 'elsewhere'),
    user('lonely', 'provisioner', 'nowhere'),
  ]);
  const names = [...users.keys(), 'nobody'];
  const topics = [
    ...names.flatMap(name => [pressTopic(name), statusTopic(name)]),
    ...['lab', 'elsewhere', 'nowhere', 'other'].map(beaconTopic),
  ];
  const expected = [...users.values()].flatMap(one =>
    topics.flatMap(topic => {
      const publish = { kind: 'publish', topic, qos: 1, retain: false, payloadBytes: 1 } as const;
      return [
        ...(refusal(one, publish, users, 1) ? [] : [`${one.name} write ${topic}`]),
        ...(refusal(one, { kind: 'subscribe', topic }, users, 1) ? [] : [`${one.name} read ${topic}`]),
      ];
    }),
  );
  const granted: string[] = [];
  let name = '';
  for (const line of aclText(users)
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))) {
    const [word, second = '', topic = ''] = line.split(' ');
    if (word === 'user') name = second;
    else for (const each of second.match(/read|write/g) ?? []) granted.push(`${name} ${each} ${topic}`);
  }
  expect(granted.toSorted()).toEqual(expected.toSorted());
  expect(granted).toHaveLength(3 * 3 + (2 + 3 * 2) + (2 + 3) + 2);
});
