/** Add-ons: installed step by step on the simulator, whatever is lost or done by somebody else on the way. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CcpPlatform } from '../../../../provisioner/src/platforms/ccp/ccp.ts';
import { bodyFor, installedOf } from '../../../../provisioner/src/platforms/ccp/v3/addons.ts';
import { type CcpSimulator, startCcpSimulator } from '../../../../simulator/ccp/simulator.ts';
import { addressPool } from '../../../fixtures/addresses.ts';
import { until } from '../../../fixtures/patience.ts';
import {
  configFor,
  never,
  polling,
  requestOf,
  targetOf,
  templates,
  thrown,
} from '../fixtures/ccp-platform.ts';

let ccp: CcpSimulator;
let platform: CcpPlatform;
/** The driver's clock, in milliseconds: only the test lets it go on, so that no machine is too slow for it. */
let clockMs = 0;

beforeEach(async () => {
  clockMs = 0;
  ccp = await startCcpSimulator({ speed: 800, addressPool: addressPool() });
  platform = new CcpPlatform(configFor(ccp), { nowMs: () => clockMs });
  await platform.create(requestOf(equipped([]), '10.1.0.0/16'), never);
  const look = async () => (await platform.observe(equipped([]), never)).kind;
  await expect.poll(look, polling).toBe('ready');
});

afterEach(async () => {
  await platform.close();
  await ccp.close();
});

const equipped = (addOns: string[]) => targetOf('a', templates(ccp)['v3 calico'], addOns);

const posts = () =>
  ccp.calls().filter(({ method, path }) => method === 'POST' && path.includes('/addons')).length;

/** Calls equip until it is done; what it said on the way, without repetitions. */
async function equipAll(addOns: string[], driver = platform): Promise<string[]> {
  const said: string[] = [];
  const isDone = async () => {
    const words = await driver.equip(equipped(addOns), never);
    if (words === undefined) return true;
    if (said.at(-1) !== words) said.push(words);
    clockMs += 500;
    return false;
  };
  await until(isDone, () => `all of it: ${said.join(', ')}`);
  return said;
}

test('nothing wanted, nothing asked', async () => {
  const before = ccp.calls().length;
  expect(await platform.equip(equipped([]), never)).toBeUndefined();
  expect(ccp.calls()).toHaveLength(before);
});

test('several at once, by any of their names, each asked for once', async () => {
  const said = await equipAll(['monitoring', 'ccp-efk', '_ccp-hxcsi', 'monitoring', 'dashboard']);
  expect(said[0]).toBe('add-on monitoring (1 of 4)');
  expect(ccp.clusters()[0]?.addOns).toEqual(['ccp-monitor', 'ccp-efk', 'ccp-hxcsi', 'kubernetes-dashboard']);
  expect(posts()).toBe(4);
  // Again, and by a process that knows nothing: all there.
  const other = new CcpPlatform(configFor(ccp));
  expect(await other.equip(equipped(['monitoring', 'dashboard']), never)).toBeUndefined();
  await other.close();
  expect(posts()).toBe(4);
});

test('the operator first, at least 2 s before its second part', async () => {
  expect(await platform.equip(equipped(['istio']), never)).toBe('add-on istio (1 of 1)');
  const state = async () => {
    await platform.equip(equipped(['istio']), never);
    return ccp.clusters()[0]?.addOns;
  };
  await expect.poll(state, polling).toEqual(['ccp-istio-operator']);
  const since = posts();
  expect(since).toBe(1);
  clockMs += 1_000;
  await platform.equip(equipped(['istio']), never);
  expect(posts()).toBe(1);
  clockMs += 1_000;
  await platform.equip(equipped(['istio']), never);
  expect(posts()).toBe(2);
  await equipAll(['istio']);
  expect(ccp.clusters()[0]?.addOns).toEqual(['ccp-istio-operator', 'ccp-istio-cr']);
});

test('answers lost, doubled, delayed: still each once', async () => {
  ccp.fail({ kind: 'lostAnswer', method: 'POST', path: '/v3/clusters', times: 1 });
  expect((await thrown(platform.equip(equipped(['monitoring']), never))).transient).toBe(true);
  ccp.fail({ kind: 'doubled', method: 'POST', path: '/v3/clusters', times: 1 });
  ccp.fail({ kind: 'delayed', delayMs: 100, path: '/v3/clusters', times: 3 });
  await equipAll(['monitoring', 'logging']);
  expect(ccp.clusters()[0]?.addOns).toEqual(['ccp-monitor', 'ccp-efk']);
  ccp.fail({ kind: 'serverError', method: 'POST', times: 1 });
  expect((await thrown(platform.equip(equipped(['hxcsi']), never))).transient).toBe(true);
  ccp.expireTokens();
  await equipAll(['hxcsi']);
});

test('one that fails is named, in the platform’s words', async () => {
  ccp.fail({ kind: 'addOnError', name: 'ccp-efk', message: 'no\nspace', times: 1 });
  const error = await thrown(equipAll(['monitoring', 'logging']));
  expect(error).toMatchObject({ message: 'add-on logging: no space', transient: false });
});

test('what excludes each other is named, also when somebody else has installed it', async () => {
  const both = await thrown(platform.equip(equipped(['istio', 'harbor']), never));
  expect(both).toMatchObject({
    message: 'istio and harbor exclude each other: leave one out',
    transient: false,
  });
  await equipAll(['harbor']);
  const error = await thrown(platform.equip(equipped(['istio']), never));
  expect(error).toMatchObject({
    message: 'add-on istio: conflicts with ccp-harbor-operator',
    transient: false,
  });
});

test('v2 and EKS have none; a cluster that is gone is no reason to give up', async () => {
  for (const kind of ['v2 calico', 'eks']) {
    const error = await thrown(platform.equip(targetOf('x', templates(ccp)[kind], ['logging']), never));
    expect(error).toMatchObject({ transient: false });
    expect(error.message).toContain('only clusters of type vsphere');
  }
  const gone = await thrown(
    platform.equip(targetOf('gone', templates(ccp)['v3 calico'], ['logging']), never),
  );
  expect(gone.transient).toBe(true);
});

const item = (name: string, status: unknown) => ({ name, namespace: 'ccp', status });

test('how an installed add-on stands', () => {
  const states = installedOf([
    item('a', { status: 'INSTALLED', helmStatus: 'deployed', statusDetail: '' }),
    item('b', { status: '', helmStatus: 'deployed' }),
    item('c', { status: 'INSTALLING', helmStatus: 'deployed' }),
    item('d', { status: 'INSTALLED', helmStatus: 'FAILED', statusDetail: 'why' }),
    item('e', { status: 'install_error' }),
    item('f', null),
    null,
    { name: 7 },
  ]);
  expect(Object.fromEntries([...states].map(([name, { state }]) => [name, state]))).toEqual({
    a: 'done',
    b: 'done',
    c: 'under way',
    d: 'failed',
    e: 'failed',
    f: 'under way',
  });
  expect(states.get('d')?.words).toBe('why');
});

test('the body is the catalog’s entry, also from inside another; a missing namespace is filled in', () => {
  const part = { name: 'ccp-istio-cr', namespace: 'x', url: '/c' };
  const catalog = {
    '_ccp-hxcsi': { name: 'ccp-hxcsi', url: '/h' },
    '_ccp-istio-operator': { name: 'ccp-istio-operator', dependencies: { '_ccp-istio': part } },
    odd: 7,
  };
  expect(bodyFor(catalog, 'ccp-hxcsi')).toEqual({ name: 'ccp-hxcsi', namespace: 'ccp', url: '/h' });
  expect(bodyFor(catalog, 'ccp-istio-cr')).toEqual(part);
  expect(bodyFor(catalog, 'ccp-efk')).toBeUndefined();
  expect(bodyFor(undefined, 'ccp-efk')).toBeUndefined();
});
