/** The files of a small make-believe site: keys, users, settings. Everything the demo's programs then read. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { editorLine } from '../../config/src/editor-line.ts';
import { formatUsers, type User } from '../../relay/src/auth/users.ts';
import { makeVerifier } from '../../relay/src/auth/verifier.ts';
import { inventory } from '../../simulator/ccp/inventory.ts';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import { sampleV3EksOrder } from '../../simulator/ccp/sample-order-v3.ts';

/** The hotspot that every simulated board knows. */
export const hotspot = { ssid: 'demo phone', password: 'press the button' };

/** Only the owner reads a secret. */
const secretMode = 0o600;

export interface ButtonPlan {
  name: string;
  profile: string;
  /** A row of the firmware's board table. */
  board: string;
}

export interface SitePlan {
  /** Folder for all the files; made when missing. */
  dir: string;
  site: string;
  buttons: ButtonPlan[];
}

export interface Site extends SitePlan {
  /** The relay's users file. */
  usersFile: string;
  /** Where a button's simulated flash is. */
  flashOf(button: string): string;
}

/** @returns its name. */
function secretFile(site: Site, name: string, text: string): string {
  writeFileSync(join(site.dir, name), text, { mode: secretMode });
  return name;
}

function secret(site: Site, name: string, text: string): string {
  writeFileSync(join(site.dir, name), `${text}\n`, { mode: secretMode });
  return text;
}

const newKey = () => randomBytes(32).toString('base64');

/** Makes keys and logins for everybody, and writes the files that need nobody's address. */
export function makeSite(plan: SitePlan): Site {
  mkdirSync(plan.dir, { recursive: true });
  const usersFile = join(plan.dir, 'users.yaml');
  const site: Site = { ...plan, usersFile, flashOf: button => join(plan.dir, 'boards', button) };
  const people: [string, User['role']][] = [
    [plan.site, 'provisioner'],
    ...plan.buttons.map(({ name }): [string, User['role']] => [name, 'button']),
  ];
  const users = people.map(([name, role]): User => {
    const password = secret(site, `${name}.password`, newKey());
    return { name, role, site: plan.site, verifier: makeVerifier(password) };
  });
  writeFileSync(usersFile, formatUsers(users), { mode: secretMode });
  for (const name of ['site', ...plan.buttons.map(button => button.name)]) {
    secret(site, `${name}.key`, newKey());
  }
  return site;
}

/** Puts a device.json into the flash of each simulated board. */
export function writeDeviceFiles(site: Site, relay: { host: string; port: number }): void {
  const read = (name: string) => readFileSync(join(site.dir, name), 'utf8').trim();
  for (const button of site.buttons) {
    const device = {
      button: button.name,
      site: site.site,
      board: button.board,
      key: read(`${button.name}.key`),
      siteKey: read('site.key'),
      relay: { host: relay.host, port: relay.port, tls: false, password: read(`${button.name}.password`) },
      wifi: [hotspot],
    };
    mkdirSync(site.flashOf(button.name), { recursive: true });
    const path = join(site.flashOf(button.name), 'device.json');
    writeFileSync(path, JSON.stringify(device, null, 2), { mode: secretMode });
  }
}

export interface Surroundings {
  relayUrl: string;
  /** `http://…` or `socks5://…`; none when the lab may dial out directly. */
  proxy?: string;
  platform: { url: string; caPem: string; user: string; password: string };
  /** The profile `cloud` orders in this management cluster. Left out: on the platform, on EKS. */
  fleet?: { kubeconfig: string; namespace: string };
  /** How long a build is expected to take, in seconds, before the provisioner has a history of its own. */
  expectS: number;
}

/** Writes the provisioner's settings file and what it names. Returns its path. */
export function writeProvisionerFile(site: Site, around: Surroundings): string {
  writeFileSync(join(site.dir, 'platform-ca.pem'), around.platform.caPem);
  secret(site, 'platform.password', around.platform.password);
  const settings = {
    site: site.site,
    relay: { url: around.relayUrl, user: site.site, passwordFile: `${site.site}.password` },
    ...(around.proxy === undefined ? {} : { proxy: around.proxy }),
    siteKeyFile: 'site.key',
    journal: 'journal',
    platforms: {
      'lab-ccp': {
        type: 'ccp',
        url: around.platform.url,
        username: around.platform.user,
        passwordFile: 'platform.password',
        ca: 'platform-ca.pem',
      },
      ...(around.fleet === undefined ? {} : { fleet: fleetPlatform(site, around.fleet) }),
    },
    profiles: Object.fromEntries(
      [...new Set(site.buttons.map(button => button.profile))].map((profile, index) => [
        profile,
        {
          platform: profile === cloudProfile && around.fleet !== undefined ? 'fleet' : 'lab-ccp',
          rangePool: `10.${128 + 32 * index}.0.0/11`,
          rangePrefix: 16,
          ...(profile === cloudProfile ? inTheCloud(around) : onPremises(around.expectS)),
          deadlineS: 3600,
        },
      ]),
    ),
    buttons: Object.fromEntries(
      site.buttons.map(button => [button.name, { profile: button.profile, keyFile: `${button.name}.key` }]),
    ),
  };
  const path = join(site.dir, 'provisioner.yaml');
  writeFileSync(path, editorLine('provisioner') + stringify(settings));
  return path;
}

/** Buttons of this profile order in the public cloud, all others on premises. */
const cloudProfile = 'cloud';

/** On the simulated platform EKS takes so many times as long as a cluster on premises (900 s and 160 s, nominal). */
const cloudTakes = 6;

/** The create call of v2 without name and range, which come from the press: the simulator's own sample. */
function onPremises(expectS: number): object {
  return {
    expectS,
    template: {
      ...sampleOrder(),
      storage_class: 'vsphere',
      ingress_vip_pool_id: inventory.subnet.uuid,
      load_balancer_ip_num: 1,
      is_harbor_enabled: false,
      is_istio_enabled: false,
      network_plugin: { name: 'calico', status: '' },
    },
  };
}

/** The same of v3 for EKS, or a topology of Cluster API, which takes as long as on premises. */
function inTheCloud({ expectS, fleet }: Surroundings): object {
  if (fleet === undefined) return { expectS: expectS * cloudTakes, template: sampleV3EksOrder() };
  return {
    expectS,
    nodesReady: true,
    template: {
      class: 'quick-start',
      version: 'v1.31.2',
      controlPlane: { replicas: 1 },
      workers: [{ class: 'default-worker', name: 'md-0', replicas: 2 }],
      variables: { region: 'eu-central-1' },
    },
  };
}

function fleetPlatform(site: Site, { kubeconfig, namespace }: { kubeconfig: string; namespace: string }) {
  return { type: 'cluster-api', namespace, kubeconfig: secretFile(site, 'fleet.kubeconfig', kubeconfig) };
}
