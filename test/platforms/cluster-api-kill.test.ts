/** SIGKILL in the middle of a build on Cluster API: one press is one Cluster all the same, and ready on the button. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assetsFolder } from '../kubernetes/real-api-server.ts';
import { TestButton } from '../provisioner/lab.ts';
import { applyOf } from './contract-cluster-api.ts';
import { slowMs } from './contract-world.ts';
import { type FleetLab, startFleetLab } from './fleet-lab.ts';
import type { Seen } from './front.ts';
import { type Mode, type RealServer, startRealServer } from './management.ts';
import { partKinds } from './own-crds.ts';
import { kill, launch } from './provisioner-process.ts';

/** A build takes four seconds, a start of the provisioner one or two. */
const speed = 40;
/** The same where the test plays the controllers: five steps (ms). */
const stepMs = 800;
const options = { timeout: 4 * slowMs };

/** Each as soon as the button hears of it, which is never before the journal has it. */
const moments: [string, (status: { state: string; phase: string; percent: number }) => boolean][] = [
  ['accepted', status => status.state === 'accepted'],
  ['range reserved', status => status.phase === 'range reserved'],
  ['platform asked', status => status.phase === 'platform asked'],
  ['machines seen', status => status.percent > 20],
  ['verifying', status => status.state === 'verifying'],
];

const assets = assetsFolder();

describe('the simulator', () => {
  journeys(mode => startFleetLab(mode, speed));
});

const real = 'a real kube-apiserver';
describe.skipIf(assets === undefined)(
  assets === undefined ? `${real} (KUBEBUILDER_ASSETS names none)` : real,
  () => {
    let server: RealServer;
    beforeAll(async () => {
      if (assets !== undefined) server = await startRealServer(assets, 'v1beta2');
    }, 4 * slowMs);
    afterAll(() => server?.close(), 4 * slowMs);
    journeys(async mode => startFleetLab(mode, speed, ['house-01'], await server.management({ stepMs })));
  },
);

function journeys(labOf: (mode: Mode) => Promise<FleetLab>): void {
  test('killed at every step, started again each time', options, async () => {
    const fleet = await labOf('topology');
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
    const fleet = await labOf('manifests');
    const { front } = fleet;
    const button = await TestButton.connect(fleet.lab);
    const plurals = Object.values(partKinds).flatMap(kinds => Object.values(kinds));
    const isPart = (seen: Seen) => plurals.some(plural => applyOf(plural)(seen));
    // Before the first of them, and after some: what the first process has made is not made again.
    for (const made of [0, 2]) {
      let held = () => {};
      const reached = new Promise<void>(resolve => {
        held = resolve;
      });
      front.strike = seen => {
        // This one is among those seen.
        if (!isPart(seen) || front.count('PATCH', isPart) <= made) return undefined;
        held();
        return 'hold';
      };
      const dying = await launch(fleet.config);
      await button.press(1);
      await reached;
      await kill(dying);
      expect(await fleet.clusters()).toEqual(['house-01-1']);
      expect(front.count('PATCH', seen => isPart(seen) && seen.status === 201)).toBe(made);
      front.seen = front.seen.filter(seen => !isPart(seen) || seen.status !== 0);
    }
    front.strike = () => undefined;
    const running = await launch(fleet.config);
    const ready = await button.until(status => status.state === 'ready', slowMs);
    expect(ready.cluster).toBe('house-01-1');
    expect(await fleet.clusters()).toEqual(['house-01-1']);
    expect(front.count('PATCH', seen => applyOf('clusters')(seen) && seen.status === 201)).toBe(1);
    const once = front.seen.filter(isPart).map(({ path, status }) => `${status} ${path}`);
    expect(
      once.every(one => one.startsWith('201 ')),
      once.join(),
    ).toBe(true);
    expect(new Set(once).size).toBe(once.length);
    await kill(running);
    await button.close();
    await fleet.close();
  });
}
