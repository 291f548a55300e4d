/** Watches that are cut every second, a moment that was forgotten, an API server that is away: nothing is missed. */
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import type { KubeObject } from '../../provisioner/src/platforms/cluster-api/objects.ts';
import { observationOf } from '../../provisioner/src/platforms/cluster-api/observation.ts';
import { templateOf } from '../../provisioner/src/platforms/cluster-api/template.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { assetsFolder } from '../kubernetes/real-api-server.ts';
import { TestButton } from '../provisioner/lab.ts';
import { ask, giveBack, never, orderOf, slowMs, until, watch } from './contract-world.ts';
import { startFleetLab } from './fleet-lab.ts';
import { Front } from './front.ts';
import {
  driverFor,
  type Management,
  simulated,
  simulatedLab,
  startRealServer,
  templateFor,
} from './management.ts';
import { lastStep, pathOf } from './played-controllers.ts';

const isLong = process.env.FAULTS === 'long';
/** With FAULTS=long a minute. */
const cutS = isLong ? 60 : 20;
/** With FAULTS=long half a minute; longer than the driver believes what it saw last (15 s). */
const awayS = isLong ? 30 : 18;

/** A state that stood for this long has to be seen: the next watch is open within some tenths of a second. */
const seenAfterMs = 1_500;

/** One build, and from one order to the next: something happens between any two cuts or three. */
const buildS = 10;
const orderEveryS = 1.5;

const assets = assetsFolder();
const places: { name: string; start?: () => Promise<Management> }[] = [
  { name: 'the simulator', start: () => simulated('v1beta2', 160 / buildS) },
  assets === undefined
    ? { name: 'a real kube-apiserver (KUBEBUILDER_ASSETS names none)' }
    : { name: 'a real kube-apiserver', start: () => realManagement(assets) },
];

async function realManagement(assets: string): Promise<Management> {
  const real = await startRealServer(assets, 'v1beta2');
  const management = await real.management({ stepMs: (buildS * 1000) / lastStep });
  return {
    ...management,
    close: async () => {
      await management.close();
      await real.close();
    },
  };
}

describe.each(places.map(place => [place.name, place] as const))('%s', (_, { start }) => {
  const options = { timeout: 2 * cutS * 1000 + 4 * slowMs, skip: start === undefined };

  test(
    `watches cut every second for ${cutS} s: every version of every cluster arrives`,
    options,
    async () => {
      if (start === undefined) return;
      const management = await start();
      const { backend, version, namespace, caller } = management;
      const front = await Front.start(backend);
      const driver = driverFor({ url: front.url, ca: front.ca, token: backend.token }, namespace);
      const template = templateFor('topology');
      const told = new Set<string>();
      front.onWatchLine = line => told.add(versionIn(line));
      await driver.usedRanges(never);

      // Past the front nothing is ever cut: what is told here is all there is to tell.
      const all: { object: KubeObject; atMs: number }[] = [];
      const stop = new AbortController();
      const path = pathOf(version, namespace, 'clusters');
      const following = caller.follow(
        path,
        line => all.push({ object: JSON.parse(line).object, atMs: performance.now() }),
        stop.signal,
      );

      let cuts = 0;
      const timer = setInterval(() => {
        cuts += front.cutWatches();
      }, 1_000);
      const count = Math.ceil((cutS - buildS) / orderEveryS);
      const orders = Array.from({ length: count }, (_, i) => {
        return orderOf({ template }, `house-01-${i}`, `10.${i}.0.0/20`);
      });
      const looks = await Promise.all(
        orders.map(async (order, i) => {
          await new Promise(resolve => setTimeout(resolve, i * orderEveryS * 1000));
          expect(await ask(driver, order)).toBe('');
          return watch(driver, order, ({ kind }) => kind === 'ready');
        }),
      );
      clearInterval(timer);
      stop.abort();
      await following;

      expect(cuts).toBeGreaterThan(cutS / 3);
      // Each watch went on where the last one ended: a new list would have skipped what was between.
      expect(driver.requests().list).toBe(1);
      const versions = all.map(({ object }) => object.metadata.resourceVersion ?? '');
      expect(versions.length).toBeGreaterThan(3 * orders.length);
      const last = Math.max(...[...told].map(Number));
      expect(versions.filter(one => Number(one) <= last && !told.has(one))).toEqual([]);

      for (const [i, { target }] of orders.entries()) {
        const own = all.filter(({ object }) => object.metadata.name === target.name);
        const seen = new Set(looks[i]?.map(shown));
        for (const [at, { object, atMs }] of own.entries()) {
          const untilMs = own[at + 1]?.atMs ?? atMs;
          if (untilMs - atMs < seenAfterMs) continue;
          expect(seen).toContain(shown(observationOf(object, templateOf(template))));
        }
        expect(seen.size).toBeGreaterThan(3);
      }
      await driver.close();
      await front.close();
      await management.close();
    },
  );
});

function shown(observation: { kind: string; phase?: string; done?: number; total?: number }): string {
  const { kind, phase = '', done = 0, total = 0 } = observation;
  return `${kind} ${phase} ${done}/${total}`;
}

function versionIn(line: string): string {
  return (JSON.parse(line) as { object: KubeObject }).object.metadata?.resourceVersion ?? '';
}

test('a moment that the server has forgotten: listed again, also what is gone by then', {
  timeout: 4 * slowMs,
}, async () => {
  const { management, simulator } = await simulatedLab('v1beta2', 160);
  const { backend, namespace } = management;
  const front = await Front.start(backend);
  const driver = driverFor({ url: front.url, ca: front.ca, token: backend.token }, namespace);
  const other = driverFor(backend, namespace);
  const template = templateFor('topology');
  const [one, two, three] = ['1', '2', '3'].map(i =>
    orderOf({ template }, `house-01-${i}`, `10.${i}.0.0/20`),
  );
  if (one === undefined || two === undefined || three === undefined) throw new Error('three orders');
  await ask(driver, one);
  await ask(driver, two);
  await until(driver, one, 'ready');
  const { id } = await until(driver, two, 'ready');
  // While no watch can be opened …
  front.strike = ({ isWatch }) => (isWatch ? 'cut' : undefined);
  front.cutWatches();
  await giveBack(other, two, id);
  await ask(other, three);
  await until(other, three, 'ready');
  simulator.compact();
  front.strike = () => undefined;
  await until(driver, two, 'absent');
  await until(driver, three, 'ready');
  await until(driver, one, 'ready');
  expect(driver.requests().list).toBe(2);
  await Promise.all([driver.close(), other.close()]);
  await front.close();
  await management.close();
});

test(`an API server that is away for ${awayS} s: the buttons are told, then it goes on`, {
  timeout: 6 * slowMs,
}, async () => {
  const fleet = await startFleetLab('topology', 10, ['house-01', 'house-02']);
  const provisioner = await startProvisioner(fleet.config, { log: silentLog });
  await provisioner.whenOnline(slowMs);
  const building = await TestButton.connect(fleet.lab, 'house-01');
  const pressing = await TestButton.connect(fleet.lab, 'house-02');
  await building.press(1);
  await building.until(({ percent }) => percent > 20, slowMs);
  const silent = 'platform not answering';
  expect(building.statuses.map(({ phase }) => phase)).not.toContain(silent);
  await fleet.front.down();
  const sinceMs = performance.now();
  // Not for the first seconds: what was seen last is still believed.
  await building.until(({ phase }) => phase === silent, slowMs);
  await pressing.press(1);
  await pressing.until(({ phase }) => phase === silent, slowMs);
  const leftMs = awayS * 1000 - (performance.now() - sinceMs);
  await new Promise(resolve => setTimeout(resolve, Math.max(0, leftMs)));
  for (const button of [building, pressing]) {
    expect(button.statuses.at(-1)).toMatchObject({ phase: silent });
    expect(button.statuses.some(({ state }) => state === 'failed' || state === 'ready')).toBe(false);
  }
  await fleet.front.up();
  for (const button of [building, pressing]) await button.until(({ state }) => state === 'ready', 2 * slowMs);
  expect(await fleet.clusters()).toEqual(['house-01-1', 'house-02-1']);
  await Promise.all([building.close(), pressing.close()]);
  await provisioner.stop();
  await fleet.close();
});
