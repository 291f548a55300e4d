/** Time to live: the warning, and the end. */
import { expect } from 'vitest';
import type { ProfileRules } from '../../provisioner/src/settings/rules.ts';
import { TestClock } from './fixtures/clock.ts';
import { eventually, type TestButton } from './fixtures/lab.ts';
import { at, type Room, roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 400 } });

/** A lab which nothing but its end is too late for. */
function start(room: Room, rules: ProfileRules, clock: TestClock): Promise<void> {
  return room.startProvisioner({ deadlineS: 86_400, rules }, clock);
}

const says = (button: TestButton, state: string, phase: RegExp) =>
  button.until(status => status.state === state && phase.test(status.phase));

test('warned when the end is near, given back at the end, also after a restart', async ({ room }) => {
  const clock = new TestClock();
  const rules = { timeToLiveS: 3600, warnBeforeS: 600 };
  await start(room, rules, clock);
  const button = await room.connect();
  await button.press(1);
  const ready = await says(button, 'ready', /^control plane$/);
  expect(ready.leftS).toBeGreaterThan(3590);
  clock.pass(3_001_000);
  const warned = await says(button, 'ready', /^given back in 10 min$/);
  expect(warned).toMatchObject({ press: 1, address: ready.address, qr: ready.qr });
  expect(warned.seq).toBe(ready.seq + 1);
  await start(room, rules, clock);
  // A little at a time, because what passes before the new one has looked does not count.
  await eventually(() => (room.record()?.warnedForMs ?? 0) >= 60_000 || clock.pass(1_000));
  await says(button, 'ready', /^given back in [2-9] min$/);
  expect(room.names()).toEqual(['house-01-1']);
  clock.pass(540_000);
  await button.until(status => status.state === 'released');
  expect(room.names()).toEqual([]);
  expect(room.record()).toMatchObject({ step: 'released', release: { by: 'time', press: 0 } });
  expect(room.record()?.warnedAt).toBeGreaterThan(0);
});

test('an end does not talk across the next build of the same button', async ({ room }) => {
  const clock = new TestClock();
  await start(room, { timeToLiveS: 3600, warnBeforeS: 60 }, clock);
  const button = await room.connect();
  await button.press(1);
  await button.until(status => status.state === 'ready');
  await button.press(2);
  await button.until(at(2, 'provisioning'));
  const goOn = room.holdBuild('house-01-2');
  // The second has its whole time before it.
  clock.pass(3_600_000);
  await eventually(() => room.record()?.warnedAt !== undefined);
  clock.pass(61_000);
  await eventually(() => room.record()?.step === 'released');
  goOn();
  const ready = await button.until(at(2, 'ready'));
  expect(ready.cluster).toBe('house-01-2');
  const about = button.statuses.filter(({ press }) => press === 2).map(({ cluster }) => cluster);
  expect(new Set(about)).toEqual(new Set(['house-01-2']));
  expect(room.names()).toEqual(['house-01-2']);
});

test('an end that the platform does not grant is tried again later, not without pause', async ({ room }) => {
  const clock = new TestClock();
  await start(room, { timeToLiveS: 3600, warnBeforeS: 60 }, clock);
  const button = await room.connect();
  await button.press(1);
  await button.until(status => status.state === 'ready');
  const heal = room.lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
  clock.pass(3_600_000);
  await eventually(() => room.record()?.warnedAt !== undefined);
  clock.pass(61_000);
  await says(button, 'releasing', /^platform not answering$/);
  clock.pass(86_400_000);
  const failed = await button.until(status => status.state === 'failed');
  expect(failed).toMatchObject({ cluster: 'house-01-1', code: 'PLATFORM' });
  expect(room.record()?.step).toBe('ready');
  expect(room.record()?.expiresAt).toBeGreaterThan(clock.now() + 500_000);
  heal();
  clock.pass(600_000);
  await eventually(() => room.record()?.step === 'released');
  expect(room.names()).toEqual([]);
});
