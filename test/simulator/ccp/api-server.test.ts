import { createServer } from 'node:net';
import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startApiServer } from '../../../simulator/ccp/api-server.ts';
import { makeAuthority, makeClientPair } from '../../../simulator/ccp/certificates.ts';
import { ClusterIdentity } from '../../../simulator/ccp/identity.ts';
import type { CcpSimulator } from '../../../simulator/ccp/simulator.ts';
import { type ClusterJson, calicoBody, caller, loggedIn, startLab, until } from './fixtures/ccp.ts';

interface Kubeconfig {
  clusters: [{ name: string; cluster: { server: string; 'certificate-authority-data': string } }];
  users: [
    {
      name: string;
      user: { 'client-certificate-data': string; 'client-key-data': string; token: string };
    },
  ];
  'current-context': string;
}

/** Makes a cluster and reads its kubeconfig. */
async function make(lab: CcpSimulator, name: string) {
  const call = await loggedIn(lab);
  const made = (await call('POST', '/2/clusters', { json: calicoBody(lab, name) })).json();
  const env = await call('GET', `/2/clusters/${made.uuid}/env`);
  const config = parse(env.text) as Kubeconfig;
  const { cluster } = config.clusters[0];
  const plain = (data: string) => Buffer.from(data, 'base64').toString();
  const { user } = config.users[0];
  return {
    made: made as ClusterJson,
    env,
    config,
    server: cluster.server,
    ca: plain(cluster['certificate-authority-data']),
    cert: plain(user['client-certificate-data']),
    key: plain(user['client-key-data']),
    token: user.token,
  };
}

test('the kubeconfig is YAML as text and names the master address', async () => {
  const lab = await startLab();
  const { made, env, config, server } = await make(lab, 'one');
  expect(env.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(server).toBe(`https://${made.master_vip}:6443`);
  expect(config).toMatchObject({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'kubernetes' }],
    users: [{ name: 'kubernetes-admin' }],
    contexts: [
      {
        name: 'kubernetes-admin@kubernetes',
        context: { cluster: 'kubernetes', user: 'kubernetes-admin' },
      },
    ],
    'current-context': 'kubernetes-admin@kubernetes',
  });
});

test('a made cluster answers, verified with its own authority and no other', async () => {
  const lab = await startLab();
  const [one, two] = [await make(lab, 'one'), await make(lab, 'two')];
  expect(one.server).not.toBe(two.server);
  for (const path of ['/readyz', '/healthz', '/livez', '/readyz?verbose']) {
    expect(await caller(one.ca, one.server)('GET', path)).toMatchObject({ status: 200, text: 'ok' });
  }
  const version = (await caller(two.ca, two.server)('GET', '/version')).json<{ gitVersion: string }>();
  expect(version.gitVersion).toBe('v1.12.6');
  for (const wrong of [two.ca, lab.caPem]) {
    await expect(caller(wrong, one.server)('GET', '/readyz')).rejects.toThrow(/certificate|signature/i);
  }
});

test('anybody may ask whether it lives; for the rest 403, 401 and 404 as Kubernetes says them', async () => {
  const lab = await startLab();
  const { ca, server, token, cert, key } = await make(lab, 'one');
  const path = '/api/v1/nothing';
  const call = caller(ca, server);
  expect((await call('GET', path)).json()).toMatchObject({ kind: 'Status', code: 403, reason: 'Forbidden' });
  const wrong = await call('GET', path, { headers: { authorization: 'Bearer wrong' } });
  expect(wrong.json()).toMatchObject({ kind: 'Status', code: 401, reason: 'Unauthorized' });
  const right = await call('GET', path, { headers: { authorization: `Bearer ${token}` } });
  expect(right.status).toBe(404);

  const strangerAuthority = await makeAuthority('kubernetes');
  const stranger = await makeClientPair('kubernetes-admin', 'system:masters', strangerAuthority);
  for (const [pair, status] of [
    [{ cert, key }, 404],
    [{ cert: stranger.certPem, key: stranger.keyPem }, 401],
  ] as const) {
    const dispatcher = new Agent({ connect: { ca, ...pair } });
    const reply = await request(`${server}${path}`, { dispatcher });
    await reply.body.dump();
    await dispatcher.destroy();
    expect(reply.statusCode).toBe(status);
  }
});

test('nothing answers before the cluster is ready', async () => {
  const lab = await startLab({ speed: 200 });
  const call = await loggedIn(lab);
  const creating = call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
  const [cluster] = await until(lab.clusters, all => all[0]?.nodes[0]?.state === 'PROVISIONED');
  expect(cluster).toMatchObject({ state: 'building', apiUrl: undefined });
  const early = caller(lab.caPem, `https://${cluster?.address}:6443`);
  await expect(early('GET', '/readyz')).rejects.toThrow(/ECONNREFUSED/);
  await creating;
  expect(lab.clusters()[0]?.apiUrl).toBe(`https://${cluster?.address}:6443`);
});

test('a taken port: another one, and the kubeconfig says so', async () => {
  const lab = await startLab({ addressPool: '127.63.0.0/16' });
  const squatter = createServer().listen(6443, '127.63.0.10');
  onTestFinished(() => void squatter.close());
  await new Promise(resolve => squatter.once('listening', resolve));
  const { server, ca } = await make(lab, 'one');
  expect(server).toMatch(/^https:\/\/127\.63\.0\.10:\d+$/);
  expect(server).not.toContain(':6443');
  expect((await caller(ca, server)('GET', '/readyz')).text).toBe('ok');
});

test('without addresses of its own: 127.0.0.1 and a free port, and every field says so', async () => {
  const lab = await startLab({ bindPoolAddresses: false });
  const one = await make(lab, 'one');
  const two = await make(lab, 'two');
  expect(one.server).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(one.server).not.toBe(two.server);
  expect(one.made.master_vip).toBe('127.0.0.1');
  expect(one.made.nodes[0]?.public_ip).toBe('127.0.0.1');
  expect((await caller(one.ca, one.server)('GET', '/readyz')).text).toBe('ok');
  await expect(caller(two.ca, one.server)('GET', '/readyz')).rejects.toThrow(/certificate|signature/i);
});

test('an address that this machine does not have is given up for 127.0.0.1', async () => {
  const server = await startApiServer({
    // Reserved for documentation (RFC 5737): no machine has it.
    address: '192.0.2.7',
    bindAddress: true,
    identity: new ClusterIdentity(),
    kubernetesVersion: '1.12.6',
  });
  onTestFinished(() => server.close());
  expect(server.address).toBe('127.0.0.1');
});
