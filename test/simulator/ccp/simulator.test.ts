import { webcrypto } from 'node:crypto';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { AddressPool, parseCidr } from '../../../simulator/ccp/addresses.ts';
import { buildMs } from '../../../simulator/ccp/build.ts';
import { eksBuildMs } from '../../../simulator/ccp/build-eks.ts';
import { resolveOptions } from '../../../simulator/ccp/options.ts';
import { PlatformState } from '../../../simulator/ccp/platform-state.ts';
import { type CcpSimulatorOptions, startCcpSimulator } from '../../../simulator/ccp/simulator.ts';
import { addressPool } from '../../fixtures/addresses.ts';
import { virtualTime } from '../../fixtures/kubernetes/virtual-time.ts';
import { calicoBody, caller, loggedIn, startLab, until } from './fixtures/ccp.ts';
import { create, loggedInV3, v3Calico, v3Eks } from './fixtures/v3-lab.ts';

test('one master and two workers take 160 s of the laboratory, more workers more', () => {
  expect(buildMs({ workers: 2 })).toBe(160_000);
  expect(buildMs({ workers: 10 })).toBe(320_000);
  expect(buildMs({ masters: 3, workers: 2 })).toBe(200_000);
});

test.each([
  ['v2', 100, buildMs({ workers: 2 })],
  ['v3', 400, buildMs({ workers: 2 })],
  ['eks', 450, eksBuildMs],
] as const)('a build takes its time, by the speed that was asked for: %s', async (kind, speed, nominalMs) => {
  const time = virtualTime();
  const lab = await startLab({ speed });
  const call = await (kind === 'v2' ? loggedIn(lab) : loggedInV3(lab));
  const order = {
    v2: () => call('POST', '/2/clusters', { json: calicoBody(lab, 'one') }),
    v3: () => create(call, v3Calico('one')),
    eks: () => create(call, v3Eks('one', 20)),
  }[kind];
  const ordered = order();
  const tookMs = await time.until(() => lab.clusters()[0]?.state === 'ready');
  expect(tookMs).toBeGreaterThanOrEqual(nominalMs / speed);
  expect((await ordered).status).toBeLessThan(300);
});

test('close ends blocked creates and API servers, and waits for none of them', async () => {
  const simulator = await startCcpSimulator({ speed: 400, addressPool: addressPool() });
  const call = await loggedIn(simulator);
  simulator.fail({ kind: 'slow', delayMs: 2 ** 31 - 1, times: 1 });
  const slow = call('GET', '/2/clusters').catch(String);
  await call('POST', '/2/clusters', { json: calicoBody(simulator, 'ready') });
  const { apiUrl = '' } = simulator.clusters()[0] ?? {};
  const blocked = ['one', 'two', 'three'].map(name =>
    call('POST', '/2/clusters', { json: calicoBody(simulator, name) }).catch(String),
  );
  await until(simulator.clusters, all => all.length === 4);
  await simulator.close();
  for (const end of await Promise.all([slow, ...blocked])) expect(end).toMatch(/closed|ECONN|socket/);
  await expect(caller(simulator.caPem, apiUrl)('GET', '/readyz')).rejects.toThrow(/ECONNREFUSED/);
  await expect(caller(simulator.caPem, simulator.url)('GET', '/')).rejects.toThrow(/ECONNREFUSED/);
});

test('two hundred clusters at once cost next to nothing: certificates are made when somebody looks', async () => {
  const lab = new PlatformState(resolveOptions({ speed: 1e6, addressPool: addressPool() }));
  const makeKey = vi.spyOn(webcrypto.subtle, 'generateKey');
  onTestFinished(() => {
    makeKey.mockRestore();
    return lab.close();
  });
  const network = { plugin: 'calico' as const, podCidr: '10.0.0.0/16' };
  const order = {
    kubernetesVersion: '1.12.6',
    api: 'v2' as const,
    masters: 1,
    groups: [{ name: 'default-pool', size: 2 }],
    loadBalancers: 1,
    network,
    request: {},
  };
  const made = Array.from({ length: 200 }, (_, i) => lab.create({ ...order, name: `c-${i}` }));
  await Promise.all(made.map(cluster => cluster.finished));
  expect(made.map(cluster => cluster.state)).toEqual(made.map(() => 'ready'));
  expect(new Set(made.map(cluster => cluster.apiServer?.url)).size).toBe(200);
  expect(makeKey).not.toHaveBeenCalled();
  await made[0]?.identity.client();
  expect(makeKey).toHaveBeenCalledTimes(2);
});

test('calls are remembered, the last thousand', async () => {
  const lab = await startLab();
  const call = await loggedIn(lab);
  await call('GET', '/2/clusters/');
  expect(lab.calls()).toEqual([
    { method: 'POST', path: '/2/system/login', status: 200 },
    { method: 'GET', path: '/2/clusters', status: 200 },
  ]);
  for (let i = 0; i < 1000; i++) await call('GET', '/nowhere');
  expect(lab.calls()).toHaveLength(1000);
  expect(lab.calls()[0]).toEqual({ method: 'GET', path: '/nowhere', status: 404 });
});

describe('options', () => {
  test.each<[CcpSimulatorOptions, RegExp]>([
    [{ addressPool: '10.0.0.0/16' }, /inside 127\.0\.0\.0\/8/],
    [{ addressPool: '127.0.0.0/7' }, /inside 127\.0\.0\.0\/8/],
    [{ addressPool: '127.20.0.0' }, /not an IPv4 block/],
    [{ addressPool: '127.20.0.0/31' }, /\/30 is the smallest/],
    [{ speed: 0 }, /above 0/],
    [{ speed: Number.NaN }, /above 0/],
    [{ firstAddress: -1 }, /0 or more/],
  ])('%j is refused', async (options, message) => {
    await expect(startCcpSimulator(options)).rejects.toThrow(message);
  });

  test('a port in use is named in one sentence', async () => {
    const lab = await startLab();
    await expect(startCcpSimulator({ port: lab.port })).rejects.toThrow(
      `port ${lab.port} on 127.0.0.1 is in use by another program`,
    );
  });
});

describe('the address pool', () => {
  const pool = (text: string, skip = 0) => {
    const cidr = parseCidr(text);
    if (cidr === undefined) throw new Error(text);
    return new AddressPool(cidr, skip);
  };

  test('never gives network, gateway or broadcast address', () => {
    expect(pool('127.1.0.0/29').take(5)).toEqual([2, 3, 4, 5, 6].map(n => `127.1.0.${n}`));
    expect(pool('127.1.0.0/29').take(6)).toBeUndefined();
    expect(pool('127.1.0.0/29', 5).take(5)).toEqual([5, 6, 2, 3, 4].map(n => `127.1.0.${n}`));
  });

  test('uses a freed address last', () => {
    const small = pool('127.1.0.0/29');
    expect(small.take(2)).toEqual(['127.1.0.2', '127.1.0.3']);
    small.giveBack(['127.1.0.2']);
    expect(small.free).toBe(4);
    expect(small.take(4)).toEqual([4, 5, 6, 2].map(n => `127.1.0.${n}`));
  });

  test('reads blocks strictly', () => {
    expect(parseCidr('127.1.2.3/16')).toMatchObject({ text: '127.1.0.0/16' });
    for (const bad of [
      '127.1',
      '1.2.3.4',
      '1.2.3.4/33',
      '1.2.3.4/',
      '1.2.3/8',
      '::1/64',
      '1.2.3.4/8/9',
      '',
    ]) {
      expect(parseCidr(bad), bad).toBeUndefined();
    }
  });
});
