/** A build is called off at each of ten moments, on both platforms, with a SIGKILL in each. */
import { expect, onTestFinished, test } from 'vitest';
import { callOff, moments, type Scene } from './fixtures/call-off.ts';
import { startLab, TestButton } from './fixtures/lab.ts';
import { startFleetLab } from './platforms/fixtures/fleet-lab.ts';

/** A build takes some seconds. */
const speed = 40;

async function throughAll(scene: Scene): Promise<void> {
  for (const [i, [, fits]] of moments.entries()) {
    const said = await callOff(scene, 1 + 2 * i, fits);
    expect(said).toMatchObject({ state: 'released', phase: 'called off' });
  }
}

test('called off at each of ten moments and killed: nothing is left on CCP', async () => {
  const lab = await startLab({ ccp: { speed } });
  onTestFinished(() => lab.close());
  const button = await TestButton.connect(lab);
  onTestFinished(() => button.close());
  const names = async () => lab.ccp.clusters().map(({ name }) => name);
  await throughAll({ config: lab.config, button, names });
});

test('called off at each of ten moments and killed: nothing is left on Cluster API', async () => {
  const fleet = await startFleetLab('topology', speed);
  onTestFinished(() => fleet.close());
  const button = await TestButton.connect(fleet.lab);
  onTestFinished(() => button.close());
  await throughAll({ config: fleet.config, button, names: fleet.clusters });
});
