/** The driver against the platform simulator, and against the shapes of the real answers. */
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askReady } from '../../provisioner/src/api-server.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import {
  type CcpCluster,
  masterAddress,
  observationOf,
  rangesOf,
} from '../../provisioner/src/platforms/ccp/cluster.ts';
import { readKubeconfig } from '../../provisioner/src/platforms/ccp/kubeconfig.ts';
import type { CcpConfig } from '../../provisioner/src/platforms/ccp/settings.ts';
import { type CcpSimulator, startCcpSimulator } from '../../simulator/ccp/simulator.ts';
import { template } from './lab.ts';

const never = new AbortController().signal;
// Shared by many calls at once here; a build has one of its own.
setMaxListeners(0, never);
let ccp: CcpSimulator;
let platform: CcpPlatform;

function configFor(change: Partial<CcpConfig> = {}): CcpConfig {
  const { url, user: username, password, caPem } = ccp;
  return { type: 'ccp', url, username, password, trust: { ca: caPem }, ...change };
}

beforeEach(async () => {
  ccp = await startCcpSimulator({ speed: 400, addressPool: '127.250.0.0/16' });
  platform = new CcpPlatform(configFor());
});

afterEach(async () => {
  await platform.close();
  await ccp.close();
});

const request = (name: string, range = '172.16.0.0/20') => ({
  name,
  range,
  description: 'dash button house-01, press 1',
  template: template(ccp),
});

const logins = () => ccp.calls().filter(call => call.path === '/2/system/login').length;

async function thrown(work: Promise<unknown>): Promise<{ message: string; transient: boolean }> {
  const error = await work.then(
    () => undefined,
    error => error,
  );
  expect(error?.name).toBe('PlatformError');
  return error;
}

test('absent, building, ready; its range, its address, its API server', async () => {
  expect(await platform.observe('a', template(ccp), never)).toEqual({ kind: 'absent' });
  const created = platform.create(request('a'), never);
  await expect
    .poll(() => platform.observe('a', template(ccp), never))
    .toMatchObject({ kind: 'building', total: 6 });
  expect(await platform.usedRanges(never)).toEqual(['172.16.0.0/20']);
  await created;
  expect(await platform.observe('a', template(ccp), never)).toEqual({ kind: 'ready' });
  const access = await platform.access('a', never);
  expect(access.address).toBe(ccp.clusters()[0]?.address);
  expect(await askReady(access, never)).toBeUndefined();
  const stranger = { ...access, ca: ccp.caPem };
  expect(await askReady(stranger, never)).toMatch(/certificate|self.signed/i);
  expect(ccp.clusters()[0]?.request.description).toBe('dash button house-01, press 1 - 172.16.0.0/20');
  expect(logins()).toBe(1);
});

test('removed by its uuid, at any time; one that is not there is no error', async () => {
  await platform.remove('a', never);
  expect(ccp.calls().some(call => call.method === 'DELETE')).toBe(false);
  await platform.create(request('a'), never);
  const created = platform.create(request('b', '172.16.16.0/20'), never).catch(error => error);
  await expect.poll(() => platform.observe('b', template(ccp), never)).toMatchObject({ kind: 'building' });
  await platform.remove('a', never);
  expect(ccp.clusters().map(({ name }) => name)).toEqual(['b']);
  await platform.remove('b', never);
  expect(ccp.clusters()).toEqual([]);
  await created;
  expect(await platform.observe('a', template(ccp), never)).toEqual({ kind: 'absent' });
  // Somebody else was faster, between our look and our call.
  await platform.create(request('c'), never);
  await Promise.all([platform.remove('c', never), platform.remove('c', never)]);
  await platform.create(request('d'), never);
  ccp.fail({ kind: 'serverError', method: 'DELETE', times: 1 });
  expect(await thrown(platform.remove('d', never))).toMatchObject({ transient: true });
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
  const wrong = new CcpPlatform(configFor({ password: 'wr0ng' }));
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
    configFor({ trust: { fingerprint: ccp.fingerprint256.replaceAll(':', '') } }),
  );
  await pinned.check(never);
  await pinned.close();
  const before = ccp.calls().length;
  const wrong = new CcpPlatform(configFor({ trust: { fingerprint: 'A'.repeat(64) } }));
  const error = await thrown(wrong.check(never));
  expect(error.message).toContain(
    `has the fingerprint ${ccp.fingerprint256.replaceAll(':', '')}, not the one`,
  );
  await wrong.close();
  const other = await startCcpSimulator({ addressPool: '127.251.0.0/16' });
  const stranger = new CcpPlatform(configFor({ trust: { ca: other.caPem } }));
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
  ccp.fail({ kind: 'serverError', status: 503, path: '/2/clusters', times: 2 });
  expect(await thrown(platform.create(request('a'), never))).toMatchObject({ transient: true });
  expect(await thrown(platform.observe('a', template(ccp), never))).toMatchObject({ transient: true });
  ccp.fail({ kind: 'nodeError', answer: 'withoutUuid', times: 1 });
  expect(await thrown(platform.create(request('b'), never))).toMatchObject({ transient: false });
  ccp.fail({ kind: 'drop', times: 1 });
  expect(await thrown(platform.create(request('c'), never))).toMatchObject({ transient: true });
  expect(await platform.observe('c', template(ccp), never)).toMatchObject({ kind: 'building' });
  const gone = new CcpPlatform(configFor({ url: 'https://127.0.0.1:1' }));
  expect(await thrown(gone.check(never))).toMatchObject({ transient: true });
  await gone.close();
});

test('a list that answers 404 is empty', async () => {
  const old = await startCcpSimulator({ emptyListStatus: 404, addressPool: '127.251.0.0/16' });
  const driver = new CcpPlatform({ ...configFor(), url: old.url, trust: { ca: old.caPem } });
  expect(await driver.usedRanges(never)).toEqual([]);
  await driver.close();
  await old.close();
});

const cluster = (change: object): CcpCluster => ({ uuid: 'u', name: 'n', ...change }) as CcpCluster;

test('what states mean', () => {
  const nodes = [{ state: 'READY', is_master: true }, { state: 'PROVISIONED' }];
  expect(observationOf(cluster({ state: 'PROVISIONING', nodes }), 3)).toEqual({
    kind: 'building',
    phase: 'provisioning nodes 1/3',
    done: 3,
    total: 6,
  });
  expect(observationOf(cluster({ state: null, nodes: null }), 3)).toMatchObject({
    kind: 'building',
    done: 0,
  });
  expect(observationOf(cluster({ state: 'UPGRADING' }), 3)).toMatchObject({ phase: 'upgrading 0/3' });
  expect(observationOf(cluster({ state: 'READY' }), 3)).toEqual({ kind: 'ready' });
  for (const state of ['ERROR', 'create_failed', 'Failure']) {
    expect(observationOf(cluster({ state }), 3)).toMatchObject({
      kind: 'failed',
      message: `cluster is in state ${state}`,
    });
  }
  expect(observationOf(cluster({ state: 'ERROR', nodes: [{ error_log: 'no ip' }] }), 3)).toMatchObject({
    message: 'no ip',
  });
});

test('where the API server is: Calico has a VIP, ACI the master’s address', () => {
  expect(masterAddress(cluster({ master_vip: '10.0.0.1' }))).toBe('10.0.0.1');
  const nodes = [{ public_ip: '10.0.0.3' }, { is_master: true, public_ip: '10.0.0.2' }];
  expect(masterAddress(cluster({ master_vip: '', nodes }))).toBe('10.0.0.2');
  expect(masterAddress(cluster({ master_vip: null, nodes: null }))).toBeUndefined();
});

test('the key of the range is chosen for each cluster', () => {
  const plugin = (name: string, details: unknown) => ({ network_plugin: { name, details } });
  expect(
    rangesOf([
      plugin('calico', '{"pod_cidr":"192.168.0.0/16"}'),
      plugin('contiv-aci', '{"node_vlan_cidr":"192.168.165.0/24","pod_cidr":"10.0.0.0/8"}'),
      plugin('contiv-vpp', { pod_cidr: '10.1.0.0/16' }),
      plugin('calico', 'not json'),
      plugin('calico', ''),
      plugin('other', '{"pod_cidr":"10.9.0.0/16"}'),
      { network_plugin: null },
      null,
      7,
    ]),
  ).toEqual(['192.168.0.0/16', '192.168.165.0/24', '10.1.0.0/16']);
});

test('a kubeconfig that is none is trouble, not a crash', () => {
  for (const text of ['', 'x', '{', 'clusters: []', 'clusters: [{cluster: {server: "http://a"}}]']) {
    expect(() => readKubeconfig(text)).toThrow(/kubeconfig/);
  }
});
