/** Presses while Cluster API's real controllers, or their API server, are killed and come back: none lost, none doubled. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../../../protocol/src/messages.ts';
import {
  canManage,
  type Killable,
  type ManagementCluster,
  startManagementCluster,
} from '../../../fixtures/controllers/management-cluster.ts';
import { patience, pause, until } from '../../../fixtures/patience.ts';
import { type RealFleet, startFleet, tell } from '../fixtures/real-fleet.ts';

const minutes = 60_000;
const isEnd = ({ state }: Status) => state === 'ready' || state === 'failed';

describe.skipIf(!canManage('1.13'))('controllers that die (needs npm run test:controllers)', () => {
  const timeout = patience(10 * minutes);
  let cluster: ManagementCluster;

  beforeAll(async () => {
    cluster = await startManagementCluster('1.13');
  }, timeout);

  afterAll(async () => cluster?.close(), patience(minutes));

  async function pressed(...names: string[]): Promise<RealFleet> {
    const fleet = await startFleet(cluster, Object.fromEntries(names.map(name => [name, {}])));
    onTestFinished(async () => {
      for (const name of names) tell(fleet, name);
      await fleet.close();
    });
    return fleet;
  }

  const counted = async (fleet: RealFleet, name: string) => (await fleet.clusters(name)).length;

  test('the core is away for a minute at the press, and again when the cluster is given back', {
    timeout,
  }, async () => {
    const fleet = await pressed('house-01');
    const button = fleet.buttons['house-01'];
    await cluster.kill('core');
    await button?.press(1);
    await button?.until(({ phase }) => phase === 'a webhook there does not answer', minutes);
    await pause(minutes);
    await cluster.start('core');
    expect(await button?.until(isEnd, 5 * minutes)).toMatchObject({ state: 'ready' });
    expect(await counted(fleet, 'house-01')).toBe(1);

    await cluster.kill('core');
    await button?.press(2, { action: 'release' });
    await button?.until(
      ({ press, phase }) => press === 2 && phase === 'a webhook there does not answer',
      minutes,
    );
    await pause(minutes);
    await cluster.start('core');
    await button?.until(({ press, state }) => press === 2 && state === 'released', 5 * minutes);
    expect(await counted(fleet, 'house-01')).toBe(0);
  });

  test('each controller and the API server are killed in the middle of builds, twenty at once', {
    timeout,
  }, async () => {
    const names = Array.from({ length: 20 }, (_, i) => `house-${i + 10}`);
    const fleet = await pressed(...names);
    await Promise.all(names.map(name => fleet.buttons[name]?.press(1)));
    const victims: Killable[] = ['core', 'control-plane', 'infrastructure', 'bootstrap', 'kube-apiserver'];
    for (const victim of victims) {
      await pause(5_000);
      await cluster.kill(victim);
      await cluster.start(victim);
    }
    for (const name of names) {
      expect(await fleet.buttons[name]?.until(isEnd, 8 * minutes)).toMatchObject({ state: 'ready' });
      const [made, ...doubled] = await fleet.clusters(name);
      expect(doubled).toEqual([]);
      expect(made?.status).toMatchObject({
        workers: { readyReplicas: 2 },
        controlPlane: { readyReplicas: 1 },
      });
    }
    await Promise.all(names.map(name => fleet.buttons[name]?.press(2, { action: 'release' })));
    for (const name of names) {
      await fleet.buttons[name]?.until(
        ({ press, state }) => press === 2 && state === 'released',
        5 * minutes,
      );
      expect(await counted(fleet, name)).toBe(0);
    }
  });

  test('called off at ten moments: nothing is left of any', { timeout }, async () => {
    const names = Array.from({ length: 10 }, (_, i) => `desk-${i + 10}`);
    const fleet = await pressed(...names);
    await Promise.all(
      names.map(async (name, i) => {
        await fleet.buttons[name]?.press(1);
        await pause(i * 3_000);
        await fleet.buttons[name]?.press(2, { action: 'release' });
        await fleet.buttons[name]?.until(
          ({ press, state }) => press === 2 && ['released', 'failed', 'rejected'].includes(state),
          5 * minutes,
        );
        await until(async () => (await counted(fleet, name)) === 0, `${name} is gone`, 2 * minutes);
      }),
    );
  });
});
