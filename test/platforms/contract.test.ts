/**
 * The contract: what every driver does, whatever stands behind it. One table of platforms, one list of tests.
 * Nothing here knows a platform: that is in contract-ccp.ts and contract-cluster-api.ts.
 */
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askReady } from '../../provisioner/src/builds/api-server.ts';
import { clientFor } from '../../provisioner/src/kubernetes/client.ts';
import { nodesReady } from '../../provisioner/src/kubernetes/nodes.ts';
import type { Observation } from '../../provisioner/src/platforms/platform.ts';
import { ccpRows } from './contract-ccp.ts';
import { clusterApiRows } from './contract-cluster-api.ts';
import {
  ask,
  giveBack,
  isMine,
  never,
  orderOf,
  resume,
  slowMs,
  until,
  type World,
  watch,
} from './contract-world.ts';

/** Inside what the simulators of every kind take. */
const range = '10.1.0.0/20';
const otherRange = '10.1.16.0/20';

// Not by `$name`, which cuts a long one.
const rows = [...ccpRows, ...clusterApiRows].map(row => [row.name, row] as const);

describe.each(rows)('%s', (_, { start, end }) => {
  let world: World;

  describe.skipIf(start === undefined)('', () => {
    beforeEach(async () => {
      if (start !== undefined) world = await start();
    }, 4 * slowMs);

    afterEach(async () => {
      await world?.close();
    }, 4 * slowMs);

    afterAll(async () => end?.(), 4 * slowMs);

    const options = { timeout: 3 * slowMs };

    test('asked for twice it is one cluster', options, async () => {
      const driver = world.driver();
      const order = orderOf(world, 'house-01-1', range);
      expect(await driver.observe(order.target, never)).toEqual({ kind: 'absent' });
      // At once, as a gateway that tries again would have it, and later, as after a crash. Some refuse the second.
      await Promise.all([ask(driver, order), ask(driver, order)]);
      const { id } = await until(driver, order, 'ready');
      await ask(world.driver(), order);
      expect(await world.clusters()).toEqual(['house-01-1']);
      expect(await until(driver, order, 'ready')).toMatchObject({ id });
    });

    test('carried out twice on the way it is one cluster, and ours', options, async () => {
      const driver = world.driver();
      const order = orderOf(world, 'house-01-1', range);
      world.doubleOrder();
      const asked = ask(driver, order);
      const seen = await watch(driver, order, ({ kind }) => kind === 'ready');
      await asked;
      for (const one of seen) if (one.kind !== 'absent') expect(isMine(order, one)).toBe(true);
      expect(isMine(order, await driver.observe(order.target, never))).toBe(true);
      expect(await world.clusters()).toEqual(['house-01-1']);
    });

    test('after a crash behind the order the next process finds it and goes on', options, async () => {
      const order = orderOf(world, 'house-01-1', range);
      world.loseAnswer();
      const dying = world.driver();
      await Promise.race([ask(dying, order), until(world.driver(), order, 'building')]);
      await dying.close();
      const next = world.driver();
      const seen = await resume(next, order);
      for (const one of seen) if (one.kind !== 'absent') expect(isMine(order, one)).toBe(true);
      // Asked again all the same, as by a process that saw nothing yet.
      await ask(next, order);
      expect(await until(next, order, 'ready')).toEqual(seen.at(-1));
      expect(await world.clusters()).toEqual(['house-01-1']);
    });

    test(
      'after a crash in the middle of the order the next process completes it',
      options,
      async ({ skip }) => {
        const { stopInTheMiddle, parts } = world;
        if (stopInTheMiddle === undefined || parts === undefined) return skip('an order is one piece here');
        const order = orderOf(world, 'house-01-1', range);
        const dying = world.driver();
        const heal = stopInTheMiddle();
        expect(await ask(dying, order)).not.toBe('');
        await dying.close();
        expect(await world.clusters()).toEqual(['house-01-1']);
        expect(await parts('house-01-1')).toBe(0);
        heal();
        const next = world.driver();
        await resume(next, order);
        expect(await parts('house-01-1')).toBeGreaterThan(1);
        expect(await world.clusters()).toEqual(['house-01-1']);
        await giveBack(next, order);
        await expect.poll(() => parts('house-01-1'), { timeout: slowMs }).toBe(0);
      },
    );

    test('followed from nothing to ready, step by step; its kubeconfig works', options, async () => {
      const driver = world.driver();
      const order = orderOf(world, 'house-01-1', range);
      const created = ask(driver, order);
      const seen = await watch(driver, order, ({ kind }) => kind === 'ready');
      expect(await created).toBe('');
      const kinds = seen.map(({ kind }) => kind).filter((kind, i, all) => kind !== all[i - 1]);
      expect(['absent,building,ready', 'building,ready']).toContain(String(kinds));
      expectRising(seen);
      expect(new Set(seen.flatMap(one => ('id' in one ? [one.id] : []))).size).toBe(1);
      const access = await driver.access(order.target, never);
      expect(access.address.length).toBeLessThanOrEqual(64);
      expect(access.server).toContain(access.address);
      expect(await askReady(access, never)).toBeUndefined();
      // Nobody is let in without the right certificate or token.
      const client = clientFor(access);
      expect((await nodesReady(client, never)).total).toBeGreaterThanOrEqual(0);
      await client.close();
      expect(await driver.equip(order.target, never)).toBeUndefined();
    });

    test("a build that breaks says why in the platform's words, and is given back", options, async () => {
      const driver = world.driver();
      const order = orderOf(world, 'house-01-1', range);
      world.failNext('no host has 16 GB of memory left');
      const created = ask(driver, order);
      const failed = await until(driver, order, 'failed');
      expect(failed.message).toContain('no host has 16 GB of memory left');
      expect(isMine(order, failed)).toBe(true);
      await created;
      await giveBack(driver, order, failed.id);
      expect(await driver.observe(order.target, never)).toEqual({ kind: 'absent' });
      expect(await world.clusters()).toEqual([]);
    });

    test('given back: a ready one and one half built; again is no error', options, async () => {
      const driver = world.driver();
      const one = orderOf(world, 'house-01-1', range);
      const two = orderOf(world, 'house-01-2', otherRange);
      await ask(driver, one);
      const { id } = await until(driver, one, 'ready');
      const created = ask(driver, two);
      await until(driver, two, 'building');
      await giveBack(driver, two);
      await created;
      expect(await world.clusters()).toEqual(['house-01-1']);
      await giveBack(driver, one, id);
      expect(await driver.observe(one.target, never)).toEqual({ kind: 'absent' });
      expect(await world.clusters()).toEqual([]);
      await driver.remove(one.target, id, never);
      await ask(driver, one);
      const again = await until(driver, one, 'ready');
      expect(again.id).not.toBe(id);
      // The old one's id removes nothing.
      await driver.remove(one.target, id, never);
      expect(await until(driver, one, 'ready')).toMatchObject({ id: again.id });
    });

    // With another range an apply would be in conflict; with the same one nothing but care keeps it from being taken over.
    test.each([
      ['another range', otherRange],
      ['the same range', range],
    ])('a cluster of the same name that is not ours, with %s, is left as it is', options, async (_, its) => {
      await world.foreign('house-01-1', its);
      const before = await world.order('house-01-1');
      expect(before).toBeDefined();
      const driver = world.driver();
      const order = orderOf(world, 'house-01-1', range);
      const seen = await driver.observe(order.target, never);
      expect(isMine(order, seen)).toBe(false);
      expect(await ask(driver, order)).not.toBe('');
      // Also by one that has not looked before.
      expect(await ask(world.driver(), order)).not.toBe('');
      await giveBack(driver, order);
      await driver.remove(order.target, '00000000-0000-4000-8000-000000000000', never);
      expect(await world.clusters()).toEqual(['house-01-1']);
      expect(await world.order('house-01-1')).toEqual(before);
    });

    test("used ranges are ours and other people's", options, async () => {
      const driver = world.driver();
      expect(await driver.usedRanges(never)).toEqual([]);
      await world.foreign('theirs', otherRange);
      const order = orderOf(world, 'house-01-1', range);
      const created = ask(driver, order);
      await until(driver, order, 'building');
      expect((await driver.usedRanges(never)).sort()).toEqual([range, otherRange]);
      await giveBack(driver, order);
      await created;
      await expect.poll(() => driver.usedRanges(never), { timeout: slowMs }).toEqual([otherRange]);
    });

    test('it can be used, and has what the template names', options, async () => {
      const driver = world.driver();
      await driver.check(never);
      expect(await driver.missing(world.template, never)).toEqual([]);
      expect(driver.stepsOf(world.template)).toBeGreaterThanOrEqual(0);
    });
  });
});

/** Of a whole build: no step back, and at least one step seen between nothing and all. */
function expectRising(seen: readonly Observation[]): void {
  const steps = seen.flatMap(one => (one.kind === 'building' ? [one] : []));
  const parts = steps.map(({ done, total }) => {
    expect(total).toBeGreaterThan(0);
    expect(done).toBeGreaterThanOrEqual(0);
    expect(done).toBeLessThanOrEqual(total);
    return done / total;
  });
  expect(parts).toEqual(parts.toSorted((a, b) => a - b));
  expect(new Set(parts).size).toBeGreaterThan(1);
  for (const { phase } of steps) expect(phase).not.toBe('');
}
