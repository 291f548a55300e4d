/**
 * How the provisioner ends, as a real process: in order, whatever hangs; and what a mistake of ours does. A stop that
 * took longer than the provisioner promises would be code 1.
 */
import { existsSync, lstatSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { readJournal } from '../../provisioner/src/journal/index.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { until } from '../fixtures/patience.ts';
import { TestButton } from '../provisioner/fixtures/lab.ts';
import { controlled, type Service, secretsOf } from './fixtures/operator-lab.ts';
import { neverMs, StopLab } from './fixtures/stop-lab.ts';

const at = StopLab.forEachTest();

test('SIGHUP without a terminal: the settings are read again; SIGTERM: an end in order', async () => {
  const { lab } = at();
  const running = await at().online();
  const socket = controlPathOf(lab.config.journal);
  expect(lstatSync(socket).mode & 0o777).toBe(0o600);
  running.child.kill('SIGHUP');
  await running.says('the settings were read again and taken over');
  expect(running.over).toBe(false);

  const button = await TestButton.connect(lab);
  onTestFinished(() => button.close());
  await button.press(1);
  await button.until(status => status.state === 'accepted');
  expect(await running.end()).toBe(0);
  await until(() => button.beacons.at(-1)?.state === 'offline', 'the last beacon');
  expect(existsSync(socket)).toBe(false);
  expect((await readJournal(lab.config.journal)).presses).toMatchObject([{ button: 'house-01', press: 1 }]);
  const lines = running.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ room: 'provisioner', msg: 'stopped' });
  for (const secret of secretsOf(lab)) expect(running.out).not.toContain(secret);
});

// One by one: operator-stop.long.test.ts.
test('SIGTERM while relay, platform and webhooks hang; then while a create blocks', async () => {
  const { lab } = at();
  lab.ccp.fail({ kind: 'slow', delayMs: neverMs });
  let asked = 0;
  const hanging = await at().listening(() => asked++);
  const refusing = await at().listening(socket => socket.destroy());
  const { port, cut } = await at().wire();
  const running = await at().online({ ...at().relayAt(port), ...at().webhooksAt(refusing, hanging) });
  const button = await TestButton.connect(lab);
  onTestFinished(() => button.close());
  await button.press(1);
  await button.until(status => status.state === 'accepted');
  await running.says('webhook not told');
  await until(() => asked > 0, 'the webhook that hangs');
  cut();
  expect(await running.end()).toBe(0);

  lab.ccp.clearFailures();
  // The same press goes on; its create is held back by the platform, as by a gateway.
  lab.ccp.fail({ kind: 'delayed', delayMs: neverMs, method: 'POST', path: '/2/clusters' });
  const again = await at().online();
  await button.until(status => status.phase === 'platform asked');
  expect(await again.end()).toBe(0);
});

test('SIGTERM while a relay takes the connection and says nothing', async () => {
  let connections = 0;
  const port = await at().listening(() => connections++);
  const running = at().start(at().relayAt(port));
  await controlled(at().lab);
  await until(() => connections > 0, 'the connection to the relay');
  expect(await running.end()).toBe(0);
});

/** A provisioner whose stop never finishes, at the moment when it has begun. `ENDS`: the one wait that ends. */
async function hangingStop(env: { ENDS?: string } = {}): Promise<Service> {
  const { port, cut } = await at().wire();
  const endless = new URL('fixtures/endless.mjs', import.meta.url).pathname;
  const running = await at().online(at().relayAt(port), { node: ['--import', endless], env });
  cut();
  running.child.kill('SIGTERM');
  await running.says('"msg":"stopping"');
  return running;
}

test('a second signal does not wait: neither for what hangs nor for the limit', async () => {
  const running = await hangingStop();
  expect(await running.end('SIGTERM')).toBe(1);
  expect(running.out).not.toContain('not finished');
  expect(running.out).not.toContain('"stopped"');
});

test('the limit does not wait for what hangs: it says so, and ends with code 1', async () => {
  const running = await hangingStop({ ENDS: '5000' });
  await until(() => running.over, 'its end');
  expect(running.child.exitCode).toBe(1);
  expect(running.out).toContain('not finished 5 s after SIGTERM: stopped all the same');
});

test('a mistake that nobody catches, thrown or rejected: fatal, code 1, nothing lost', async () => {
  const { lab } = at();
  const node = ['--import', new URL('fixtures/stumble.mjs', import.meta.url).pathname];
  const running = await at().online({}, { node, env: { STUMBLE: 'throw' } });
  const button = await TestButton.connect(lab);
  onTestFinished(() => button.close());
  await button.press(1);
  await button.until(status => status.state === 'accepted');
  expect(await running.end('SIGUSR2')).toBe(1);
  expectFatal(running.out);
  // Its socket is still there, and in nobody's way.
  expect(existsSync(controlPathOf(lab.config.journal))).toBe(true);
  const again = await at().online({}, { node, env: { STUMBLE: 'reject' } });
  await again.says('the command line may ask');
  const ready = await button.until(status => status.state === 'ready');
  expect(ready.cluster).toBe('house-01-1');
  expect(lab.ccp.clusters()).toHaveLength(1);
  expect(await again.end('SIGUSR2')).toBe(1);
  expectFatal(again.out);
});

function expectFatal(log: string): void {
  const last = JSON.parse(log.trim().split('\n').at(-1) ?? '');
  const msg = expect.stringContaining('start it again');
  expect(last).toMatchObject({ level: 60, reason: 'nobody catches this', msg });
  expect(last.stack).toContain('stumble.mjs');
}

test('a monitor that cannot listen ends it with one sentence', async () => {
  const port = await at().listening();
  const running = at().start({ monitor: `127.0.0.1:${port}` });
  await running.says('choose another port');
  await until(() => running.over, 'its end');
  expect(running.child.exitCode).toBe(2);
});
