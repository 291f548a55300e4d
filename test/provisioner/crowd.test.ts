/** Two hundred buttons pressing within one second. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import { type Lab, startLab, TestButton } from './lab.ts';

const buttons = Array.from({ length: 200 }, (_, i) => `button-${i + 1}`);
const limitMs = 60_000;

let lab: Lab;
let provisioner: Provisioner;

beforeEach(async () => {
  lab = await startLab({ buttons, ccp: { speed: 100 } });
  const { house } = lab.config.profiles;
  if (house !== undefined) lab.config.profiles = { house: { ...house, deadlineS: 120 } };
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  expect(await provisioner.whenOnline(10_000)).toBe(true);
}, limitMs);

afterEach(async () => {
  await provisioner.stop();
  await lab.close();
}, limitMs);

test('all accepted, each with a range of its own, all ready', { timeout: 3 * limitMs }, async () => {
  const crowd: TestButton[] = [];
  for (const name of buttons) crowd.push(await TestButton.connect(lab, name));
  const megabytes = () => Math.round(process.memoryUsage().rss / 2 ** 20);
  const beforeMb = megabytes();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startMs = performance.now();
  await Promise.all(crowd.map(button => button.press(1)));
  const sentMs = performance.now() - startMs;
  await Promise.all(crowd.map(button => button.until(status => status.press === 1, limitMs)));
  const acceptedMs = performance.now() - startMs;
  await Promise.all(crowd.map(button => button.until(status => status.state === 'ready', limitMs)));
  const readyMs = performance.now() - startMs;
  delay.disable();
  const ms = (value: number) => Math.round(value);
  process.stdout.write(
    `200 buttons: sent ${ms(sentMs)} ms, accepted ${ms(acceptedMs)} ms, ready ${ms(readyMs)} ms; ` +
      `event loop p50 ${ms(delay.percentile(50) / 1e6)} ms, p99 ${ms(delay.percentile(99) / 1e6)} ms; ` +
      `memory ${beforeMb} to ${megabytes()} MB (buttons, relay, platform and provisioner in one process)\n`,
  );
  const presses = provisioner.presses();
  expect(presses).toHaveLength(200);
  expect(new Set(presses.map(({ step }) => step))).toEqual(new Set(['ready']));
  expect(new Set(presses.map(({ range }) => range)).size).toBe(200);
  expect(new Set(lab.ccp.clusters().map(({ cidr }) => cidr)).size).toBe(200);
  expect(lab.ccp.clusters()).toHaveLength(200);
  expect(provisioner.counters).toMatchObject({ accepted: 200, rejected: 0, dropped: 0 });
  await Promise.all(crowd.map(button => button.close()));
});
