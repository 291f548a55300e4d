/** Rows of the contract's table for Cisco Container Platform, on its simulator. */

import type { Platform } from '../../provisioner/src/platforms/platform.ts';
import { startCcpSimulator } from '../../simulator/ccp/simulator.ts';
import { platformFor, requestOf, targetOf, templates } from '../provisioner/ccp-platform.ts';
import { never, orderOf, type Row, until, type World } from './contract-world.ts';

/** 160 nominal seconds in one real one: long enough to see steps on the way. */
const speed = 160;

const createPath: Record<string, string> = { 'v2 calico': '/2/clusters', 'v3 calico': '/v3/clusters' };

/** Each simulator of one test process has addresses of its own, so that API servers do not meet. */
let nextPool = process.pid % 50;

export const ccpRows: readonly Row[] = ['v2 calico', 'v3 calico'].map(kind => ({
  name: `ccp ${kind}`,
  start: () => start(kind),
}));

async function start(kind: string): Promise<World> {
  nextPool = (nextPool + 1) % 50;
  const ccp = await startCcpSimulator({
    speed,
    addressPool: `127.${200 + nextPool}.0.0/16`,
  });
  const template = templates(ccp)[kind] ?? {};
  const drivers: Platform[] = [];
  const world: World = {
    template,
    driver: () => {
      const driver = platformFor(ccp);
      drivers.push(driver);
      return driver;
    },
    clusters: async () =>
      ccp
        .clusters()
        .map(({ name }) => name)
        .sort(),
    order: async name => {
      const found = ccp.clusters().find(one => one.name === name);
      return found && { uuid: found.uuid, cidr: found.cidr, request: found.request };
    },
    foreign: async (name, range) => {
      const stranger = platformFor(ccp);
      await stranger.create(
        { ...requestOf(targetOf(name, template), range), description: 'somebody else' },
        never,
      );
      await until(stranger, orderOf(world, name, range), 'ready');
      await stranger.close();
    },
    failNext: message => {
      ccp.fail({ kind: 'nodeError', message, times: 1 });
    },
    loseAnswer: () => {
      ccp.fail({ kind: 'drop', atFraction: 0, times: 1 });
    },
    doubleOrder: () => {
      ccp.fail({ kind: 'doubled', method: 'POST', path: createPath[kind] ?? '', times: 1 });
    },
    close: async () => {
      await Promise.all(drivers.map(driver => driver.close()));
      await ccp.close();
    },
  };
  return world;
}
