/** `dashbutton relay test` against brokers of each kind: what it says that they lack. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { enroll } from '../../cli/enroll/enroll.ts';
import { revoke } from '../../cli/enroll/revoke.ts';
import { exportMosquitto } from '../../cli/relay-export/export.ts';
import { checks } from '../../cli/relay-test/checks.ts';
import { testRelay } from '../../cli/relay-test/test.ts';
import { silentLog } from '../../config/src/log.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { freePort } from '../e2e/fixtures/proxies-programs.ts';
import { startRmqtt } from '../e2e/fixtures/rmqtt.ts';
import { builtByHand, installed, programPath } from '../fixtures/installed.ts';
import { patience, until } from '../fixtures/patience.ts';
import { device, workshop } from './fixtures/workshop.ts';

const limits = { timeout: patience(60_000) };

/** A site with two buttons, and one that was revoked. */
async function site(): Promise<string> {
  const dir = workshop({ settings: false });
  const at = (name: string) => join(dir, name);
  const files = { users: at('users.yaml'), config: at('none.yaml'), wifi: at('wifi.yaml') };
  for (const button of ['one', 'two', 'gone']) {
    const out = at(`${button}.device.json`);
    const more = { site: 'test', profile: 'none', relay: ['mqtt://127.0.0.1:1'], out };
    await enroll({ button, ...more, ...files }, () => Promise.reject(new Error('nobody is to be asked')));
  }
  await revoke({ button: 'gone', users: files.users, config: files.config });
  return dir;
}

/** The lines by what they begin with. */
async function asked(dir: string, port: number, otherPort?: number) {
  const at = (name: string) => join(dir, name);
  const lines: string[] = [];
  const url = (port: number) => `mqtt://127.0.0.1:${port}`;
  const lacking = await testRelay(
    {
      url: url(port),
      ...(otherPort === undefined ? {} : { otherUrl: url(otherPort) }),
      device: at('one.device.json'),
      neighbour: at('two.device.json'),
      password: at('test.password'),
      revoked: at('gone.device.json'),
    },
    line => lines.push(line),
  );
  expect(lines).toHaveLength(checks.length + 1);
  const of = (word: string) =>
    checks
      .map(([name]) => name)
      .filter(name => lines.some(line => line.startsWith(word) && line.includes(name)));
  return { lacking, text: lines.join('\n'), lacks: of('LACKS'), harmless: of('no harm') };
}

async function started(child: ChildProcess, port: number): Promise<void> {
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await until(
    () =>
      new Promise(resolve => {
        const socket = connect(port, '127.0.0.1');
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
        socket.once('connect', () => socket.destroy());
      }),
    `a broker on port ${port}`,
  );
}

const own = 'a client id is its own user name';
const retained = 'a retained press is refused';
const guessing = 'guessing is slowed down';

describe('what a broker lacks', limits, () => {
  test('our own relay: nothing', async () => {
    const dir = await site();
    const relay = await startRelay({
      host: '127.0.0.1',
      port: 0,
      users: join(dir, 'users.yaml'),
      log: silentLog,
    });
    onTestFinished(() => relay.close());
    const { lacking, text, harmless } = await asked(dir, relay.port);
    expect(lacking, text).toBe(0);
    expect(harmless).toEqual([guessing]);
  });

  describe.skipIf(!installed('mosquitto'))('Mosquitto (needs mosquitto)', () => {
    const run = async (config: string, port: number) =>
      started(spawn(programPath('mosquitto'), ['-c', config], { stdio: 'ignore' }), port);

    test('as exported: nothing that does harm', async () => {
      const dir = await site();
      const [out, port] = [join(dir, 'm'), await freePort()];
      await exportMosquitto({ users: join(dir, 'users.yaml'), out });
      if (process.getuid?.() === 0) {
        for (const folder of [dir, out]) chmodSync(folder, 0o755);
        const uid = Number(execFileSync('id', ['-u', 'mosquitto']));
        for (const name of ['passwords', 'acl']) chownSync(join(out, name), uid, 0);
      }
      const config = join(out, 'test.conf');
      const text = readFileSync(join(out, 'mosquitto.conf'), 'utf8');
      writeFileSync(config, text.replace('\nlistener 1883\n', `\nlistener ${port} 127.0.0.1\n`));
      await run(config, port);
      const answer = await asked(dir, port);
      expect(answer.lacking, answer.text).toBe(0);
      expect(answer.harmless).toEqual([own, retained, guessing]);
    });

    test('as it comes: logins and rules', async () => {
      const dir = await site();
      const port = await freePort();
      const config = join(dir, 'plain.conf');
      writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
      await run(config, port);
      const { lacks, text } = await asked(dir, port);
      const rules = 'a button may not say what is not its own';
      expect(lacks, text).toEqual(['a wrong password is refused', own, rules, 'a revoked button is out']);
    });
  });

  test.skipIf(!installed('nats-server'))('NATS (needs nats-server): whose client id is whose', async () => {
    const dir = await site();
    const port = await freePort();
    const config = join(dir, 'nats.conf');
    writeFileSync(config, natsText(dir, port, await freePort()));
    await started(spawn(programPath('nats-server'), ['-c', config], { stdio: 'ignore' }), port);
    const { lacks, text } = await asked(dir, port);
    expect(lacks, text).toEqual([own]);
  });

  test.skipIf(!builtByHand('rmqttd'))('three nodes of RMQTT behind our logins (needs rmqttd)', async () => {
    const dir = await site();
    const undo: (() => unknown)[] = [];
    onTestFinished(async () => {
      for (const action of undo.toReversed()) await action();
    });
    const { nodes } = await startRmqtt({ dir, users: join(dir, 'users.yaml') }, action => undo.push(action));
    const { lacking, text, harmless } = await asked(dir, nodes[0].port, nodes[1].port);
    expect(lacking, text).toBe(0);
    // A node may tell the others of a subscription a moment after its SUBACK.
    expect(harmless.filter(each => each !== 'a press crosses to the other node')).toEqual([guessing]);
  });
});

/** One node, with the rules that NATS can say. */
function natsText(dir: string, port: number, ownPort: number): string {
  const topic = (button: string, what: string) => `dashbutton.v1.buttons.${button}.${what}`;
  const users = ['one', 'two'].map(button => ({
    user: button,
    password: device(dir, button).relay.password,
    permissions: {
      publish: [topic(button, 'press'), '$MQTT.>'],
      subscribe: [topic(button, 'status'), 'dashbutton.v1.sites.test.beacon', '$MQTT.>'],
    },
  }));
  const password = readFileSync(join(dir, 'test.password'), 'utf8').trim();
  return JSON.stringify({
    server_name: 'one',
    port: ownPort,
    jetstream: { store_dir: join(dir, 'js') },
    mqtt: { port },
    authorization: { users: [...users, { user: 'test', password }] },
  });
}
