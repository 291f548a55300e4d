/** Watches that are cut, a moment that was forgotten, an API server that is away: nothing is missed. */
import { expect, onTestFinished, test } from 'vitest';
import { until as eventually } from '../../../fixtures/patience.ts';
import { BreakingProxy } from '../fixtures/breaking-proxy.ts';
import { ask, giveBack, never, orderOf, until } from '../fixtures/contract-world.ts';
import { followThroughCuts } from '../fixtures/cuts.ts';
import { driverFor, simulated, simulatedLab, templateFor } from '../fixtures/management.ts';

/** Four builds of three seconds; cuts.long.test.ts has a minute of it, and a real API server. */
test('watches cut again and again for some seconds: every version of every cluster arrives', async () => {
  const management = await simulated('v1beta2', 160 / 3);
  await followThroughCuts(management, { orders: 4, orderEveryMs: 500, cutEveryMs: 700, leastCuts: 3 });
});

test('a moment that the server has forgotten: listed again, also what is gone by then', async () => {
  const { management, simulator } = await simulatedLab('v1beta2', 400);
  const { backend, namespace } = management;
  const front = await BreakingProxy.start(backend);
  const driver = driverFor({ url: front.url, ca: front.ca, token: backend.token }, namespace);
  const other = driverFor(backend, namespace);
  onTestFinished(async () => {
    await Promise.all([driver.close(), other.close()]);
    await front.close();
    await management.close();
  });
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
  expect(driver.requests().list).toBeGreaterThan(1);
});

test('an API server that is away: what was seen last is believed for 15 s, then nothing until it is back', async () => {
  const management = await simulated('v1beta2', 400);
  const { backend, namespace } = management;
  const front = await BreakingProxy.start(backend);
  let nowMs = 0;
  const behind = { url: front.url, ca: front.ca, token: backend.token };
  const driver = driverFor(behind, namespace, { now: () => nowMs });
  onTestFinished(async () => {
    await driver.close();
    await front.close();
    await management.close();
  });
  const order = orderOf({ template: templateFor('topology') }, 'house-01-1', '10.1.0.0/20');
  expect(await ask(driver, order)).toBe('');
  const ready = await until(driver, order, 'ready');
  await front.down();
  nowMs += 10_000;
  expect(await driver.observe(order.target, never)).toEqual(ready);
  // From the moment on at which the driver has noticed; a second for each look.
  const error = await eventually(() => {
    nowMs += 1_000;
    return driver.observe(order.target, never).then(
      () => undefined,
      thrown => thrown,
    );
  }, 'it is not believed any more');
  expect(error).toMatchObject({
    transient: true,
    message: expect.stringMatching(/^the management cluster is not followed, for 1[5-9] s: /),
  });
  await front.up();
  const back = await eventually(
    () => driver.observe(order.target, never).catch(() => undefined),
    'it is back',
  );
  expect(back).toEqual(ready);
});
