/** The driver's v2 side, and what both sides share, against the platform simulator. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { usedRanges } from '../../../../provisioner/src/common/platform.ts';
import { askReady } from '../../../../provisioner/src/kubernetes/ready.ts';
import { CcpPlatform } from '../../../../provisioner/src/platforms/ccp/ccp.ts';
import { type CcpSimulator, startCcpSimulator } from '../../../../simulator/ccp/simulator.ts';
import { addressPool } from '../../../fixtures/addresses.ts';
import {
  callsOf,
  configFor,
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

let ccp: CcpSimulator;
let platform: CcpPlatform;

beforeEach(async () => {
  ccp = await startCcpSimulator({ speed: 200, addressPool: addressPool() });
  platform = platformFor(ccp);
});

afterEach(async () => {
  await platform.close();
  await ccp.close();
});

const target = (name: string) => targetOf(name, templates(ccp)['v2 calico']);
const request = (name: string, range = '172.16.0.0/20') => requestOf(target(name), range);

const logins = () => callsOf(ccp, 'POST', '/2/system/login');

test('absent, building, ready; its range, its address, its API server', async () => {
  expect(await platform.observe(target('a'), never)).toEqual({ kind: 'absent' });
  const created = platform.create(request('a'), never);
  await expect
    .poll(() => platform.observe(target('a'), never), polling)
    .toMatchObject({ kind: 'building', total: 6 });
  expect(await usedRanges(platform, never)).toEqual(['172.16.0.0/20']);
  await created;
  expect(await platform.observe(target('a'), never)).toEqual({
    kind: 'ready',
    id: ccp.clusters()[0]?.uuid,
    description: 'dash button house-01, press 1 of a - 172.16.0.0/20',
  });
  const access = await platform.access(target('a'), never);
  expect(access.address).toBe(ccp.clusters()[0]?.address);
  expect(await askReady(access, never)).toBeUndefined();
  const stranger = trusting(access.kubeconfig, ccp.caPem);
  expect(await askReady(stranger, never)).toMatch(/certificate|self.signed/i);
  expect(access.kubeconfig).toContain('client-key-data');
  expect(logins()).toBe(1);
});

test('removed by its uuid, at any time; one that is not there is no error', async () => {
  await platform.remove(target('a'), '00000000-0000-4000-8000-000000000000', never);
  await platform.create(request('a'), never);
  const created = platform.create(request('b', '172.16.16.0/20'), never).catch(error => error);
  await expect.poll(() => platform.observe(target('b'), never), polling).toMatchObject({ kind: 'building' });
  // The id decides, not the name.
  await platform.remove(target('b'), await idOf(platform, target('a')), never);
  expect(ccp.clusters().map(({ name }) => name)).toEqual(['b']);
  await platform.remove(target('b'), await idOf(platform, target('b')), never);
  expect(ccp.clusters()).toEqual([]);
  await created;
  expect(await platform.observe(target('b'), never)).toEqual({ kind: 'absent' });
  // Somebody else was faster, between our look and our call.
  await platform.create(request('c'), never);
  const id = await idOf(platform, target('c'));
  await Promise.all([platform.remove(target('c'), id, never), platform.remove(target('c'), id, never)]);
  await platform.create(request('d'), never);
  ccp.fail({ kind: 'serverError', method: 'DELETE', times: 1 });
  const trouble = platform.remove(target('d'), await idOf(platform, target('d')), never);
  expect(await thrown(trouble)).toMatchObject({ transient: true });
});

test('one login for many calls at once, one more when the session has run out', async () => {
  await Promise.all(Array.from({ length: 20 }, () => platform.check(never)));
  expect(logins()).toBe(1);
  ccp.expireTokens();
  await platform.create(request('a'), never);
  expect(logins()).toBe(2);
  expect(ccp.clusters()).toHaveLength(1);
});

test('a refused login says so in the words of the platform, and is not repeated at once', async () => {
  const wrong = new CcpPlatform(configFor(ccp, { password: 'wr0ng' }));
  const error = await thrown(wrong.check(never));
  expect(error).toMatchObject({
    message: 'login refused, 401: invalid username or password',
    transient: false,
  });
  await Promise.all(Array.from({ length: 20 }, () => thrown(wrong.check(never))));
  expect(logins()).toBe(1);
  await wrong.close();
});

test('the certificate: the right pin is taken, a wrong one and no authority are refused before any call', async () => {
  const pinned = new CcpPlatform(
    configFor(ccp, { trust: { fingerprint: ccp.fingerprint256.replaceAll(':', '') } }),
  );
  await pinned.check(never);
  await pinned.close();
  const before = ccp.calls().length;
  const wrong = new CcpPlatform(configFor(ccp, { trust: { fingerprint: 'A'.repeat(64) } }));
  const error = await thrown(wrong.check(never));
  expect(error.message).toContain(
    `has the fingerprint ${ccp.fingerprint256.replaceAll(':', '')}, not the one`,
  );
  await wrong.close();
  const other = await startCcpSimulator({ addressPool: addressPool() });
  const stranger = new CcpPlatform(configFor(ccp, { trust: { ca: other.caPem } }));
  expect((await thrown(stranger.check(never))).transient).toBe(true);
  await stranger.close();
  await other.close();
  expect(ccp.calls()).toHaveLength(before);
});

test('refusals decide, troubles do not', async () => {
  ccp.fail({ kind: 'full', message: 'no room\n\tin the lab \u00e4', times: 1 });
  expect(await thrown(platform.create(request('a'), never))).toMatchObject({
    message: '400: no room in the lab',
    transient: false,
  });
  ccp.fail({ kind: 'serverError', status: 503, method: 'POST', times: 1 });
  expect(await thrown(platform.create(request('a'), never))).toMatchObject({ transient: true });
  ccp.fail({ kind: 'serverError', times: 1 });
  expect(await thrown(platform.observe(target('a'), never))).toMatchObject({ transient: true });
  ccp.fail({ kind: 'nodeError', answer: 'withoutUuid', times: 1 });
  expect(await thrown(platform.create(request('b'), never))).toMatchObject({ transient: false });
  ccp.fail({ kind: 'drop', atFraction: 0.1, times: 1 });
  expect(await thrown(platform.create(request('c'), never))).toMatchObject({ transient: true });
  expect(await platform.observe(target('c'), never)).toMatchObject({ kind: 'building' });
  const gone = new CcpPlatform(configFor(ccp, { url: 'https://127.0.0.1:1' }));
  expect(await thrown(gone.check(never))).toMatchObject({ transient: true });
  await gone.close();
});

test('a list that answers 404 is empty', async () => {
  const old = await startCcpSimulator({ emptyListStatus: 404, addressPool: addressPool() });
  const driver = new CcpPlatform({ ...configFor(ccp), url: old.url, trust: { ca: old.caPem } });
  expect(await usedRanges(driver, never)).toEqual([]);
  await driver.close();
  await old.close();
});
