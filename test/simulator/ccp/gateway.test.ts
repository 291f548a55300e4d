/** What a gateway between client and platform can do to a call, in both generations. */
import { describe, expect, test } from 'vitest';
import { calicoBody, caller, loggedIn, startLab, until } from './fixtures/ccp.ts';
import { create, createAndWait, loggedInV3, v3Calico } from './fixtures/v3-lab.ts';

const cut = /other side closed|ECONNRESET|socket/;

describe('lost answer', () => {
  test('v2: the create is carried out to its end', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    lab.fail({ kind: 'lostAnswer', method: 'POST', path: '/2/clusters', times: 1 });
    expect((await call('GET', '/2/clusters')).status).toBe(200);
    await expect(call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).rejects.toThrow(cut);
    expect(lab.clusters()).toMatchObject([{ name: 'one', state: 'ready' }]);
    expect(lab.calls().at(-1)).toEqual({ method: 'POST', path: '/2/clusters', status: 0 });
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'two') })).status).toBe(201);
  });

  test('v3: so are the create and the delete', async () => {
    const lab = await startLab();
    const call = await loggedInV3(lab);
    const { id } = await createAndWait(call, v3Calico('zero'));
    lab.fail({ kind: 'lostAnswer', times: 2 });
    await expect(create(call, v3Calico('one'))).rejects.toThrow(cut);
    await expect(call('DELETE', `/v3/clusters/${id}/`)).rejects.toThrow(cut);
    await until(lab.clusters, all => all.map(one => one.name).join() === 'one');
  });
});

describe('doubled', () => {
  test('v2: the client hears that the name is taken, by itself', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    lab.fail({ kind: 'doubled', method: 'POST', times: 1 });
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'one') })).status).toBe(400);
    expect(lab.clusters()).toMatchObject([{ name: 'one', state: 'ready' }]);
    expect((await call('POST', '/2/clusters', { json: calicoBody(lab, 'two') })).status).toBe(201);
  });

  test('v3: the same; a delete is heard of twice; a refused first attempt does no harm', async () => {
    const lab = await startLab({ v3: { deleteMs: 0 } });
    const call = await loggedInV3(lab);
    lab.fail({ kind: 'doubled' });
    expect((await create(call, v3Calico('one'))).json()).toHaveProperty('name');
    const id = lab.clusters()[0]?.id;
    expect((await call('DELETE', `/v3/clusters/${id}/`)).status).toBe(404);
    expect(lab.clusters()).toEqual([]);
    expect((await create(call, v3Calico('one', { name: 'Bad' }))).status).toBe(400);
    lab.clearFailures('doubled');
    expect((await create(call, v3Calico('two'))).status).toBe(200);
  });
});

test('delayed: carried out later, the chosen calls only', async () => {
  const lab = await startLab({ v3: { deleteMs: 0 } });
  const call = await loggedInV3(lab);
  lab.fail({ kind: 'delayed', method: 'POST', path: '/v3/clusters', delayMs: 1000, times: 1 });
  let answered = false;
  const creating = create(call, v3Calico('late')).finally(() => {
    answered = true;
  });
  expect((await call('GET', '/v3/clusters')).json()).toEqual([]);
  expect(answered).toBe(false);
  expect((await creating).status).toBe(200);
  expect(lab.clusters()).toHaveLength(1);
});

test('a client that gave up waiting for a delayed call finds it carried out', async () => {
  const lab = await startLab();
  const login = await caller(lab.caPem, lab.url)('POST', '/v3/system/login', {
    json: { username: lab.user, password: lab.password },
  });
  const token = { 'x-auth-token': String(login.headers['x-auth-token']) };
  const call = caller(lab.caPem, lab.url, token);
  await call('GET', '/v3/clusters');
  lab.fail({ kind: 'delayed', delayMs: 2000, times: 1 });
  const signal = AbortSignal.timeout(1000);
  await expect(call('POST', '/v3/clusters/', { json: v3Calico('late'), signal })).rejects.toThrow(
    /abort|timeout/i,
  );
  expect(lab.clusters()).toEqual([]);
  await until(lab.clusters, all => all.length === 1);
});

test('impossible delays are refused', async () => {
  const lab = await startLab();
  expect(() => lab.fail({ kind: 'delayed', delayMs: -1 })).toThrow(/delayed cannot wait/);
});
