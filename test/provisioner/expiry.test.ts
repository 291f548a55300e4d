/** Time to live: the warning, and the end. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { ProfileRules } from '../../provisioner/src/settings/rules.ts';
import { eventually, type Lab, startLab, TestButton } from './lab.ts';

let lab: Lab;
let provisioner: Provisioner | undefined;
let button: TestButton;
/** What the lab's clock is ahead of ours, in milliseconds. */
let aheadMs = 0;
const now = () => Date.now() + aheadMs;

beforeEach(async () => {
  aheadMs = 0;
  lab = await startLab({ ccp: { speed: 400 } });
  button = await TestButton.connect(lab);
});

afterEach(async () => {
  await button.close();
  await provisioner?.stop();
  await lab.close();
});

async function start(rules: ProfileRules): Promise<void> {
  const { house } = lab.config.profiles;
  if (house !== undefined)
    lab.config = { ...lab.config, profiles: { house: { ...house, deadlineS: 86_400, rules } } };
  await provisioner?.stop();
  provisioner = await startProvisioner(lab.config, { log: silentLog, now });
  expect(await provisioner.whenOnline(5_000)).toBe(true);
}

const says = (state: string, phase: RegExp) =>
  button.until(status => status.state === state && phase.test(status.phase));
const stepOf = (press: number) => provisioner?.presses().find(record => record.press === press)?.step;
const names = () => lab.ccp.clusters().map(cluster => cluster.name);

test('warned when the end is near, given back at the end, also after a restart', {
  timeout: 30_000,
}, async () => {
  const rules = { timeToLiveS: 3600, warnBeforeS: 600 };
  await start(rules);
  await button.press(1);
  const ready = await says('ready', /^control plane$/);
  expect(ready.leftS).toBeGreaterThan(3590);
  aheadMs = 3_001_000;
  const warned = await says('ready', /^given back in 10 min$/);
  expect(warned).toMatchObject({ press: 1, address: ready.address, qr: ready.qr });
  expect(warned.seq).toBe(ready.seq + 1);
  await start(rules);
  aheadMs = 3_300_000;
  await says('ready', /^given back in 5 min$/);
  expect(names()).toEqual(['house-01-1']);
  aheadMs = 3_601_000;
  await button.until(status => status.state === 'released');
  expect(names()).toEqual([]);
  expect(provisioner?.presses()[0]).toMatchObject({ step: 'released', release: { by: 'time', press: 0 } });
  expect(provisioner?.presses()[0]?.warnedAt).toBeGreaterThan(0);
});

test('an end does not talk across the next build of the same button', { timeout: 30_000 }, async () => {
  await start({ timeToLiveS: 3600 });
  await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(2);
  await button.until(status => status.press === 2 && status.state === 'provisioning');
  // The second has its whole time before it.
  const [first] = provisioner?.presses() ?? [];
  aheadMs = (first?.expiresAt ?? 0) - Date.now() + 1;
  await eventually(() => stepOf(1) === 'released', 15_000);
  const ready = await button.until(status => status.press === 2 && status.state === 'ready', 15_000);
  expect(ready.cluster).toBe('house-01-2');
  const about = button.statuses.filter(({ press }) => press === 2).map(({ cluster }) => cluster);
  expect(new Set(about)).toEqual(new Set(['house-01-2']));
  expect(names()).toEqual(['house-01-2']);
});

test('an end that the platform does not grant is tried again later, not without pause', {
  timeout: 30_000,
}, async () => {
  await start({ timeToLiveS: 3600 });
  await button.press(1);
  await button.until(status => status.state === 'ready');
  const refuse = lab.ccp.fail({ kind: 'badLogin' });
  lab.ccp.expireTokens();
  aheadMs = 3_601_000;
  const failed = await button.until(status => status.state === 'failed', 15_000);
  expect(failed).toMatchObject({ cluster: 'house-01-1', code: 'PLATFORM' });
  const [record] = provisioner?.presses() ?? [];
  expect(record?.step).toBe('ready');
  expect(record?.expiresAt).toBeGreaterThan(now() + 500_000);
  refuse();
  // The driver leaves a platform that refused its login in peace for 10 s of real time: a further try may be in vain.
  const hurry = setInterval(() => {
    aheadMs += 700_000;
  }, 2_000);
  await eventually(() => stepOf(1) === 'released', 25_000);
  clearInterval(hurry);
  expect(names()).toEqual([]);
});
