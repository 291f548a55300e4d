/** `dashbutton relay export mosquitto`: the files, and a real Mosquitto that obeys them. */
import { execFileSync, spawn } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as openSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { enroll } from '../../cli/enroll/enroll.ts';
import { revoke } from '../../cli/enroll/revoke.ts';
import { exportMosquitto } from '../../cli/relay-export/export.ts';
import { aclText, passwordLine } from '../../cli/relay-export/mosquitto.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { refusal } from '../../relay/src/access.ts';
import { formatUser, makeUsers, readUsers, type User } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { freePort } from '../e2e/proxies-programs.ts';
import { installed, programPath } from '../installed.ts';
import { dashbutton, device, modeOf, read, secretsIn, workshop } from './workshop.ts';

const personPassword = 'correct horse: battery staple';

/** A site with two buttons and a provisioner, as enroll leaves it, and a person with a password. */
async function enrolled(): Promise<string> {
  const dir = workshop();
  const at = (name: string) => join(dir, name);
  for (const button of ['desk', 'door']) {
    const files = {
      users: at('users.yaml'),
      config: at('provisioner.yaml'),
      out: at(`${button}.device.json`),
    };
    await enroll({ button, ...files, site: 'lab', profile: 'house', wifi: at('wifi.yaml') }, () =>
      Promise.reject(new Error('nobody is to be asked')),
    );
  }
  const person: User = {
    name: 'person',
    role: 'button',
    site: 'far',
    verifier: makeVerifier(personPassword),
  };
  writeFileSync(at('users.yaml'), `${read(dir, 'users.yaml')}${formatUser(person)}`);
  writeFileSync(at('person.password'), `${personPassword}\n`);
  return dir;
}

const provisionerOf = (dir: string) =>
  [...readUsers(join(dir, 'users.yaml')).values()].find(user => user.role === 'provisioner')?.name ?? '';

describe('the files', () => {
  it('on the command line: all three, without a secret in the output', async () => {
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

  it('names who has no password, and writes none that the relay would refuse', async () => {
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

  it('writes nothing when it knows no password at all', async () => {
    const dir = await enrolled();
    mkdirSync(join(dir, 'empty'));
    const options = { users: join(dir, 'users.yaml'), out: join(dir, 'm'), passwords: [join(dir, 'empty')] };
    await expect(exportMosquitto(options)).rejects.toThrow(/no password of .*--passwords <folder>/s);
    expect(existsSync(join(dir, 'm'))).toBe(false);
  });

  it('a line is what mosquitto_passwd writes', ({ skip }) => {
    if (!installed('mosquitto_passwd')) skip('mosquitto_passwd is not installed (Debian package mosquitto)');
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-passwd-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, 'passwords'), '');
    execFileSync('mosquitto_passwd', ['-b', 'passwords', 'desk', personPassword], { cwd: dir });
    const shape = /^desk:\$7\$(\d+)\$([A-Za-z0-9+/]{16})\$([A-Za-z0-9+/]{86}==)$/;
    const [, iterations, salt = '', hash] = shape.exec(read(dir, 'passwords').trim()) ?? [];
    const own = pbkdf2Sync(personPassword, Buffer.from(salt, 'base64'), Number(iterations), 64, 'sha512');
    expect(own.toString('base64')).toBe(hash);
    expect(passwordLine('desk', personPassword, 101)).toMatch(shape);
  });
});

it('the access file says exactly what the relay would, for every user and every topic', () => {
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
    else granted.push(`${name} ${second} ${topic}`);
  }
  expect(granted.toSorted()).toEqual(expected.toSorted());
  expect(granted).toHaveLength(3 * 3 + (1 + 2 * 2) + (1 + 2) + 1);
});

describe.skipIf(!installed('mosquitto'))('a real mosquitto (Debian package mosquitto)', () => {
  /** Starts it with the exported configuration, of which only the port is changed. */
  async function broker(dir: string) {
    const port = await freePort();
    const config = join(dir, 'm', 'test.conf');
    const exportNow = async () => {
      await exportMosquitto({ users: join(dir, 'users.yaml'), out: join(dir, 'm') });
      if (process.getuid?.() !== 0) return;
      // Started by root it becomes mosquitto, or nobody: this folder is only for it and us.
      for (const folder of [dir, join(dir, 'm')]) chmodSync(folder, 0o755);
      const uid = Number(execFileSync('id', ['-u', 'mosquitto']));
      for (const name of ['passwords', 'acl']) chownSync(join(dir, 'm', name), uid, 0);
    };
    await exportNow();
    const text = read(dir, 'm/mosquitto.conf');
    expect(text).toContain('\nlistener 1883\n');
    writeFileSync(config, text.replace('\nlistener 1883\n', `\nlistener ${port} 127.0.0.1\n`));
    const child = spawn(programPath('mosquitto'), ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.on('data', chunk => (log += chunk));
    const ended = new Promise(resolve => child.once('close', resolve));
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended: ${log}`);
      return new Promise(resolve => {
        const socket = openSocket(port, '127.0.0.1');
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
        socket.once('connect', () => socket.destroy());
      });
    }, 'mosquitto');
    return { port, exportNow, reload: () => child.kill('SIGHUP') };
  }

  async function until(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
    for (const end = Date.now() + 10_000; !(await isTrue()); await new Promise(r => setTimeout(r, 20))) {
      if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    }
  }

  async function login(port: number, name: string, password: string, more: IClientOptions = {}) {
    const options = { clientId: name, username: name, password, reconnectPeriod: 0, ...more };
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, options);
    client.on('error', () => {});
    onTestFinished(() => {
      client.end(true);
    });
    return client;
  }

  function heard(client: MqttClient): string[] {
    const messages: string[] = [];
    client.on('message', (topic, payload) => messages.push(`${topic} ${payload}`));
    return messages;
  }

  /** Everybody of the site, each subscribed to everything there is. */
  async function everybody(dir: string, port: number) {
    const provisionerName = provisionerOf(dir);
    const passwords: Record<string, string> = {
      desk: device(dir, 'desk').relay.password,
      door: device(dir, 'door').relay.password,
      person: personPassword,
      [provisionerName]: read(dir, 'relay.password').trim(),
    };
    const clients: Record<string, MqttClient> = {};
    const messages: Record<string, string[]> = {};
    for (const [name, password] of Object.entries(passwords)) {
      const client = await login(port, name, password);
      clients[name] = client;
      messages[name] = heard(client);
      await client.subscribeAsync('#', { qos: 1 });
    }
    return { provisionerName, clients, messages };
  }

  it('lets in who has the right password, and nobody else', async () => {
    const dir = await enrolled();
    const { port } = await broker(dir);
    const { clients } = await everybody(dir, port);
    expect(Object.values(clients).map(client => client.connected)).toEqual([true, true, true, true]);
    await expect(login(port, 'desk', device(dir, 'door').relay.password)).rejects.toThrow(/Not authorized/);
    await expect(login(port, 'nobody', 'x')).rejects.toThrow(/Not authorized/);
    await expect(connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 })).rejects.toThrow(
      /ot authorized/,
    );
  });

  it('delivers what the relay would, and nothing else: everybody says everything and listens to #', async () => {
    const dir = await enrolled();
    const { port } = await broker(dir);
    const { provisionerName, clients, messages } = await everybody(dir, port);
    const site = readUsers(join(dir, 'users.yaml')).get('desk')?.site ?? '';
    const topics = [
      ...['desk', 'door', 'person', 'nobody', provisionerName].flatMap(name => [
        pressTopic(name),
        statusTopic(name),
      ]),
      ...[site, 'far', 'other'].map(beaconTopic),
      'something/else',
    ];
    for (const [name, client] of Object.entries(clients)) {
      for (const topic of topics) await client.publishAsync(topic, `from ${name}`, { qos: 1 });
    }
    const users = readUsers(join(dir, 'users.yaml'));
    const expected = (hearer: string) =>
      Object.keys(clients).flatMap(speaker =>
        topics.flatMap(topic => {
          const publish = { kind: 'publish', topic, qos: 1, retain: false, payloadBytes: 1 } as const;
          const may =
            !refusal(users.get(speaker), publish, users, 1) &&
            !refusal(users.get(hearer), { kind: 'subscribe', topic }, users, 1);
          return may ? [`${topic} from ${speaker}`] : [];
        }),
      );
    for (const name of Object.keys(clients)) {
      await until(() => (messages[name]?.length ?? 0) >= expected(name).length, `messages for ${name}`);
    }
    await new Promise(resolve => setTimeout(resolve, 100)); // more would be too many
    for (const name of Object.keys(clients))
      expect(messages[name]?.toSorted()).toEqual(expected(name).toSorted());
    expect(messages[provisionerName]).toHaveLength(2);
    expect(messages.desk).toHaveLength(2);
    expect(messages.person).toEqual([]);
  });

  it('holds wills to the same rules, and takes a client id for nothing', async () => {
    const dir = await enrolled();
    const { port } = await broker(dir);
    const { provisionerName, clients, messages } = await everybody(dir, port);
    const password = device(dir, 'door').relay.password;
    const will = (topic: string) => ({
      will: { topic, payload: Buffer.from('will'), qos: 1 as const, retain: false },
    });
    // The client id of another: mosquitto replaces it by the name, so desk stays.
    const thief = await login(port, 'door', password, { clientId: 'desk', ...will(pressTopic('desk')) });
    thief.stream.destroy();
    const honest = await login(port, 'door', password, will(pressTopic('door')));
    honest.stream.destroy();
    await until(() => (messages[provisionerName]?.length ?? 0) > 0, 'the will');
    expect(messages[provisionerName]).toEqual([`${pressTopic('door')} will`]);
    expect(clients.desk?.connected).toBe(true);
  });

  it('takes a retained press, as the files say', async () => {
    const dir = await enrolled();
    const { port } = await broker(dir);
    const { clients } = await everybody(dir, port);
    await clients.desk?.publishAsync(pressTopic('desk'), 'again and again', { qos: 1, retain: true });
    const name = provisionerOf(dir);
    const back = await login(port, name, read(dir, 'relay.password').trim());
    const messages = heard(back);
    await back.subscribeAsync(pressTopic('desk'), { qos: 1 });
    await until(() => messages.length > 0, 'the retained press');
    expect(read(dir, 'm/acl')).toContain('It cannot refuse a retained press');
  });

  it('exported again and reloaded, it drops who was revoked and keeps the others', async () => {
    const dir = await enrolled();
    const { port, exportNow, reload } = await broker(dir);
    const { clients } = await everybody(dir, port);
    await revoke({ button: 'door', users: join(dir, 'users.yaml'), config: join(dir, 'provisioner.yaml') });
    await exportNow();
    reload();
    await until(() => clients.door?.connected === false, 'door to be dropped');
    expect(clients.desk?.connected).toBe(true);
    await expect(login(port, 'door', device(dir, 'door').relay.password)).rejects.toThrow(/Not authorized/);
  });
});
