/** A minute of watches that are cut every second, and an API server that is away for longer than its word counts. */
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../../../config/src/log.ts';
import { startProvisioner } from '../../../../provisioner/src/provisioner.ts';
import { assetsFolder } from '../../../fixtures/kubernetes/real-api-server.ts';
import { patience, pause } from '../../../fixtures/patience.ts';
import { TestButton } from '../../fixtures/lab.ts';
import { followThroughCuts } from '../fixtures/cuts.ts';
import { startFleetLab } from '../fixtures/fleet-lab.ts';
import { simulated, startRealServer } from '../fixtures/management.ts';
import { lastStep } from '../fixtures/played-controllers.ts';

/** Twice as long as the driver believes what it saw last (15 s). */
const awayS = 30;

/** One build. */
const buildS = 10;
/** A minute of orders and builds: something happens between any two cuts or three. */
const minute = { orders: 34, orderEveryMs: 1_500, cutEveryMs: 1_000, leastCuts: 20 };
const options = { timeout: patience(180_000) };

test('watches cut every second for a minute: every version of every cluster arrives', options, async () => {
  await followThroughCuts(await simulated('v1beta2', 160 / buildS), minute);
});

const assets = assetsFolder();

test.skipIf(assets === undefined)(
  'the same on a real kube-apiserver (needs KUBEBUILDER_ASSETS)',
  options,
  async () => {
    const real = await startRealServer(assets ?? '', 'v1beta2');
    onTestFinished(() => real.close());
    await followThroughCuts(await real.management({ stepMs: (buildS * 1000) / lastStep }), minute);
  },
);

test(
  'an API server that is away for half a minute: the buttons are told, then it goes on',
  options,
  async () => {
    const fleet = await startFleetLab('topology', 10, ['house-01', 'house-02']);
    onTestFinished(() => fleet.close());
    const provisioner = await startProvisioner(fleet.config, { log: silentLog });
    onTestFinished(() => provisioner.stop());
    await provisioner.whenOnline(patience(20_000));
    const building = await TestButton.connect(fleet.lab, 'house-01');
    onTestFinished(() => building.close());
    const pressing = await TestButton.connect(fleet.lab, 'house-02');
    onTestFinished(() => pressing.close());
    await building.press(1);
    await building.until(({ percent }) => percent > 20, 30_000);
    const silent = 'platform not answering';
    expect(building.statuses.map(({ phase }) => phase)).not.toContain(silent);
    await fleet.front.down();
    const away = pause(awayS * 1000);
    // Not for the first seconds: what was seen last is still believed.
    await building.until(({ phase }) => phase === silent, 30_000);
    await pressing.press(1);
    await pressing.until(({ phase }) => phase === silent, 30_000);
    await away;
    for (const button of [building, pressing]) {
      expect(button.statuses.at(-1)).toMatchObject({ phase: silent });
      expect(button.statuses.some(({ state }) => state === 'failed' || state === 'ready')).toBe(false);
    }
    await fleet.front.up();
    for (const button of [building, pressing]) await button.until(({ state }) => state === 'ready', 60_000);
    expect(await fleet.clusters()).toEqual(['house-01-1', 'house-02-1']);
  },
);
