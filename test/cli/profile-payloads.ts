/** Orders as a browser's network tab shows them, and imports of them. Every secret in them is in {@link secrets}. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Imported, type ImportOptions, importProfile } from '../../cli/profile/import.ts';
import { inventory } from '../../simulator/ccp/inventory.ts';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import { sampleV3CalicoOrder } from '../../simulator/ccp/sample-order-v3.ts';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6ImFkbWluIn0.hunter2signature';
const privateKey =
  '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2privatebytes\n-----END OPENSSH PRIVATE KEY-----';

export const publicKey = sampleOrder().ssh_key;

/** Parts of secrets that no output may have. */
export const secrets = [
  'hunter2ssh',
  'hunter2harbor',
  'hunter2token',
  'hunter2signature',
  'hunter2privatebytes',
  'hunter2proxy',
  'hunter2label',
  'hunter2cookie',
  'hunter2vcenter',
  'hunter2kube',
];

/** A v2 order with Calico and everything in it that must not travel. */
export function v2Payload(changes: object = {}): Record<string, unknown> {
  const order = sampleOrder();
  return {
    ...order,
    name: 'adas-test',
    description: 'for the workshop - 10.151.0.0/16',
    ssh_password: 'hunter2ssh',
    ingress_vip_pool_id: inventory.subnet.uuid,
    node_ip_pool_uuid: inventory.subnet.uuid,
    aci_profile_uuid: '',
    load_balancer_ip_num: 1,
    network_plugin: { name: 'calico', status: '', details: '{"pod_cidr":"10.151.0.0/16"}' },
    is_harbor_enabled: false,
    harbor_admin_server_password: 'hunter2harbor',
    registries_root_ca: [''],
    ntp_servers: null,
    deployer: {
      ...order.deployer,
      proxy_cmd: 'nc --proxy proxy.example:3128 %h %p',
      provider: {
        ...order.deployer.provider,
        client_config: { ip: 'vcenter.lab.example', port: 443, password: 'hunter2vcenter' },
      },
    },
    labels: [
      { key: 'team', value: 'ada' },
      { key: 'password', value: 'hunter2label' },
    ],
    ...changes,
  };
}

/** The same cluster as GET tells of it. */
export function v2Record(): Record<string, unknown> {
  return v2Payload({
    uuid: '11111111-2222-4333-8444-555555555555',
    state: 'READY',
    master_vip: '192.0.2.7',
    ccp_private_ssh_key: privateKey,
    ccp_public_ssh_key: publicKey,
    infra: null,
    nodes: [{ uuid: 'x', name: 'adas-test-master', cloud_init_data: 'token: hunter2token' }],
    network_plugin: { name: 'calico', status: 'ready', details: '{"pod_cidr":"10.151.0.0/16"}' },
  });
}

/** A v3 cluster as GET tells of it. */
export function v3Record(): Record<string, unknown> {
  const order = sampleV3CalicoOrder();
  const nodes = [{ name: 'adas-test-master-gro-0123456789', status: 'READY', phase: 'Running' }];
  return {
    ...order,
    name: 'adas-test',
    id: '11111111-2222-4333-8444-555555555555',
    status: 'READY',
    kubeconfig: 'apiVersion: v1\nusers: [{ user: { token: hunter2kube } }]\n',
    kubernetes_config_secret: 'hunter2token',
    master_vip: '192.0.2.7',
    aci_profile: null,
    docker_http_proxy: 'http://ada:hunter2proxy@proxy.example:3128',
    vsphere_infra: { ...order.vsphere_infra, folder: '/lab/vm/adas-test' },
    master_group: { ...order.master_group, nodes },
    node_groups: order.node_groups.map(group => ({ ...group, nodes })),
    network_plugin_profile: {
      name: 'calico',
      details: { pod_cidr: '10.151.0.0/16', typhaReplicas: 1, ssh_user: 'ccpuser' },
    },
    session: { cookie: 'CXAccessToken=hunter2cookie', jwt },
    spec: { ...order, ssh_password: 'hunter2ssh' },
  };
}

/** Standard input with this text. */
export async function* input(text: string | Buffer): AsyncGenerator<string | Buffer> {
  yield text;
}

export type Outcome = Imported & { profile: Record<string, unknown>; template: Record<string, unknown> };

/** Imports a payload through standard input, and reads what was printed, pasted below `profiles:`. */
export async function importOf(payload: unknown, options: Partial<ImportOptions> = {}): Promise<Outcome> {
  const imported = await importProfile({ payload: '-', ...options }, input(JSON.stringify(payload)));
  const profiles = options.config === undefined ? parse(`profiles:\n${imported.out}`).profiles : {};
  const [profile = {}] = Object.values(profiles) as Record<string, unknown>[];
  return { ...imported, profile, template: (profile.template ?? {}) as Record<string, unknown> };
}

export function payloadFile(dir: string, payload: unknown): string {
  const path = join(dir, 'payload.json');
  writeFileSync(path, JSON.stringify(payload, null, 2));
  return path;
}
