/** Who there is at one lab: names, keys, passwords, and the settings of its provisioner. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Profile, ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import type { User } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { inventory } from '../../simulator/ccp/inventory.ts';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import { sampleV3AciOrder, sampleV3CalicoOrder } from '../../simulator/ccp/sample-order-v3.ts';
import type { CcpSimulator } from '../../simulator/ccp/simulator.ts';
import type { ButtonPlan, Order } from './plan.ts';

/** All profiles take their ranges from one pool, so that they can get in each other's way. */
export const rangePool = '10.64.0.0/12';
const rangePrefix = 24;

/** Far beyond any build here, so that a press fails for a reason and not for the time (seconds). */
const deadlineS = 300;

export interface Site {
  name: string;
  buttons: readonly ButtonPlan[];
  /** By name, the site's own included. */
  passwords: ReadonlyMap<string, string>;
  keys: ReadonlyMap<string, Buffer>;
  users: User[];
}

export function makeSite(name: string, buttons: readonly ButtonPlan[]): Site {
  const names = buttons.map(button => button.name);
  const passwords = new Map([name, ...names].map(user => [user, randomBytes(32).toString('base64')]));
  const users = [...passwords].map(([user, password]) => ({
    name: user,
    role: user === name ? ('provisioner' as const) : ('button' as const),
    site: name,
    verifier: makeVerifier(password),
  }));
  return { name, buttons, passwords, keys: new Map(names.map(each => [each, randomBytes(32)])), users };
}

/** @param folder for the journal. */
export function configOf(
  site: Site,
  ccp: CcpSimulator,
  relayPort: number,
  folder: string,
): ProvisionerConfig {
  const { url, user: username, password, caPem } = ccp;
  const buttons = site.buttons.map(({ name, order, rules }) => {
    const key = site.keys.get(name) ?? Buffer.alloc(32);
    return [name, { profile: order, key, rules }] as const;
  });
  return {
    site: site.name,
    siteKey: randomBytes(32),
    relay: {
      host: '127.0.0.1',
      port: relayPort,
      tls: false,
      user: site.name,
      password: site.passwords.get(site.name) ?? '',
    },
    journal: join(folder, 'journal'),
    platforms: { ccp: { type: 'ccp', url, username, password, trust: { ca: caPem } } },
    profiles: Object.fromEntries(Object.entries(templates).map(([name, make]) => [name, profileOf(make())])),
    buttons: Object.fromEntries(buttons),
  };
}

function profileOf(template: Record<string, unknown>): Profile {
  return { platform: 'ccp', rangePool, rangePrefix, expectS: 2, deadlineS, template };
}

export const templates: Readonly<Record<Order, () => Record<string, unknown>>> = {
  'v2-calico': () => ({
    ...sampleOrder(),
    ingress_vip_pool_id: inventory.subnet.uuid,
    load_balancer_ip_num: 1,
    network_plugin: { name: 'calico', status: '' },
  }),
  'v2-aci': () => ({
    ...sampleOrder(),
    networks: [],
    aci_profile_uuid: inventory.aciProfile.uuid,
    network_plugin: { name: 'contiv-aci', status: '' },
  }),
  'v3-calico': sampleV3CalicoOrder,
  'v3-aci': sampleV3AciOrder,
};
