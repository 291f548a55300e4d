/** The provisioner's log: for a terminal, for a machine, for nobody; and which press a line is about. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { askPresses } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { installed } from '../fixtures/installed.ts';
import { until } from '../fixtures/patience.ts';
import { type Lab, startLab, TestButton } from '../provisioner/fixtures/lab.ts';
import { bin, controlled, dashbutton, Service, writeSettings } from './fixtures/operator-lab.ts';

const esc = String.fromCharCode(27);

let lab: Lab;
let service: Service | undefined;
let child: ChildProcess | undefined;

beforeEach(async () => {
  lab = await startLab();
});

afterEach(async () => {
  await service?.end('SIGKILL');
  child?.kill('SIGKILL');
  service = child = undefined;
  await lab.close();
});

test('LOG_FORMAT=pretty: one readable line each, also into a file', async () => {
  service = Service.start(writeSettings(lab), { env: { LOG_FORMAT: 'pretty' } });
  await service.says('connected to the relay');
  const line = service.out.split('\n').find(one => one.includes('connected to the relay')) ?? '';
  expect(line).toMatch(
    /^\[20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\] INFO: provisioner: connected to the relay \{"relay":"127/,
  );
  expect(service.out).not.toContain(esc);
});

test('what LOG_FORMAT and LOG_LEVEL may not be', async () => {
  const settings = writeSettings(lab);
  for (const name of ['LOG_FORMAT', 'LOG_LEVEL']) {
    const ended = await dashbutton(['provisioner', '--config', settings], { [name]: 'loud' });
    expect(ended).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(`^dashbutton: ${name} is "loud": expected`),
    });
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  }
});

test('a log that cannot be written stops nothing', async () => {
  const full = openSync('/dev/full', 'w');
  child = spawn(process.execPath, [bin, 'provisioner', '--config', writeSettings(lab)], {
    stdio: ['ignore', full, full],
  });
  await controlled(lab);
  expect(await askPresses(controlPathOf(lab.config.journal))).toEqual([]);
  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(0);
});

test.skipIf(!installed('script'))(
  'a terminal: colours, and its end is an end in order (needs script)',
  async () => {
    const command = `${process.execPath} ${bin} provisioner --config ${writeSettings(lab)}`;
    const env = { ...process.env, TERM: 'xterm-256color' };
    for (const name of ['NO_COLOR', 'CI', 'FORCE_COLOR', 'NODE_DISABLE_COLORS'])
      Reflect.deleteProperty(env, name);
    const terminal = spawn('script', ['-qefc', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    child = terminal;
    let text = '';
    terminal.stdout.on('data', chunk => {
      text += chunk;
    });
    const button = await TestButton.connect(lab);
    onTestFinished(() => button.close());
    await until(() => text.includes('connected to the relay') && text.includes('may ask'), 'it to be up');
    expect(text).toContain(`${esc}[32mINFO`);
    terminal.kill('SIGKILL');
    await until(() => !existsSync(controlPathOf(lab.config.journal)), 'the end of the control socket');
    await until(() => button.beacons.at(-1)?.state === 'offline', 'the last beacon');
  },
);

test('each line about a press says which', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'trace' }, { write: line => lines.push(JSON.parse(line)) });
  const provisioner = await startProvisioner(lab.config, { log });
  onTestFinished(() => provisioner.stop());
  const button = await TestButton.connect(lab);
  onTestFinished(() => button.close());
  await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(2, { action: 'release' });
  await button.until(status => status.state === 'released');
  lab.ccp.fail({ kind: 'full' });
  await button.press(3);
  await button.until(status => status.state === 'failed');
  await until(() => provisioner.underWay === 0, 'all work to be done');
  lab.ccp.clearFailures();
  await button.press(4);
  await button.until(status => status.press === 4 && status.state === 'ready');
  await provisioner.release('house-01-4');
  await until(() => provisioner.underWay === 0, 'all work to be done');
  await provisioner.stop();
  const about = lines.filter(
    line => 'button' in line || 'cluster' in line || JSON.stringify(line).includes('house-01-'),
  );
  expect(about.length).toBeGreaterThan(8);
  expect(about.filter(line => typeof line.press !== 'number')).toEqual([]);
  expect(new Set(about.map(({ press }) => press))).toEqual(new Set([1, 2, 3, 4]));
});
