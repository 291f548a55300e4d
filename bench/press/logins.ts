/** Who takes part: a site, and one button for each press, so that no press waits for another's build. */
import { randomBytes } from 'node:crypto';
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import type { User } from '../../relay/src/auth/users.ts';
import { makeVerifier } from '../../relay/src/auth/verifier.ts';
import { inventory } from '../../simulator/ccp/inventory.ts';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import type { Part } from './part.ts';

export const site = 'lab';
/** Two buttons that only talk to each other through the relay: press topic in, nothing built. */
export const pinger = 'pinger';

export interface Logins {
  users: User[];
  buttons: string[];
  password: string;
  key: Buffer;
}

export function makeLogins(count: number): Logins {
  const password = randomBytes(32).toString('base64');
  const verifier = makeVerifier(password);
  const buttons = Array.from({ length: count }, (_, i) => `button-${i + 1}`);
  const user = (name: string, role: User['role'], where = site): User => ({
    name,
    role,
    site: where,
    verifier,
  });
  return {
    users: [
      user(site, 'provisioner'),
      ...buttons.map(name => user(name, 'button')),
      user('elsewhere', 'provisioner', 'elsewhere'),
      user(pinger, 'button', 'elsewhere'),
    ],
    buttons,
    password,
    key: randomBytes(32),
  };
}

export function configFor(logins: Logins, relay: Part, platform: Part, journal: string): ProvisionerConfig {
  const { url = '', user = '', password = '', caPem = '' } = platform.told;
  return {
    site,
    siteKey: randomBytes(32),
    relays: [
      {
        ...{ host: '127.0.0.1', port: Number(relay.told.port), tls: false },
        ...{ user: site, password: logins.password },
      },
    ],
    journal,
    platforms: { ccp: { type: 'ccp', url, username: user, password, trust: { ca: caPem } } },
    profiles: {
      house: {
        platform: 'ccp',
        rangePool: '10.0.0.0/8',
        rangePrefix: 20,
        expectS: 1,
        deadlineS: 1800,
        template: {
          ...sampleOrder(),
          ingress_vip_pool_id: inventory.subnet.uuid,
          load_balancer_ip_num: 1,
          network_plugin: { name: 'calico', status: '' },
        },
      },
    },
    buttons: Object.fromEntries(logins.buttons.map(name => [name, { profile: 'house', key: logins.key }])),
  };
}
