/** presses, clusters and release as processes of their own: beside a provisioner that runs, and without one. */

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { presses } from '../../cli/presses/presses.ts';
import { release } from '../../cli/release/release.ts';
import { silentLog } from '../../config/src/log.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { type Operator, startOperator } from '../../provisioner/src/operator/operator.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner } from '../../provisioner/src/service.ts';
import { installed } from '../fixtures/installed.ts';
import { type Lab, startLab, TestButton } from '../provisioner/fixtures/lab.ts';
import { pressRecord } from '../provisioner/fixtures/records.ts';
import { bin, dashbutton, type Ended, secretsOf, writeSettings } from './fixtures/operator-lab.ts';

let lab: Lab;
let settings: string;
let provisioner: Provisioner;
let operator: Operator;

/** Two clusters are built, then one is given back by its button; all commands look at the same story. */
beforeAll(async () => {
  lab = await startLab();
  const { house } = lab.config.profiles;
  // A release that fails for a while must not be over before a slow machine has looked at it.
  if (house !== undefined) house.deadlineS = 600;
  settings = writeSettings(lab);
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  operator = await startOperator(provisioner, lab.config, silentLog);
  const button = await TestButton.connect(lab);
  for (const press of [1, 2]) {
    await button.press(press);
    await button.until(status => status.press === press && status.state === 'ready');
  }
  await button.press(3, { action: 'release' });
  await button.until(status => status.state === 'released');
  await button.press(4, { time: 1 });
  await button.until(status => status.press === 4);
  await button.close();
});

afterAll(async () => {
  await operator?.stop();
  await provisioner?.stop();
  await lab?.close();
});

/** What the command line has where it is told --yes: nobody to ask. */
const nobody = { input: process.stdin, output: process.stderr };
const linesOf = ({ stdout }: Ended) => stdout.split('\n').slice(0, -1);
const run = (args: string[], env: NodeJS.ProcessEnv = {}) => dashbutton([...args, '--config', settings], env);

/** What it says to who has to mend something: code 2 of the command line. */
async function refusal(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.catch(error => error);
  expect(error).toBeInstanceOf(SetupError);
  return (error as SetupError).message;
}

test('presses: newest first, one line each, nothing but data', async () => {
  const ended = await run(['presses']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const lines = linesOf(ended);
  const when = String.raw`20\d\d-\d\d-\d\d \d\d:\d\d:\d\d`;
  const address = provisioner.presses().find(({ press }) => press === 1)?.address;
  expect(lines.map(line => line.split(/ {2,}/).slice(0, 2).join(' '))).toEqual([
    'house-01 4',
    'house-01 3',
    'house-01 2',
    'house-01 1',
  ]);
  expect(lines[1]).toMatch(new RegExp(`^house-01 +3 +${when} +release +house-01-2 +- +-$`));
  expect(lines[2]).toMatch(new RegExp(`^house-01 +2 +${when} +released +house-01-2 +[\\d.]+ s +\\S+$`));
  expect(lines[3]).toMatch(new RegExp(`^house-01 +1 +${when} +ready +house-01-1 +[\\d.]+ s +${address}$`));
  const narrow = linesOf(await run(['presses'], { COLUMNS: '60' }));
  expect(Math.max(...narrow.map(line => line.length))).toBe(60);
  expect(narrow[0]).toMatch(/\.\.$/);
});

test('presses: JSON lines are the records', async () => {
  const ended = await run(['presses', 'house-01', '--json']);
  const byNumber = provisioner.presses().sort((a, b) => b.press - a.press);
  expect(linesOf(ended).map(line => JSON.parse(line))).toEqual(byNumber);
  for (const secret of secretsOf(lab)) expect(ended.stdout).not.toContain(secret);
});

test('presses: the whole history of one', async () => {
  const ended = await run(['presses', 'house-01', '2']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const text = ended.stdout;
  const order = ['accepted', 'creating', 'building', 'verifying', 'ready', 'releasing', 'released'];
  const places = order.map(step => text.search(new RegExp(`^ {2}${step} +20`, 'm')));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(Math.min(...places)).toBeGreaterThan(0);
  expect(text).toMatch(/^ {2}cluster +house-01-2$/m);
  expect(text).toMatch(/^ {2}range +172\.16\.\d+\.0\/20$/m);
  expect(text).toMatch(/^ {2}release +by its button, press 3 at .*, done in [\d.]+ s$/m);
  expect(text).toMatch(/^ {2}building +20\S+ \S+ {2}[\d.]+ s$/m);
  expect(text).toMatch(/^ {2}button +3\.90 V, -60 dBm, firmware 0\.1\.0$/m);
});

test('presses: what there is not', async () => {
  expect(await run(['presses', 'house-99'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('no press of house-99 has been heard: only house-01'),
  });
  const ninetyNine = presses({ config: settings }, 'house-01', 99, () => {});
  expect(await refusal(ninetyNine)).toContain('no press 99');
  expect(await run(['presses', 'house-01', 'x'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('press number'),
  });
});

test('clusters: what stands, and with --all what is gone', async () => {
  const stands = await run(['clusters']);
  expect(stands).toMatchObject({ code: 0, stderr: '' });
  expect(linesOf(stands)).toEqual([
    expect.stringMatching(/^house-01-1 +ready +house +[\d.]+ s +- +127\.\S+$/),
  ]);
  const all = linesOf(await run(['clusters', '--all']));
  expect(all).toEqual([
    expect.stringMatching(/^house-01-2 +released /),
    expect.stringMatching(/^house-01-1 +ready /),
  ]);
});

test('release: asks first, and has to be able to', async () => {
  expect(await run(['release', 'house-01-1'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--yes'),
  });
  const giveBack = (cluster: string) => release(cluster, { config: settings, yes: true }, nobody, () => {});
  expect(await refusal(giveBack('house-01-77'))).toContain('there stand house-01-1');
  expect(await refusal(giveBack('house-01-2'))).toContain('given back before');
  expect(provisioner.presses().find(({ press }) => press === 1)?.step).toBe('ready');
});

/** Runs the command line on a terminal of its own (script of util-linux) and answers its question. */
function onTerminal(args: string[], answer: string): Promise<{ code: number | null; text: string }> {
  const command = [process.execPath, bin, ...args, '--config', settings].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  let asked = false;
  child.stdout.on('data', chunk => {
    text += chunk;
    if (!asked && text.includes('[y/N]')) {
      asked = true;
      child.stdin.write(answer);
    }
  });
  return new Promise(resolve => child.once('close', code => resolve({ code, text })));
}

test.skipIf(!installed('script'))(
  'release: a no on the terminal changes nothing (needs script)',
  async () => {
    const { code, text } = await onTerminal(['release', 'house-01-1'], 'n\n');
    expect(text).toMatch(/Give back house-01-1 at 127\.\S+ \(profile house, .* old\)\?/);
    expect(text).toContain('nothing was changed');
    expect(code).toBe(1);
    expect(provisioner.presses().find(({ press }) => press === 1)?.step).toBe('ready');
  },
);

test.skipIf(!installed('script'))('presses: a terminal gets names of columns (needs script)', async () => {
  const { text } = await onTerminal(['presses'], '');
  expect(text).toMatch(/^BUTTON +PRESS +WHEN +STEP +CLUSTER +TOOK +ADDRESS/);
});

test('release --wait: until it is gone, or as long as a build may take', async () => {
  const mend = lab.ccp.fail({ kind: 'serverError', method: 'DELETE', path: '/2/clusters' });
  const { house } = lab.config.profiles;
  const impatient = writeSettings(lab, { profiles: { house: { ...house, expectS: 1, deadlineS: 1 } } });
  const given = await dashbutton(['release', 'house-01-1', '--yes', '--wait', '--config', impatient]);
  expect(given).toMatchObject({
    code: 1,
    stdout: 'house-01-1 is being given back\n',
    stderr: expect.stringContaining('house-01-1 is not gone after 1 s: the provisioner goes on'),
  });
  const going = await run(['clusters']);
  expect(going.stdout).toMatch(/^house-01-1 +releasing +house +.* asked by operator [\d.]+ s ago, \d+ %$/m);
  const again = ['release', 'house-01-1', '--yes', '--wait', '--config', settings];
  const ended = await dashbutton(again, {}, () => mend());
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(linesOf(ended)).toEqual([
    'house-01-1 is being given back already',
    expect.stringMatching(/^house-01-1 is gone after [\d.]+ s$/),
  ]);
  expect(provisioner.presses().find(({ press }) => press === 1)?.step).toBe('released');
  expect(lab.ccp.clusters()).toHaveLength(0);
  const history = await run(['presses', 'house-01', '1']);
  expect(history.stdout).toMatch(/release +by an operator at /);
  expect(await run(['clusters'])).toMatchObject({ code: 0, stdout: '', stderr: 'no cluster stands\n' });
});

test('without a provisioner the journal is read, and nothing is given back', async () => {
  const other = { ...lab, config: { ...lab.config, journal: join(lab.folder, 'other') } };
  const at = writeSettings(other, { journal: 'other' });
  const without = (args: string[]) => dashbutton([...args, '--config', at]);
  const all = presses({ config: at }, undefined, undefined, () => {});
  expect(await refusal(all)).toContain('no journal');
  const journal = await Journal.open(other.config.journal);
  const now = Date.now();
  const failed = { step: 'failed', line: 'no datastore', endedAt: now, acceptedAt: now - 5_000 } as const;
  await journal.write({
    presses: [
      pressRecord(1, { ...failed, cleanUp: { since: now - 90_000_000, trouble: 'HTTP 500', givenUp: true } }),
      pressRecord(2, { ...failed, cleanUp: { since: now - 60_000, trouble: 'HTTP 503' } }),
      pressRecord(3, {
        step: 'ready',
        acceptedAt: now - 7_200_000,
        address: '10.0.0.3',
        expiresAt: now + 5_400_000,
      }),
      pressRecord(4, { step: 'building', acceptedAt: now - 60_000, deadlineAt: now + 600_000, percent: 40 }),
    ],
  });
  // Open elsewhere, and no socket: neither can be asked.
  expect(await without(['clusters'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('does not answer at'),
  });
  await journal.close();
  const ended = await without(['clusters']);
  expect(ended).toMatchObject({ code: 0, stderr: 'no provisioner runs: this is what its journal says\n' });
  expect(linesOf(ended).sort()).toEqual([
    expect.stringMatching(
      /^house-01-1 +left .* given up \(remove it by hand, then: dashbutton release house-01-1\): HTTP 500$/,
    ),
    expect.stringMatching(/^house-01-2 +left .* tried for \d+ s: HTTP 503$/),
    expect.stringMatching(/^house-01-3 +ready +house +2 h +90 min +10\.0\.0\.3$/),
    expect.stringMatching(/^house-01-4 +building +house +\d+ s +\d+ min +building, 40 %$/),
  ]);
  expect(await without(['release', 'house-01-3', '--yes'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('start it with dashbutton provisioner --config'),
  });
  rmSync(other.config.journal, { recursive: true });
});

test('the settings are enough to look on: no secret is read', async () => {
  for (const name of ['relay.password', 'site.key', 'ccp.password', 'house-01.key'])
    rmSync(join(lab.folder, name));
  expect(await run(['presses'])).toMatchObject({ code: 0, stderr: '' });
  expect(controlPathOf(lab.config.journal)).toBe(`${lab.config.journal}.sock`);
});
