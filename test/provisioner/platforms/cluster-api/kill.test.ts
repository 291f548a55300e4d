/** SIGKILL in the middle of a build on Cluster API, at some moments; kill.long.test.ts has all of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../../fixtures/patience.ts';
import { accessOf, base64, kubeconfigOf } from '../fixtures/cluster-api-server.ts';
import { startFleetLab } from '../fixtures/fleet-lab.ts';
import { heldPipe, holding } from '../fixtures/held-pipe.ts';
import { killedAt, killedBetween } from '../fixtures/kill-journeys.ts';
import { launch } from '../fixtures/provisioner-process.ts';

/** A build takes less than three seconds. */
const speed = 60;

test('killed when the platform is asked and when it verifies: one Cluster, ready on the button', async () => {
  await killedAt(await startFleetLab('topology', speed), ['platform asked', 'verifying']);
});

test('killed in the middle of what belongs to the Cluster: nothing is made twice', async () => {
  await killedBetween(await startFleetLab('manifests', speed), [2]);
});

test('ended by a signal while a login command runs: the command and what it has started end with it', async () => {
  const fleet = await startFleetLab('topology', speed);
  onTestFinished(() => fleet.close());
  const { folder } = fleet.lab;
  const login = join(folder, 'login');
  writeFileSync(login, `#!/bin/sh\ncd "$(dirname "$0")"\n${holding}\n`, { mode: 0o700 });
  const pipe = heldPipe(folder);
  const { url, ca } = fleet.front;
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: login };
  const cluster = { server: url, 'certificate-authority-data': base64(ca) };
  const access = accessOf(kubeconfigOf(cluster, { exec }));
  fleet.config.platforms = { fleet: { type: 'cluster-api', namespace: 'dashbutton', access } };
  const provisioner = await launch(fleet.config);
  await pipe.held();
  provisioner.kill('SIGTERM');
  await pipe.released();
  await until(() => provisioner.signalCode, 'the provisioner is ended');
  expect(provisioner.signalCode).toBe('SIGTERM');
});
