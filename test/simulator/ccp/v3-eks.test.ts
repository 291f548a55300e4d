import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { caller, startLab, until } from './fixtures/ccp.ts';
import { create, createAndWait, loggedInV3, read, type V3ClusterJson, v3Eks } from './fixtures/v3-lab.ts';

test('through its stages to READY, in their order', async () => {
  const lab = await startLab({ speed: 450 });
  const call = await loggedInV3(lab);
  const made = (await create(call, v3Eks('cloud', 20))).json<V3ClusterJson>();
  expect(made).toMatchObject({ status: 'CREATING', kubeconfig: '' });
  const seen = new Set<string>();
  const ready = await until(
    async () => {
      const one = await read(call, made.id);
      seen.add(one.status);
      return one;
    },
    one => one.status === 'READY',
  );
  const words = ['CREATING', 'CREATING_VPC', 'CREATING_MASTER', 'CREATING_WORKERS', 'READY'];
  // A slow machine may miss a short stage, but none may come in another order.
  expect([...seen]).toEqual(words.filter(word => seen.has(word)));
  expect(seen).toContain('CREATING_MASTER');
  expect(ready).toMatchObject({ type: 'eks', worker_count: 2, vpc_id: expect.stringMatching(/^vpc-/) });
  expect(lab.clusters()).toMatchObject([
    { api: 'v3', kind: 'eks', network: 'vpc', cidr: '10.20.0.0/16', state: 'ready' },
  ]);
  const { clusters, users } = parse(ready.kubeconfig);
  const ca = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64').toString();
  const api = caller(ca, clusters[0].cluster.server, { authorization: `Bearer ${users[0].user.token}` });
  expect((await api('GET', '/readyz')).text).toBe('ok');
});

test('its user can be one that asks a program', async () => {
  const lab = await startLab({ v3: { eksExecUser: true } });
  const call = await loggedInV3(lab);
  const { kubeconfig } = await createAndWait(call, v3Eks('cloud', 20));
  const [{ user }] = parse(kubeconfig).users;
  expect(user.exec).toMatchObject({ command: 'aws-iam-authenticator', args: ['token', '-i', 'cloud'] });
  expect(Object.keys(user)).toEqual(['exec']);
});

test('subnets: three and three, inside, apart; one network for one cluster', async () => {
  const lab = await startLab();
  const call = await loggedInV3(lab);
  const { vpc_sizing } = v3Eks('cloud', 20);
  const refused = async (change: object) => {
    const reply = await create(call, v3Eks('cloud', 20, { vpc_sizing: { ...vpc_sizing, ...change } }));
    expect([reply.status, reply.json()], JSON.stringify(change)).toEqual([
      400,
      { vpc_sizing: [expect.any(String)] },
    ]);
  };
  await refused({ public_subnets: vpc_sizing.public_subnets.slice(1) });
  await refused({ private_subnets: [...vpc_sizing.private_subnets, '10.20.40.0/24'] });
  await refused({ public_subnets: ['10.20.0.0/24', '10.20.1.0/24', '10.21.2.0/24'] });
  await refused({ public_subnets: ['10.20.0.0/24', '10.20.1.0/24', '10.20.1.128/25'] });
  await refused({ public_subnets: ['10.20.0.0/24', '10.20.1.0/24', '10.20.12.0/25'] });
  await refused({ subnet: '10.20.0.0' });
  expect((await create(call, v3Eks('cloud', 20))).status).toBe(200);
  const second = await create(call, v3Eks('cloud-2', 20));
  expect([second.status, Object.keys(second.json())]).toEqual([400, ['vpc_sizing']]);
  expect((await create(call, v3Eks('cloud-2', 21))).status).toBe(200);
  const other = v3Eks('cloud-3', 22, { provider: lab.inventory.providerV3.id });
  expect((await create(call, other)).json()).toEqual({ provider: [expect.any(String)] });
});

test('more workers; a broken one', async () => {
  const lab = await startLab();
  const call = await loggedInV3(lab);
  const { id } = await createAndWait(call, v3Eks('cloud', 20));
  const path = `/v3/clusters/${id}/`;
  expect((await call('PATCH', path, { json: { worker_count: 5 } })).json()).toMatchObject({
    worker_count: 5,
  });
  await until(lab.clusters, ([one]) => one?.nodes.filter(node => node.state === 'READY').length === 5);
  expect((await call('GET', `${path}node-groups/`)).status).toBe(404);
  lab.fail({ kind: 'nodeError', times: 1 });
  expect(await createAndWait(call, v3Eks('cloud-2', 21))).toMatchObject({ status: 'ERROR', kubeconfig: '' });
});
