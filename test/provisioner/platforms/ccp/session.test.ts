/** Logging in: once for many, again before and when a token runs out, not over and over when it is refused. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CcpPlatform } from '../../../../provisioner/src/platforms/ccp/ccp.ts';
import { type CcpSimulator, startCcpSimulator } from '../../../../simulator/ccp/simulator.ts';
import { addressPool } from '../../../fixtures/addresses.ts';
import {
  callsOf,
  configFor,
  never,
  platformFor,
  polling,
  targetOf,
  templates,
  thrown,
} from '../fixtures/ccp-platform.ts';

const minuteMs = 60_000;

let ccp: CcpSimulator;
let platform: CcpPlatform;
/** The driver's clock, in milliseconds: only the test lets it go on. */
let clockMs = 0;

beforeEach(async () => {
  clockMs = 0;
  ccp = await startCcpSimulator({ speed: 400, addressPool: addressPool() });
  platform = new CcpPlatform(configFor(ccp), { nowMs: () => clockMs });
});

afterEach(async () => {
  await platform.close();
  await ccp.close();
});

const v2 = () => targetOf('a', templates(ccp)['v2 calico']);
const v3 = () => targetOf('a', templates(ccp)['v3 calico']);
const logins = () => ['/2/system/login', '/v3/system/login'].map(path => callsOf(ccp, 'POST', path));
const many = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: 200 }, work));

test('each generation logs in when first needed, once for 200 calls', async () => {
  await many(() => platform.observe(v2(), never));
  expect(logins()).toEqual([1, 0]);
  await many(() => platform.observe(v3(), never));
  await many(() => platform.check(never));
  expect(logins()).toEqual([1, 1]);
});

test('200 calls that all meet a token run out make one login', async () => {
  await platform.check(never);
  ccp.expireTokens();
  await many(() => platform.observe(v2(), never));
  await many(() => platform.observe(v3(), never));
  expect(logins()).toEqual([2, 2]);
});

test('one that hears late that its token has run out takes the new one of the others', async () => {
  await platform.check(never);
  ccp.expireTokens();
  ccp.fail({ kind: 'slow', delayMs: 1_000, times: 1 });
  await Promise.all([platform.observe(v3(), never), platform.observe(v3(), never)]);
  expect(logins()).toEqual([1, 2]);
});

test('a token is renewed after three hours, once, while calls go on with the old one', async () => {
  await platform.check(never);
  clockMs = 179 * minuteMs;
  await many(() => platform.observe(v3(), never));
  expect(logins()).toEqual([1, 1]);
  clockMs = 180 * minuteMs;
  await many(() => platform.observe(v3(), never));
  await expect.poll(logins, polling).toEqual([1, 2]);
  // It failed: nobody notices, and it is tried again a minute later.
  clockMs = 361 * minuteMs;
  ccp.fail({ kind: 'badLogin', times: 1 });
  await many(() => platform.observe(v3(), never));
  await expect.poll(logins, polling).toEqual([1, 3]);
  await many(() => platform.observe(v3(), never));
  expect(logins()).toEqual([1, 3]);
  clockMs = 362 * minuteMs;
  await platform.observe(v3(), never);
  await expect.poll(logins, polling).toEqual([1, 4]);
});

test.each([
  ['v2', v2, 0],
  ['v3', v3, 1],
] as const)('%s: a refused login says why and is not repeated for ten seconds', async (_name, target, index) => {
  ccp.fail({ kind: 'badLogin' });
  const error = await thrown(platform.observe(target(), never));
  expect(error).toMatchObject({
    message: 'login refused, 401: invalid username or password',
    transient: false,
  });
  await many(() => thrown(platform.observe(target(), never)));
  expect(logins()[index]).toBe(1);
  ccp.clearFailures();
  clockMs = 9_999;
  await thrown(platform.observe(target(), never));
  expect(logins()[index]).toBe(1);
  clockMs = 10_000;
  await platform.observe(target(), never);
  expect(logins()[index]).toBe(2);
});

test('one caller that gives up takes nobody’s login away', async () => {
  ccp.fail({ kind: 'slow', delayMs: 500, times: 1 });
  const impatient = new AbortController();
  const first = thrown(platform.observe(v3(), impatient.signal));
  const second = platform.observe(v3(), never);
  impatient.abort();
  expect(await first).toMatchObject({ message: 'the call was given up', transient: true });
  expect(await second).toEqual({ kind: 'absent' });
  expect(logins()).toEqual([0, 1]);
});

test('a call that is given up ends at once, also between two tries', async () => {
  await platform.observe(v3(), never);
  ccp.fail({ kind: 'serverError', status: 503 });
  const signal = AbortSignal.timeout(50);
  const before = ccp.calls().length;
  expect((await thrown(platform.observe(v3(), signal))).transient).toBe(true);
  expect(ccp.calls().length).toBeLessThanOrEqual(before + 2);
});

test('a call that is given up does not wait for its answer', async () => {
  await platform.observe(v3(), never);
  // The answer never comes.
  ccp.fail({ kind: 'slow', delayMs: 2 ** 31 - 1, times: 1 });
  const error = await thrown(platform.observe(v3(), AbortSignal.timeout(50)));
  expect(error).toMatchObject({
    message: 'platform does not answer: the call was given up',
    transient: true,
  });
});

test('closed, it rejects calls under way', async () => {
  const other = platformFor(ccp);
  ccp.fail({ kind: 'slow', delayMs: 20_000, times: 1 });
  const call = thrown(other.check(never));
  await other.close();
  expect((await call).transient).toBe(true);
});
