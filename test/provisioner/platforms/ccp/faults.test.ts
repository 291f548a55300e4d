/** Every call of the driver, both generations, with answers lost, doubled, delayed, refused, and tokens run out. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Target, usedRanges } from '../../../../provisioner/src/common/platform.ts';
import type { CcpPlatform } from '../../../../provisioner/src/platforms/ccp/ccp.ts';
import { type CcpSimulator, type Failure, startCcpSimulator } from '../../../../simulator/ccp/simulator.ts';
import { addressPool } from '../../../fixtures/addresses.ts';
import { until } from '../../../fixtures/patience.ts';
import {
  idOf,
  never,
  platformFor,
  requestOf,
  targetOf,
  templates,
  thrown,
} from '../fixtures/ccp-platform.ts';

/** What a read has to survive without its caller noticing. */
const bridged: Record<string, Failure> = {
  lost: { kind: 'lostAnswer', method: 'GET', times: 1 },
  doubled: { kind: 'doubled', times: 1 },
  delayed: { kind: 'delayed', delayMs: 50, times: 1 },
  gateway: { kind: 'serverError', status: 503, method: 'GET', times: 1 },
};

// Nearly all of it is pauses before another try: the kinds wait at the same time.
describe.concurrent.each(['v2 calico', 'v2 aci', 'v3 calico', 'v3 aci', 'eks'])('%s', kind => {
  let ccp: CcpSimulator;
  let platform: CcpPlatform;
  let mine: Target;

  beforeAll(async () => {
    ccp = await startCcpSimulator({ speed: 800, addressPool: addressPool() });
    platform = platformFor(ccp);
    mine = targetOf('a', templates(ccp)[kind]);
    await platform.create(requestOf(mine, '10.1.0.0/20'), never);
    await until(async () => (await platform.observe(mine, never)).kind === 'ready', 'it is ready');
  });

  afterEach(() => ccp.clearFailures());

  afterAll(async () => {
    await platform.close();
    await ccp.close();
  });

  const reads = {
    usedRanges: async () => expect(await usedRanges(platform, never)).toEqual(['10.1.0.0/20']),
    observe: async () => expect(await platform.observe(mine, never)).toMatchObject({ kind: 'ready' }),
    checkTemplate: async () => expect(await platform.checkTemplate(mine.template, never)).toEqual([]),
    access: async () => {
      const { address, kubeconfig } = await platform.access(mine, never);
      expect(address).toBe(ccp.clusters()[0]?.address);
      expect(kubeconfig).toContain('certificate-authority-data');
    },
  };

  test.sequential.each(
    Object.entries(reads),
  )('what fails once is made good for a read: %s', async (name, read) => {
    for (const failure of Object.values(bridged)) {
      ccp.fail(failure);
      await read();
      ccp.clearFailures();
    }
    ccp.expireTokens();
    await read();
    ccp.fail({ kind: 'serverError', method: 'GET' });
    // What cannot be looked up is not missing.
    if (name === 'checkTemplate') await read();
    else expect((await thrown(read())).transient).toBe(true);
    ccp.clearFailures();
    await read();
  });

  test.sequential('create and remove: after every trouble the next look and the next call put it right', async () => {
    const other = targetOf('b', mine.template);
    const isThere = async () => (await platform.observe(other, never)).kind !== 'absent';
    const create = () => platform.create(requestOf(other, '10.9.0.0/20'), never);
    const post = { method: 'POST', path: kind.startsWith('v2') ? '/2/clusters' : '/v3/clusters', times: 1 };
    for (const trouble of [{ kind: 'lostAnswer' }, { kind: 'doubled' }, { kind: 'serverError' }] as const) {
      ccp.fail({ ...trouble, ...post });
      const error = await thrown(create());
      // Twice carried out, the second one's refusal is what comes back.
      expect(error.transient).toBe(trouble.kind !== 'doubled');
      if (!(await isThere())) await create();
      expect(ccp.clusters().filter(({ name }) => name === 'b')).toHaveLength(1);
      const id = await idOf(platform, other);
      ccp.fail({ ...trouble, method: 'DELETE', times: 1 });
      const removed = platform.remove(other, id, never);
      if (trouble.kind === 'doubled') await removed;
      else expect((await thrown(removed)).transient).toBe(true);
      ccp.expireTokens();
      await platform.remove(other, id, never);
      await until(async () => !(await isThere()), 'it is gone');
    }
    expect(await platform.observe(mine, never)).toMatchObject({ kind: 'ready' });
  });
});
