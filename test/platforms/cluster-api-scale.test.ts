/** Three hundred clusters being built at once: one watch, and after the orders not one request for all the looks. */
import { expect, test } from 'vitest';
import { never, orderOf, slowMs } from './contract-world.ts';
import { Front } from './front.ts';
import { driverFor, type Mode, simulated, templateFor } from './management.ts';

const many = 300;
const few = 30;
/** So slow that none is ready before all are ordered. */
const speed = 6;
/** A quarter of an hour of looks at each, as the provisioner makes them. */
const looks = 180;
/** The server is asked to end a watch after this; then comes the next. */
const watchS = 30;

/** Look and apply, for each object. */
const perCluster: Record<Mode, number> = { topology: 2, manifests: 2 * 7 };

test.each<Mode>(['topology', 'manifests'])('%s', { timeout: 6 * slowMs }, async mode => {
  const small = await lab(mode);
  const fixed = (await small.build(few)) - few * perCluster[mode];
  await small.close();

  const large = await lab(mode);
  const startedMs = performance.now();
  // What the first one costs, discovery and the list, is the same for thirty and for three hundred.
  expect(await large.build(many)).toBe(fixed + many * perCluster[mode]);
  expect(fixed).toBeLessThanOrEqual(12);
  // Every half minute the server ends it and the next begins: at some moments there is none.
  await expect.poll(() => large.front.watches, { timeout: slowMs }).toBe(1);

  large.front.seen = [];
  const phases = new Set<string>();
  for (let look = 0; look < looks; look++) {
    const seen = await Promise.all(large.orders.map(({ target }) => large.driver.observe(target, never)));
    for (const one of seen) if (one.kind === 'building') phases.add(`${one.done}/${one.total}`);
    if (seen.every(({ kind }) => kind === 'ready')) break;
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(large.front.watches).toBeLessThanOrEqual(1);
  }
  const last = await Promise.all(large.orders.map(({ target }) => large.driver.observe(target, never)));
  expect(last.map(({ kind }) => kind)).toEqual(Array(many).fill('ready'));
  expect(phases.size).toBeGreaterThan(2);
  const { seen } = large.front;
  const seconds = (performance.now() - startedMs) / 1000;
  expect(seen.filter(({ isWatch }) => !isWatch)).toEqual([]);
  expect(seen.length).toBeLessThanOrEqual(Math.ceil(seconds / watchS));
  expect(large.driver.requests().list).toBe(1);
  await large.close();
});

async function lab(mode: Mode) {
  const management = await simulated('v1beta2', speed);
  const front = await Front.start(management.backend);
  const { token } = management.backend;
  const driver = driverFor({ url: front.url, ca: front.ca, token }, management.namespace);
  const template = templateFor(mode);
  const orders: ReturnType<typeof orderOf>[] = [];
  return {
    front,
    driver,
    orders,
    /** Orders so many at once, each looked at before and after. Returns the number of requests but watches. */
    build: async (count: number) => {
      await driver.usedRanges(never);
      for (let i = 0; i < count; i++) {
        orders.push(orderOf({ template }, `house-${i}-1`, `10.${i >> 4}.${(i & 15) << 4}.0/20`));
      }
      await Promise.all(
        orders.map(async ({ request, target }) => {
          expect(await driver.observe(target, never)).toEqual({ kind: 'absent' });
          await driver.create(request, never);
          // What was ordered is seen at once, whether the watch has brought it or not.
          expect(await driver.observe(target, never)).toMatchObject({ kind: 'building' });
        }),
      );
      expect((await driver.usedRanges(never)).length).toBe(count);
      return front.seen.filter(({ isWatch }) => !isWatch).length;
    },
    close: async () => {
      await driver.close();
      await front.close();
      await management.close();
    },
  };
}
