/** What the tests of the driver share: a platform, its drivers, targets of all kinds. */
import { setMaxListeners } from 'node:events';
import { expect } from 'vitest';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import type { CcpConfig } from '../../provisioner/src/platforms/ccp/settings.ts';
import type { ClusterRequest, Platform, Target, Template } from '../../provisioner/src/platforms/platform.ts';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import {
  sampleV3AciOrder,
  sampleV3CalicoOrder,
  sampleV3EksOrder,
} from '../../simulator/ccp/sample-order-v3.ts';
import type { CcpSimulator } from '../../simulator/ccp/simulator.ts';

export const never = new AbortController().signal;
// Shared by many calls at once here; a build has one of its own.
setMaxListeners(0, never);

export function configFor(ccp: CcpSimulator, change: Partial<CcpConfig> = {}): CcpConfig {
  const { url, user: username, password, caPem } = ccp;
  return { type: 'ccp', url, username, password, trust: { ca: caPem }, ...change };
}

export function platformFor(ccp: CcpSimulator, change: Partial<CcpConfig> = {}): CcpPlatform {
  return new CcpPlatform(configFor(ccp, change));
}

/** Templates of every kind that the simulator takes. */
export function templates(ccp: CcpSimulator): Record<string, Template> {
  return {
    'v2 calico': {
      ...sampleOrder(),
      ingress_vip_pool_id: ccp.inventory.subnet.uuid,
      load_balancer_ip_num: 1,
      network_plugin: { name: 'calico', status: '' },
    },
    'v2 aci': {
      ...sampleOrder(),
      networks: [],
      aci_profile_uuid: ccp.inventory.aciProfile.uuid,
      network_plugin: { name: 'contiv-aci', status: '' },
    },
    'v3 calico': sampleV3CalicoOrder(),
    'v3 aci': sampleV3AciOrder(),
    eks: sampleV3EksOrder(),
  };
}

export function targetOf(name: string, template: Template = {}, addOns: readonly string[] = []): Target {
  return { name, template, addOns };
}

export function requestOf(target: Target, range: string): ClusterRequest {
  return { ...target, range, description: `dash button house-01, press 1 of ${target.name}` };
}

/** How often this was called. Paths are told without the slash at their end. */
export function callsOf(ccp: CcpSimulator, method: string, path: string): number {
  return ccp.calls().filter(call => call.method === method && call.path.replace(/\/$/, '') === path).length;
}

export async function thrown(work: Promise<unknown>): Promise<{ message: string; transient: boolean }> {
  const error = await work.then(
    () => undefined,
    error => error,
  );
  expect(error?.name).toBe('PlatformError');
  return error;
}

/** The platform's id of a cluster that is there. */
export async function idOf(platform: Platform, target: Target): Promise<string> {
  const seen = await platform.observe(target, never);
  if (seen.kind === 'absent') throw new Error(`${target.name} is not there`);
  return seen.id;
}
