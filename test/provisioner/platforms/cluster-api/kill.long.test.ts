/** SIGKILL at every step of a build on Cluster API, on the simulator and on a real API server. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { assetsFolder } from '../../../fixtures/kubernetes/real-api-server.ts';
import { patience } from '../../../fixtures/patience.ts';
import { startFleetLab } from '../fixtures/fleet-lab.ts';
import { killedAt, killedBetween, type Moment, moments } from '../fixtures/kill-journeys.ts';
import { type Mode, type RealServer, startRealServer } from '../fixtures/management.ts';

/** A build takes four seconds, a start of the provisioner one or two. */
const speed = 40;
/** The same where the test plays the controllers: five steps (ms). */
const stepMs = 800;
const all = Object.keys(moments) as Moment[];
/** Before the first of them, and after some: what the first process has made is not made again. */
const counts = [0, 2];
const options = { timeout: patience(60_000) };

test('killed at every step, started again each time', options, async () => {
  await killedAt(await startFleetLab('topology', speed), all);
});

test('killed between the Cluster and what belongs to it', options, async () => {
  await killedBetween(await startFleetLab('manifests', speed), counts);
});

const assets = assetsFolder();

describe.skipIf(assets === undefined)('a real kube-apiserver (needs KUBEBUILDER_ASSETS)', () => {
  let server: RealServer;
  beforeAll(async () => {
    if (assets !== undefined) server = await startRealServer(assets, 'v1beta2');
  }, options.timeout);
  afterAll(() => server?.close());

  const labOf = async (mode: Mode) =>
    startFleetLab(mode, speed, ['house-01'], await server.management({ stepMs }));

  test('killed at every step there, started again each time', options, async () => {
    await killedAt(await labOf('topology'), all);
  });

  test('killed there between the Cluster and what belongs to it', options, async () => {
    await killedBetween(await labOf('manifests'), counts);
  });
});
