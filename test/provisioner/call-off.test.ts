/** A build can be called off: with the button, by an operator; whatever step it is at. */
import { expect, onTestFinished, test } from 'vitest';
import { callOff, moments } from './fixtures/call-off.ts';
import { TestClock } from './fixtures/clock.ts';
import { eventually, TestButton } from './fixtures/lab.ts';
import { at, roomTest } from './fixtures/room.ts';
import { startFleetLab } from './platforms/fixtures/fleet-lab.ts';

const inRoom = roomTest({ ccp: { speed: 100 } });

inRoom(
  'the create is still blocking: called off, removed, its range free, and the next press builds',
  async ({ room }) => {
    const button = await room.start();
    await button.press(1);
    await button.until(at(1, 'provisioning'));
    await button.press(2, { action: 'release' });
    const releasing = await button.until(at(2, 'releasing'));
    expect(releasing).toMatchObject({ cluster: 'house-01-1', phase: 'calling it off' });
    const released = await button.until(at(2, 'released'));
    expect(released).toMatchObject({ cluster: 'house-01-1', phase: 'called off' });
    expect(room.names()).toEqual([]);
    expect(room.record()).toMatchObject({ step: 'released', release: { by: 'button', press: 2 } });
    await button.press(3);
    expect(await button.until(at(3, 'ready'))).toMatchObject({ cluster: 'house-01-3' });
    expect(room.lab.ccp.clusters()[0]?.cidr).toBe('172.16.0.0/20');
  },
);

inRoom('by an operator: the button that looks at it is told', async ({ room }) => {
  const button = await room.start();
  await button.press(1);
  await button.until(at(1, 'provisioning'));
  expect(await room.provisioner.release('house-01-1')).toBe('house-01-1 is being called off');
  expect(await button.until(at(1, 'released'))).toMatchObject({ phase: 'called off' });
  expect(room.names()).toEqual([]);
});

inRoom('an order that nobody has seen yet is waited for, and removed when it appears', async ({ room }) => {
  const button = await room.start({ expectS: 20 });
  // The platform does not show it, whatever it makes of the order.
  const show = room.lab.ccp.fail({ kind: 'serverError', method: 'GET', path: '/2/clusters/house-01-1' });
  await button.press(1);
  await button.until(at(1, 'provisioning'));
  await button.press(2, { action: 'release' });
  await button.until(at(2, 'releasing'));
  show();
  await button.until(at(2, 'released'));
  expect(room.names()).toEqual([]);
});

inRoom(
  'what cannot be removed in time is told as failed, and removed in the background',
  async ({ room }) => {
    const clock = new TestClock();
    const button = await room.start({}, clock);
    await button.press(1);
    await button.until(at(1, 'provisioning'));
    const mend = room.lab.ccp.fail({ kind: 'serverError', method: 'DELETE' });
    await button.press(2, { action: 'release' });
    await button.until(status => status.press === 2 && status.phase === 'platform not answering');
    clock.pass(600_000);
    const failed = await button.until(at(2, 'failed'));
    expect(failed).toMatchObject({ code: 'PLATFORM', cluster: 'house-01-1' });
    expect(room.record()).toMatchObject({ step: 'failed', cleanUp: {} });
    mend();
    await eventually(() => room.record()?.cleanUp?.endedAt !== undefined, 20_000);
    expect(room.names()).toEqual([]);
  },
);

test('called off on a management cluster as it verifies, killed, started again: nothing is left', async () => {
  const fleet = await startFleetLab('topology', 60);
  onTestFinished(() => fleet.close());
  const button = await TestButton.connect(fleet.lab);
  onTestFinished(() => button.close());
  const [, fits] = moments.at(6) ?? [];
  if (fits === undefined) throw new Error('no such moment');
  const said = await callOff({ config: fleet.config, button, names: fleet.clusters }, 1, fits);
  expect(said).toMatchObject({ cluster: 'house-01-1', phase: 'called off' });
});
