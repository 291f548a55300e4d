/**
 * The calls that the first button's scripts made, in their order, with what they read from each answer (section 8
 * of the reference). If these pass, the old project works against this platform.
 */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { aciBody, calicoBody, caller, formLogin, startLab } from './fixtures/ccp.ts';

interface Listed {
  name: string;
  uuid: string;
  state: string;
  network_plugin: { details: string };
}

/** Login with a form, then nothing but the cookie. */
async function withCookie(lab: Awaited<ReturnType<typeof startLab>>) {
  const anonymous = caller(lab.caPem, lab.url);
  const login = await anonymous('POST', '/2/system/login', formLogin(lab.user, lab.password));
  expect(login.status).toBe(200);
  const [cookie = ''] = String(login.headers['set-cookie']).split(';');
  expect(cookie).toMatch(/^CXAccessToken=./);
  return caller(lab.caPem, lab.url, { cookie });
}

test('a button orders clusters with Calico, one after another', async () => {
  const lab = await startLab();
  for (const time of ['143530', '143902']) {
    const call = await withCookie(lab);
    const listed = (await call('GET', '/2/clusters')).json<Listed[]>();
    const used = listed.map(cluster => JSON.parse(cluster.network_plugin.details).pod_cidr);
    const second = Array.from({ length: 255 }, (_, i) => `172.${i}.0.0/16`).find(
      cidr => !used.includes(cidr),
    );
    const json = calicoBody(lab, `dash01-${time}`, {
      description: `ordered by a button - ${second}`,
      storage_class: 'vsphere',
      node_ip_pool_uuid: lab.inventory.subnet.uuid,
      aws_iam_enabled: false,
      aws_iam_role_arn: '',
      is_harbor_enabled: false,
      is_istio_enabled: false,
      registries_root_ca: [''],
      network_plugin: { name: 'calico', status: '', details: JSON.stringify({ pod_cidr: second }) },
    });
    const made = await call('POST', '/2/clusters', { json });
    expect([200, 201]).toContain(made.status);
    expect(made.json().master_vip).toMatch(/^127\.\d+\.\d+\.\d+$/);
  }
  expect(lab.clusters().map(cluster => cluster.cidr)).toEqual(['172.0.0.0/16', '172.1.0.0/16']);
  expect(new Set(lab.clusters().map(cluster => cluster.address)).size).toBe(2);
});

test('a button orders a cluster with ACI and reads the address from the master node', async () => {
  const lab = await startLab();
  const call = await withCookie(lab);
  expect((await call('GET', '/2/clusters')).json()).toEqual([]);
  const json = aciBody(lab, 'dash02-150000', '192.168.165.0/24', { networks: ['k8-priv-iscsivm-network'] });
  const made = (await call('POST', '/2/clusters', { json })).json();
  const masters = made.nodes.filter(node => node.is_master);
  expect(masters.map(node => node.public_ip)).toEqual([lab.clusters()[0]?.address]);
  const [listed] = (await call('GET', '/2/clusters')).json<Listed[]>();
  expect(JSON.parse(listed?.network_plugin.details ?? '').node_vlan_cidr).toBe('192.168.165.0/24');
});

test('a script takes the first provider and the first subnet, creates with slashes, and saves the kubeconfig', async () => {
  const lab = await startLab();
  const call = await withCookie(lab);
  const first = async (path: string) => (await call('GET', path)).json<[{ uuid: string }]>()[0].uuid;
  const [provider, subnet] = [
    await first('/2/providerclientconfigs/'),
    await first('/2/network_service/subnets/'),
  ];
  const json = calicoBody(lab, 'lab2', {
    provider_client_config_uuid: provider,
    ingress_vip_pool_id: subnet,
    node_ip_pool_id: subnet,
  });
  expect((await call('POST', '/2/clusters/', { json })).json().state).toBe('READY');
  const listed = (await call('GET', '/2/clusters/')).json<Listed[]>();
  const id = listed.find(cluster => cluster.name === 'lab2')?.uuid;
  const env = await call('GET', `/2/clusters/${id}/env`);
  const server = parse(env.text).clusters[0].cluster.server;
  const ca = parse(env.text).clusters[0].cluster['certificate-authority-data'];
  const api = caller(Buffer.from(ca, 'base64').toString(), server);
  expect((await api('GET', '/readyz')).text).toBe('ok');
  expect((await call('GET', `/2/clusters/${id}/dashboard`)).text).toMatch(
    /^https:\/\/127\.\d+\.\d+\.\d+\/dashboard\/$/,
  );
  expect((await call('DELETE', `/2/clusters/${id}`)).status).toBe(204);
});
