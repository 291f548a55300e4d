/** The provisioner's log: for a terminal, for a machine, for nobody; and which press a line is about. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askPresses } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { installed } from '../installed.ts';
import { eventually, type Lab, startLab, TestButton } from '../provisioner/lab.ts';
import { bin, controlled, dashbutton, Service, startLimitMs, writeSettings } from './operator-lab.ts';

const limit = { timeout: 2 * startLimitMs };
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

it('LOG_FORMAT=pretty: one readable line each, also into a file', limit, async () => {
  service = Service.start(writeSettings(lab), { env: { LOG_FORMAT: 'pretty' } });
  await service.says('connected to the relay');
  const line = service.out.split('\n').find(one => one.includes('connected to the relay')) ?? '';
  expect(line).toMatch(
    /^\[20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\] INFO: provisioner: connected to the relay \{"relay":"127/,
  );
  expect(service.out).not.toContain(esc);
});

it('what LOG_FORMAT and LOG_LEVEL may not be', limit, async () => {
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

it('a log that cannot be written stops nothing', limit, async () => {
  const full = openSync('/dev/full', 'w');
  child = spawn(process.execPath, [bin, 'provisioner', '--config', writeSettings(lab)], {
    stdio: ['ignore', full, full],
  });
  await controlled(lab);
  expect(await askPresses(controlPathOf(lab.config.journal))).toEqual([]);
  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(0);
});

it.skipIf(!installed('script'))('a terminal: colours, and its end is an end in order', limit, async () => {
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
  await eventually(() => text.includes('connected to the relay') && text.includes('may ask'), startLimitMs);
  expect(text).toContain(`${esc}[32mINFO`);
  terminal.kill('SIGKILL');
  await eventually(() => !existsSync(controlPathOf(lab.config.journal)), startLimitMs);
  await eventually(() => button.beacons.at(-1)?.state === 'offline', startLimitMs);
  await button.close();
});

it('each line about a press says which', limit, async () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'trace' }, { write: line => lines.push(JSON.parse(line)) });
  const provisioner = await startProvisioner(lab.config, { log });
  const button = await TestButton.connect(lab);
  await button.press(1);
  await button.until(status => status.state === 'ready', 30_000);
  await button.press(2, { action: 'release' });
  await button.until(status => status.state === 'released', 30_000);
  lab.ccp.fail({ kind: 'full' });
  await button.press(3);
  await button.until(status => status.state === 'failed', 30_000);
  await eventually(() => provisioner.underWay === 0, 30_000);
  lab.ccp.clearFailures();
  await button.press(4);
  await button.until(status => status.press === 4 && status.state === 'ready', 30_000);
  await provisioner.release('house-01-4');
  await eventually(() => provisioner.underWay === 0, 30_000);
  await provisioner.stop();
  await button.close();
  const about = lines.filter(
    line => 'button' in line || 'cluster' in line || JSON.stringify(line).includes('house-01-'),
  );
  expect(about.length).toBeGreaterThan(8);
  expect(about.filter(line => typeof line.press !== 'number')).toEqual([]);
  expect(new Set(about.map(({ press }) => press))).toEqual(new Set([1, 2, 3, 4]));
});
