/** The driver's v3 side against the platform simulator: vSphere with Calico and ACI, EKS, and what may go wrong. */

import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { usedRanges } from '../../../../provisioner/src/common/platform.ts';
import { askReady } from '../../../../provisioner/src/kubernetes/ready.ts';
import type { CcpPlatform } from '../../../../provisioner/src/platforms/ccp/ccp.ts';
import {
  type CcpSimulator,
  type CcpSimulatorOptions,
  startCcpSimulator,
} from '../../../../simulator/ccp/simulator.ts';
import { addressPool } from '../../../fixtures/addresses.ts';
import {
  callsOf,
  idOf,
  never,
  platformFor,
  polling,
  requestOf,
  targetOf,
  templates,
  thrown,
  trusting,
} from '../fixtures/ccp-platform.ts';

/** A vSphere cluster takes 160 nominal seconds. */
const speed = 1600;

let ccp: CcpSimulator;
let platform: CcpPlatform;

beforeEach(async () => {
  ccp = await startCcpSimulator({ speed, addressPool: addressPool() });
  platform = platformFor(ccp);
});

afterEach(async () => {
  await platform.close();
  await ccp.close();
});

/** One more, with a driver; both end with the test. */
async function another(options: CcpSimulatorOptions) {
  const ccp = await startCcpSimulator({ addressPool: addressPool(), ...options });
  const platform = platformFor(ccp);
  onTestFinished(async () => {
    await platform.close();
    await ccp.close();
  });
  return { ccp, platform };
}

const kind = (name: string) => templates(ccp)[name];
const target = (name: string) => targetOf(name, kind('v3 calico'));
const request = (name: string, range = '10.1.0.0/16') => requestOf(target(name), range);
const kindOf = async (name: string) => (await platform.observe(target(name), never)).kind;

describe.each([
  ['v3 calico', 3, 100],
  ['v3 aci', 3, 100],
  ['eks', 4, 500],
])('%s', (name, total, itsSpeed) => {
  test('absent, building, ready, given back; its range, its address, its API server', async () => {
    // Nearly two seconds, so that there is something to see on the way.
    const { ccp, platform } = await another({ speed: itsSpeed });
    const mine = targetOf('a', kind(name));
    expect(await platform.observe(mine, never)).toEqual({ kind: 'absent' });
    expect(platform.stepsOf(mine.template)).toBe(total);
    await platform.create(requestOf(mine, '10.1.0.0/20'), never);
    const phases = new Set<string>();
    const look = async () => {
      const seen = await platform.observe(mine, never);
      if (seen.kind === 'building') phases.add(`${seen.done}/${seen.total}`);
      return seen;
    };
    expect(await look()).toMatchObject({ kind: 'building', total });
    const early = await thrown(platform.access(mine, never));
    expect(early).toMatchObject({ message: 'no kubeconfig yet', transient: true });
    expect(await usedRanges(platform, never)).toEqual(['10.1.0.0/20']);
    const [cluster] = ccp.clusters();
    const sight = { id: cluster?.id, description: 'dash button house-01, press 1 of a - 10.1.0.0/20' };
    await expect.poll(look, polling).toEqual({ kind: 'ready', ...sight });
    expect(phases.size).toBeGreaterThan(1);
    const access = await platform.access(mine, never);
    expect(access.address).toBe(ccp.clusters()[0]?.address);
    expect(await askReady(access, never)).toBeUndefined();
    expect(await askReady(trusting(access.kubeconfig, ccp.caPem), never)).toMatch(/certificate|self.signed/i);
    await platform.remove(mine, cluster?.id ?? '', never);
    await expect.poll(() => platform.observe(mine, never), polling).toEqual({ kind: 'absent' });
    // Gone already.
    await platform.remove(mine, cluster?.id ?? '', never);
    expect(callsOf(ccp, 'POST', '/v3/system/login')).toBe(1);
  });
});

test('both generations side by side: ranges of all, each with a login of its own', async () => {
  const old = platform.create(requestOf(targetOf('old', kind('v2 aci')), '10.7.0.0/24'), never);
  await platform.create(request('a'), never);
  await platform.create(requestOf(targetOf('b', kind('eks')), '10.8.0.0/16'), never);
  await expect.poll(() => usedRanges(platform, never), polling).toHaveLength(3);
  expect((await usedRanges(platform, never)).sort()).toEqual(['10.1.0.0/16', '10.7.0.0/24', '10.8.0.0/16']);
  await old;
  expect(callsOf(ccp, 'POST', '/2/system/login')).toBe(1);
  expect(callsOf(ccp, 'POST', '/v3/system/login')).toBe(1);
});

test('on its way out it says so', async () => {
  const { platform: driver } = await another({ speed: 40, v3: { deleteMs: 4_000_000 } });
  await driver.create(request('a'), never);
  const id = await idOf(driver, target('a'));
  await driver.remove(target('a'), id, never);
  expect(await driver.observe(target('a'), never)).toMatchObject({ kind: 'deleting', id });
});

test('the id is looked up once; a cluster made anew under the name is found by a new look at the list', async () => {
  await platform.create(request('a'), never);
  const id = await idOf(platform, target('a'));
  const lists = callsOf(ccp, 'GET', '/v3/clusters');
  await idOf(platform, target('a'));
  await idOf(platform, target('a'));
  expect(callsOf(ccp, 'GET', '/v3/clusters')).toBe(lists);
  // Somebody else takes it away and makes another.
  const other = platformFor(ccp);
  await other.remove(target('a'), id, never);
  await expect.poll(() => kindOf('a'), polling).toBe('absent');
  // The old id is forgotten: the list alone is asked.
  const reads = callsOf(ccp, 'GET', `/v3/clusters/${id}`);
  expect(await kindOf('a')).toBe('absent');
  expect(callsOf(ccp, 'GET', `/v3/clusters/${id}`)).toBe(reads);
  await other.create(request('a'), never);
  const next = await idOf(platform, target('a'));
  expect(next).not.toBe(id);
  // The old one's id removes nothing.
  await platform.remove(target('a'), id, never);
  expect(await idOf(platform, target('a'))).toBe(next);
  await other.close();
});

test('a lost, doubled, delayed or cut create: one cluster, and the next look tells', async () => {
  ccp.fail({ kind: 'lostAnswer', method: 'POST', path: '/v3/clusters', times: 1 });
  expect(await thrown(platform.create(request('a'), never))).toMatchObject({ transient: true });
  expect(await kindOf('a')).not.toBe('absent');
  // Asked again by mistake: refused in the platform's words, and nothing new.
  const again = await thrown(platform.create(request('a'), never));
  expect(again).toMatchObject({ message: '400: name: a cluster named a already exists', transient: false });
  ccp.fail({ kind: 'doubled', method: 'POST', path: '/v3/clusters', times: 1 });
  expect((await thrown(platform.create(request('b', '10.2.0.0/16'), never))).transient).toBe(false);
  expect(await kindOf('b')).not.toBe('absent');
  ccp.fail({ kind: 'delayed', delayMs: 200, method: 'POST', path: '/v3/clusters', times: 1 });
  await platform.create(request('c', '10.3.0.0/16'), never);
  ccp.fail({ kind: 'drop', times: 1 });
  expect((await thrown(platform.create(request('d', '10.4.0.0/16'), never))).transient).toBe(true);
  expect(await kindOf('d')).not.toBe('absent');
  expect(ccp.clusters().map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  expect(callsOf(ccp, 'POST', '/v3/clusters')).toBe(5);
});

test('a create is sent once when the platform is in trouble, a read again', async () => {
  ccp.fail({ kind: 'serverError', status: 503, method: 'POST', path: '/v3/clusters', times: 1 });
  expect((await thrown(platform.create(request('a'), never))).transient).toBe(true);
  expect(callsOf(ccp, 'POST', '/v3/clusters')).toBe(1);
  for (const status of [502, 503, 504]) {
    ccp.fail({ kind: 'serverError', status, method: 'GET', path: '/v3/clusters', times: 2 });
    expect(await kindOf('a')).toBe('absent');
  }
  ccp.fail({ kind: 'lostAnswer', method: 'GET', path: '/v3/clusters', times: 2 });
  expect(await kindOf('a')).toBe('absent');
  ccp.fail({ kind: 'serverError', status: 503, method: 'GET', path: '/v3/clusters', times: 3 });
  expect(await thrown(platform.observe(target('a'), never))).toMatchObject({ transient: true });
  expect(await kindOf('a')).toBe('absent');
  const before = callsOf(ccp, 'GET', '/v3/clusters');
  ccp.fail({ kind: 'serverError', status: 500, method: 'GET', path: '/v3/clusters', times: 1 });
  expect(await thrown(platform.observe(target('a'), never))).toMatchObject({
    message: '500: internal server error',
    transient: true,
  });
  expect(callsOf(ccp, 'GET', '/v3/clusters')).toBe(before + 1);
});

test('an order that is full or wrong is refused in the platform’s words', async () => {
  ccp.fail({ kind: 'full', message: 'no room', times: 1 });
  expect(await thrown(platform.create(request('a'), never))).toMatchObject({
    message: '400: no room',
    transient: false,
  });
  const bad = targetOf('b', { ...kind('v3 calico'), subnet_id: 'x' });
  expect(await thrown(platform.create(requestOf(bad, '10.2.0.0/16'), never))).toMatchObject({
    message: '400: subnet_id: no such subnet',
    transient: false,
  });
});

test.each(['v3 calico', 'eks'])('a broken node of %s fails the cluster in its own words', async name => {
  ccp.fail({ kind: 'nodeError', message: 'no\nIP address', times: 1 });
  const mine = targetOf('a', kind(name));
  await platform.create(requestOf(mine, '10.1.0.0/16'), never);
  const look = async () => platform.observe(mine, never);
  await expect.poll(look, polling).toMatchObject({ kind: 'failed', id: ccp.clusters()[0]?.id });
  const seen = await look();
  // On EKS no nodes are shown, so the state is all there is.
  expect(seen).toMatchObject({ message: name === 'eks' ? 'cluster is in state ERROR' : 'no IP address' });
});

test.each([
  401, 403,
] as const)('a token that runs out (%i) is renewed once, also before a create', async status => {
  const { ccp: strict, platform: driver } = await another({ speed, v3: { noTokenStatus: status } });
  const logins = () => callsOf(strict, 'POST', '/v3/system/login');
  await driver.observe(target('a'), never);
  strict.expireTokens();
  await driver.create(request('a'), never);
  expect(logins()).toBe(2);
  expect(strict.clusters()).toHaveLength(1);
  strict.expireTokens();
  await Promise.all(Array.from({ length: 50 }, () => driver.observe(target('a'), never)));
  expect(logins()).toBe(3);
});
