/** SIGKILL in the middle of a build on Cluster API: one press is one Cluster all the same, and ready on the button. */
import { expect, test } from 'vitest';
import { TestButton } from '../provisioner/lab.ts';
import { applyOf } from './contract-cluster-api.ts';
import { slowMs } from './contract-world.ts';
import { startFleetLab } from './fleet-lab.ts';
import { partKinds } from './own-crds.ts';
import { kill, launch } from './provisioner-process.ts';

/** A build takes four seconds, a start of the provisioner one or two. */
const speed = 40;
const options = { timeout: 4 * slowMs };

/** Each as soon as the button hears of it, which is never before the journal has it. */
const moments: [string, (status: { state: string; phase: string; percent: number }) => boolean][] = [
  ['accepted', status => status.state === 'accepted'],
  ['range reserved', status => status.phase === 'range reserved'],
  ['platform asked', status => status.phase === 'platform asked'],
  ['machines seen', status => status.percent > 20],
  ['verifying', status => status.state === 'verifying'],
];

test('killed at every step, started again each time', options, async () => {
  const fleet = await startFleetLab('topology', speed);
  const button = await TestButton.connect(fleet.lab);
  let running = await launch(fleet.config);
  await button.press(1);
  for (const [, fits] of moments) {
    // A moment may pass before we see it, when the process restarts behind it.
    await button.until(status => fits(status) || status.state === 'ready', slowMs);
    await kill(running);
    running = await launch(fleet.config);
    await button.press(1);
  }
  const ready = await button.until(status => status.state === 'ready', slowMs);
  expect(ready.cluster).toBe('house-01-1');
  expect(await fleet.clusters()).toEqual(['house-01-1']);
  expect(fleet.front.count('PATCH', seen => applyOf('clusters')(seen) && seen.status === 201)).toBe(1);
  await kill(running);
  await button.close();
  await fleet.close();
});

test('killed between the Cluster and what belongs to it', options, async () => {
  const fleet = await startFleetLab('manifests', speed);
  const { front } = fleet;
  const button = await TestButton.connect(fleet.lab);
  const plurals = Object.values(partKinds).flatMap(kinds => Object.values(kinds));
  let held = () => {};
  const reached = new Promise<void>(resolve => {
    held = resolve;
  });
  front.strike = seen => {
    if (!plurals.some(plural => applyOf(plural)(seen))) return undefined;
    held();
    return 'hold';
  };
  const dying = await launch(fleet.config);
  await button.press(1);
  await reached;
  await kill(dying);
  expect(await fleet.clusters()).toEqual(['house-01-1']);
  front.strike = () => undefined;
  const running = await launch(fleet.config);
  const ready = await button.until(status => status.state === 'ready', slowMs);
  expect(ready.cluster).toBe('house-01-1');
  expect(await fleet.clusters()).toEqual(['house-01-1']);
  expect(front.count('PATCH', seen => applyOf('clusters')(seen) && seen.status === 201)).toBe(1);
  await kill(running);
  await button.close();
  await fleet.close();
});
