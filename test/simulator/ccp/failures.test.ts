import { describe, expect, test } from 'vitest';
import { virtualTime } from '../../fixtures/kubernetes/virtual-time.ts';
import { pause } from '../../fixtures/patience.ts';
import {
  type ClusterJson,
  calicoBody,
  caller,
  formLogin,
  loggedIn,
  startLab,
  until,
} from './fixtures/ccp.ts';

const login = '/2/system/login';

describe('bad login', () => {
  test('from the start, until cleared', async () => {
    const lab = await startLab({ failures: [{ kind: 'badLogin' }] });
    const call = caller(lab.caPem, lab.url);
    const enter = () => call('POST', login, formLogin(lab.user, lab.password));
    for (let i = 0; i < 3; i++) expect((await enter()).status).toBe(401);
    lab.clearFailures('full');
    expect((await enter()).status).toBe(401);
    lab.clearFailures();
    expect((await enter()).status).toBe(200);
  });

  test('for the next two, at run time', async () => {
    const lab = await startLab();
    const call = caller(lab.caPem, lab.url);
    lab.fail({ kind: 'badLogin', times: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await call('POST', login, formLogin(lab.user, lab.password))).status);
    }
    expect(statuses).toEqual([401, 401, 200]);
  });
});

describe('full', () => {
  test('asked for: refused in the given words, nothing is created', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    lab.fail({ kind: 'full', times: 1, message: 'datastore lab-datastore is full' });
    const refused = await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
    expect(refused).toMatchObject({ status: 400, text: 'datastore lab-datastore is full' });
    const stop = lab.fail({ kind: 'full' });
    const again = await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
    expect(again).toMatchObject({
      status: 400,
      text: 'no free IP addresses in subnet default-network-subnet',
    });
    expect(lab.clusters()).toEqual([]);
    stop();
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).status).toBe(201);
  });

  test('really: a pool of five addresses has room for one cluster, and for another when that is deleted', async () => {
    const lab = await startLab({ addressPool: '127.64.0.0/29', firstAddress: 0 });
    const call = await loggedIn(lab);
    const order = (name: string) => call('POST', '/2/clusters', { json: calicoBody(lab, name) });
    const one = (await order('one')).json();
    expect(lab.freeAddresses()).toBe(0);
    expect(await order('two')).toMatchObject({
      status: 400,
      text: expect.stringContaining('no free IP addresses'),
    });
    expect((await call('PATCH', `/2/clusters/${one.uuid}`, { json: { workers: 3 } })).status).toBe(400);
    expect(lab.clusters()).toHaveLength(1);
    await call('DELETE', `/2/clusters/${one.uuid}`);
    expect((await order('two')).status).toBe(201);
  });

  test('really: no more clusters than fit', async () => {
    const lab = await startLab({ maxClusters: 1 });
    const call = await loggedIn(lab);
    await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
    const refused = await call('POST', '/2/clusters', { json: calicoBody(lab, 'two') });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('insufficient resources') });
  });
});

describe('node error', () => {
  test('of a worker: the cluster ends in ERROR, its node says why, the create answers 500 with the words', async () => {
    const lab = await startLab({ stateWords: { failed: 'BROKEN' } });
    const call = await loggedIn(lab);
    lab.fail({ kind: 'nodeError', times: 1, message: 'no power' });
    const answer = await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
    expect(answer).toMatchObject({ status: 500, text: expect.stringContaining('no power') });
    const cluster = (await call('GET', '/2/clusters/one')).json();
    expect(cluster.state).toBe('BROKEN');
    expect(cluster.nodes.map(node => [node.state, node.error_log])).toEqual([
      ['READY', ''],
      ['ERROR', 'no power'],
      ['PROVISIONING', ''],
    ]);
    expect((await call('GET', `/2/clusters/${cluster.uuid}/env`)).status).toBe(404);
    expect(lab.clusters()[0]?.apiUrl).toBeUndefined();
    const free = lab.freeAddresses();
    expect((await call('DELETE', `/2/clusters/${cluster.uuid}`)).status).toBe(204);
    expect(lab.freeAddresses()).toBe(free + 5);
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).status).toBe(201);
  });

  test('of the master, answered by a record without uuid', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    lab.fail({ kind: 'nodeError', node: 'master', answer: 'withoutUuid' });
    const answer = await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') });
    expect(answer.status).toBe(201);
    expect(answer.json()).toMatchObject({ uuid: '', state: 'ERROR', master_vip: '' });
    expect(answer.json().nodes).toMatchObject([
      {
        state: 'ERROR',
        public_ip: '',
        error_log: 'timed out waiting for the virtual machine to report an IP address',
      },
    ]);
    expect(lab.clusters()[0]?.nodes).toHaveLength(1);
  });
});

test('slow: every answer comes later, for as many calls as wanted', async () => {
  const lab = await startLab();
  const call = await loggedIn(lab);
  const answered: string[] = [];
  const get = (path: string) => call('GET', path).then(() => answered.push(path));
  await get('/2/clusters');
  lab.fail({ kind: 'slow', delayMs: 1_500, times: 2 });
  const slow = [get('/2/clusters'), get('/2/clusters')];
  // Both have come by then; the third is answered before them.
  await pause(200);
  await get('/2/system/livenessHealth');
  await Promise.all(slow);
  expect(answered).toEqual(['/2/clusters', '/2/system/livenessHealth', '/2/clusters', '/2/clusters']);
});

test('dropped in the middle of the create: the cluster is finished all the same', async () => {
  const time = virtualTime();
  const lab = await startLab({ speed: 200 });
  const call = await loggedIn(lab);
  lab.fail({ kind: 'drop', times: 1, atFraction: 0.25 });
  let error: unknown;
  call('POST', '/2/clusters', { json: calicoBody(lab, 'one') }).catch(thrown => {
    error = thrown;
  });
  // A quarter of 0.8 s.
  const tookMs = await time.until(() => error !== undefined);
  expect(tookMs).toBeGreaterThanOrEqual(200);
  expect(String(error)).toMatch(/other side closed|ECONNRESET|socket/);
  expect(lab.clusters()).toMatchObject([{ name: 'one', state: 'building' }]);
  expect(lab.calls().at(-1)).toEqual({ method: 'POST', path: '/2/clusters', status: 0 });
  await time.until(() => lab.clusters()[0]?.state === 'ready');
  const ready = (await call('GET', '/2/clusters/one')).json();
  expect(ready).toMatchObject({ state: 'READY' });
  expect(ready.nodes).toHaveLength(3);
  const again = call('POST', '/2/clusters', { json: calicoBody(lab, 'two') });
  await time.until(() => lab.clusters()[1]?.state === 'ready');
  expect((await again).status).toBe(201);
});

test('a client that hangs up changes nothing either', async () => {
  const lab = await startLab({ speed: 200 });
  const call = await loggedIn(lab);
  const hangUp = new AbortController();
  const creating = call('POST', '/2/clusters', { json: calicoBody(lab, 'one'), signal: hangUp.signal });
  await until(lab.clusters, all => all.length === 1);
  hangUp.abort();
  await expect(creating).rejects.toThrow(/abort/i);
  const list = async () => (await call('GET', '/2/clusters')).json<ClusterJson[]>();
  expect(await until(list, all => all[0]?.state === 'READY')).toHaveLength(1);
});

describe('server error', () => {
  test('for chosen calls, which then do nothing', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    lab.fail({ kind: 'serverError', method: 'POST', path: '/2/clusters', status: 503, times: 1 });
    expect((await call('GET', '/2/clusters')).status).toBe(200);
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).status).toBe(503);
    expect(lab.clusters()).toEqual([]);
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).status).toBe(201);
  });

  test('for all calls', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const stop = lab.fail({ kind: 'serverError' });
    expect((await call('GET', '/2/clusters')).status).toBe(500);
    expect((await call('POST', login, formLogin(lab.user, lab.password))).status).toBe(500);
    stop();
    expect((await call('GET', '/2/clusters')).status).toBe(200);
  });
});

test('impossible failures are refused with a sentence', async () => {
  const lab = await startLab();
  expect(() => lab.fail({ kind: 'full', times: 0 })).toThrow(/0 times: expected 1 or more/);
  expect(() => lab.fail({ kind: 'slow', delayMs: Number.NaN })).toThrow(/expected 0 or more/);
  expect(() => lab.fail({ kind: 'drop', atFraction: 2 })).toThrow(/expected 0 to 1/);
  expect(() => lab.fail({ kind: 'serverError', status: 200 })).toThrow(/expected 500 to 599/);
});
