/** A program as a platform: what it is given, what its answers and exit codes mean, and that nothing of it is left. */

import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { PlatformError } from '../../../../provisioner/src/common/platform.ts';
import { ScriptPlatform } from '../../../../provisioner/src/platforms/script/script.ts';
import type { ScriptConfig } from '../../../../provisioner/src/platforms/script/settings.ts';
import { pause, until } from '../../../fixtures/patience.ts';
import { programFile } from '../../../fixtures/programs.ts';
import { never } from '../fixtures/contract-world.ts';
import { configOf, kubeconfig } from '../fixtures/script-config.ts';

const target = { name: 'house-01-1', template: { size: 'small' }, addOns: [] };
const order = { ...target, range: '10.1.0.0/20', description: 'of lab, press 1' };

let count = 0;
/** Stands in the command line of whatever a test's program starts, so that it is found. */
const newToken = () => `7777${process.pid}${++count}`;

const running = (token: string) =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(token);
      } catch {
        return false;
      }
    }).length;

/** A shell script with a case for each verb; the others it does not have. */
function script(cases: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-script-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'platform.sh');
  const lines = Object.entries(cases).map(([verb, text]) => `${verb})\n${text}\n;;`);
  writeFileSync(path, `#!/bin/sh\ncase "$1" in\n${lines.join('\n')}\n*) exit 11 ;;\nesac\n`);
  chmodSync(path, 0o755);
  return path;
}

function platform(cases: Record<string, string>, change: Partial<ScriptConfig> = {}): ScriptPlatform {
  const made = new ScriptPlatform(configOf(script(cases), [], change));
  onTestFinished(() => made.close());
  return made;
}

const failure = (work: Promise<unknown>): Promise<PlatformError> =>
  work.then(
    () => expect.unreachable('it went well'),
    error => {
      expect(error).toBeInstanceOf(PlatformError);
      return error;
    },
  );

test('what it has not is no trouble, and its states are told as they are', async () => {
  const driver = platform({
    describe: `echo '{"steps": 3}'`,
    observe: `echo '{"state": "building", "id": "a-1", "mark": "of lab, press 1", "phase": "two of three", "done": 2}'`,
  });
  await driver.check(never);
  expect(await driver.observe(target, never)).toEqual({
    ...{ kind: 'building', id: 'a-1', description: 'of lab, press 1' },
    ...{ phase: 'two of three', done: 2, total: 3 },
  });
  // Without a list all that is known is what was looked at.
  expect(await driver.clusters(never)).toMatchObject([{ name: 'house-01-1', id: 'a-1', isBuilding: true }]);
  expect(driver.recent()).toBeUndefined();
  // Whoever concludes from what is not there is told: a lost journal is not made again of this.
  expect(await failure(driver.clusters(never, true))).toMatchObject({
    transient: false,
    message: 'its program has no verb list, so nobody can say what stands',
  });
});

test('it gets one document, the words of the press, and no more of the environment than is named', async () => {
  const path = script({ create: 'cat >"$0.in"; env >"$0.env"; pwd >"$0.pwd"' });
  const environment = { PATH: process.env.PATH ?? '', SCRIPT_TEST_NAMED: 'named value' };
  const driver = new ScriptPlatform(configOf(path, [], { environment }));
  onTestFinished(() => driver.close());
  await driver.create(order, never);
  const read = (name: string) => readFileSync(`${path}.${name}`, 'utf8');
  expect(JSON.parse(read('in'))).toEqual({
    ...{ version: 1, verb: 'create' },
    cluster: {
      ...{ name: 'house-01-1', template: { size: 'small' } },
      ...{ range: '10.1.0.0/20', mark: 'of lab, press 1' },
    },
  });
  const names = read('env')
    .split('\n')
    .map(line => line.split('=')[0] ?? '')
    .filter(name => name !== '' && !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name));
  expect(names.sort()).toEqual([
    ...['DASHBUTTON_MARK', 'DASHBUTTON_NAME', 'DASHBUTTON_RANGE', 'DASHBUTTON_VERB'],
    ...['PATH', 'SCRIPT_TEST_NAMED'],
  ]);
  expect(read('pwd').trim()).toBe(dirname(path));
});

test.each([
  [
    '10 is for good, in its words',
    'echo "line one" >&2; echo "no room for it" >&2; exit 10',
    false,
    'line one no room for it',
  ],
  ['1 is to be looked at again', 'echo "try later" >&2; exit 1', true, 'create: try later'],
  ['nothing said', 'exit 3', true, 'create: failed (3), without a word'],
  ['a signal', 'kill -s KILL $$', true, 'create: '],
])('its exit code: %s', async (_, text, transient, words) => {
  const error = await failure(platform({ create: text }).create(order, never));
  expect(error).toMatchObject({ transient, message: expect.stringContaining(words) });
  // Also on the display, while it is tried again.
  if (transient) expect(error.brief).toBe(error.message);
});

test.each([
  ['nothing', ''],
  ['no JSON', 'echo ready'],
  ['no state', `echo '{"kind": "ready"}'`],
  ['a state that is none', `echo '{"state": "done"}'`],
  ['half a document', `printf '{"state": "rea'`],
])('an answer that is not understood is asked for again: %s', async (_, text) => {
  const error = await failure(platform({ observe: text }).observe(target, never));
  expect(error).toMatchObject({
    transient: true,
    message: expect.stringContaining('observe: its answer is not understood'),
  });
});

test('a program that is not there, or is none', async () => {
  for (const command of ['/nowhere/platform.sh', 'no-such-program-anywhere']) {
    const error = await failure(new ScriptPlatform(configOf(command, [])).check(never));
    expect(error.message).toMatch(/not found|No such file|cannot be run/);
    expect(error.transient).toBe(true);
  }
});

test('a secret that it repeats is not told', async () => {
  const driver = platform(
    { create: 'echo "token $API_TOKEN refused" >&2; exit 10' },
    { environment: { PATH: process.env.PATH ?? '', API_TOKEN: 'very-secret-token' } },
  );
  expect((await failure(driver.create(order, never))).message).toBe('token *** refused');
});

test.each([
  ['hangs', (token: string) => `sleep ${token}`, 'not done after 0.3 s, ended'],
  [
    'hangs with a child that hangs',
    (token: string) => `sleep ${token} & sh -c 'sleep ${token}; :'`,
    'not done after',
  ],
  [
    'does not hear SIGTERM',
    (token: string) => `trap '' TERM; while :; do sleep ${token}; done`,
    'not done after',
  ],
  ['prints for ever', (token: string) => `yes ${token}`, 'prints more than 4 MB'],
])('who %s is ended with all that it has started', async (_, text, words) => {
  const token = newToken();
  const driver = platform(
    { observe: text(token) },
    { answerWithinMs: words.startsWith('prints') ? 60_000 : 300 },
  );
  expect((await failure(driver.observe(target, never))).message).toContain(words);
  await until(() => running(token) === 0, 'nothing of it is left');
});

test('what it leaves in the background and answers after stays, and nobody waits for it', async () => {
  const token = newToken();
  const path = script({ create: `sleep ${token} & echo $! >"$0.pid"` });
  const driver = new ScriptPlatform(configOf(path, []));
  onTestFinished(() => driver.close());
  await driver.create(order, never);
  expect(running(token)).toBe(1);
  process.kill(Number(readFileSync(`${path}.pid`, 'utf8')), 'SIGKILL');
  await until(() => running(token) === 0, 'its end');
});

test('one look at each cluster and so many in all at a time; a create does not hide how far it is, a delete ends it', async () => {
  const token = newToken();
  const path = script({
    create: `sleep ${token}`,
    observe: `mkdir "$0.$DASHBUTTON_NAME" || exit 10; sleep 0.1; ls -d "$0".house-* | wc -l >>"$0.most"; rmdir "$0.$DASHBUTTON_NAME"; echo '{"state": "building"}'`,
    delete: ':',
  });
  const driver = new ScriptPlatform(configOf(path, [], { atOnce: 3 }));
  onTestFinished(() => driver.close());
  const creating = failure(driver.create(order, never));
  await until(() => running(token) > 0, 'the create');
  const looks = ['house-01-1', 'house-01-1', 'house-01-2', 'house-01-3', 'house-01-4'].map(name =>
    driver.observe({ ...target, name }, never),
  );
  expect((await Promise.all(looks)).map(({ kind }) => kind)).toEqual(Array(5).fill('building'));
  // The create has one of the three places.
  const together = readFileSync(`${path}.most`, 'utf8').trim().split('\n').map(Number);
  expect(together).toHaveLength(5);
  expect(Math.max(...together)).toBeLessThanOrEqual(2);
  await driver.remove(target, 'house-01-1', never);
  expect((await creating).message).toBe('create: was ended');
  expect(running(token)).toBe(0);
});

test('it ends with the process that asked, also when that is killed', async () => {
  const token = newToken();
  const path = script({ observe: `sleep ${token}` });
  const child = spawn(process.execPath, [programFile('script-asker'), path], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await until(() => running(token) > 0, 'its call');
  child.kill('SIGKILL');
  await until(() => running(token) === 0, 'nothing of it is left');
  await pause(50);
  expect(running(token)).toBe(0);
});

test.each([
  [
    'a document',
    `echo "{\\"kubeconfig\\": \\"$(sed 's/"/\\\\\\\\"/g; s/$/\\\\\\\\n/' "$0.yaml" | tr -d '\\n')\\"}"`,
  ],
  ['the kubeconfig itself', 'cat "$0.yaml"'],
])('the way in comes as %s', async (_, text) => {
  const path = script({ access: text });
  writeFileSync(`${path}.yaml`, kubeconfig);
  const driver = new ScriptPlatform(configOf(path, []));
  onTestFinished(() => driver.close());
  expect(await driver.access(target, never)).toMatchObject({
    address: '127.0.0.1',
    server: 'https://127.0.0.1:6443',
  });
});
