/** A real Mosquitto obeys the files of `dashbutton relay export mosquitto`; the files: export-mosquitto.test.ts. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as openSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { revoke } from '../../cli/enroll/revoke.ts';
import { exportMosquitto } from '../../cli/relay-export/export.ts';
import { passwordLine } from '../../cli/relay-export/mosquitto.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { refusal } from '../../relay/src/auth/access.ts';
import { readUsers } from '../../relay/src/auth/users.ts';
import { freePort } from '../e2e/fixtures/proxies-programs.ts';
import { installed, programPath } from '../fixtures/installed.ts';
import { pause, until } from '../fixtures/patience.ts';
import {
  enrolled,
  passwordHash,
  passwordShape,
  personPassword,
  provisionerOf,
} from './fixtures/mosquitto-site.ts';
import { device, read } from './fixtures/workshop.ts';

test.skipIf(!installed('mosquitto_passwd'))(
  'a line is what mosquitto_passwd writes (needs mosquitto_passwd)',
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-passwd-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, 'passwords'), '');
    execFileSync('mosquitto_passwd', ['-b', 'passwords', 'desk', personPassword], { cwd: dir });
    const [, iterations, salt = '', hash] = passwordShape.exec(read(dir, 'passwords').trim()) ?? [];
    expect(passwordHash(salt, Number(iterations))).toBe(hash);
    expect(passwordLine('desk', personPassword, 101)).toMatch(passwordShape);
  },
);

describe.skipIf(!installed('mosquitto'))('a real mosquitto (needs mosquitto)', () => {
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

  test('lets in who has the right password, and nobody else', async () => {
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

  test('delivers what the relay would, and nothing else: everybody says everything and listens to #', async () => {
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
    await pause(100); // more would be too many
    for (const name of Object.keys(clients))
      expect(messages[name]?.toSorted()).toEqual(expected(name).toSorted());
    // Two presses, and its own words: two statuses and its beacon.
    expect(messages[provisionerName]).toHaveLength(5);
    expect(messages.desk).toHaveLength(2);
    expect(messages.person).toEqual([]);
  });

  test('holds wills to the same rules, and takes a client id for nothing', async () => {
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

  test('takes a retained press, as the files say', async () => {
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

  test('exported again and reloaded, it drops who was revoked and keeps the others', async () => {
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
