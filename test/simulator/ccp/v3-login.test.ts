import { describe, expect, test } from 'vitest';
import { caller, formLogin, loggedIn, startLab } from './fixtures/ccp.ts';
import { create, loggedInV3, v3Calico } from './fixtures/v3-lab.ts';

const login = '/v3/system/login';

describe('login', () => {
  test('JSON and form, with and without a slash: 200 and the token in a header', async () => {
    const lab = await startLab();
    const call = caller(lab.caPem, lab.url);
    const json = { username: lab.user, password: lab.password };
    for (const [path, extras] of [
      [login, { json }],
      [login, formLogin(lab.user, lab.password)],
      [`${login}/`, { json }],
    ] as const) {
      const reply = await call('POST', path, extras);
      expect(reply.status).toBe(200);
      expect(reply.headers['x-auth-token']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    }
  });

  test('a bad one brings no token, and says so as JSON', async () => {
    const lab = await startLab();
    const call = caller(lab.caPem, lab.url);
    const bad = await call('POST', login, { json: { username: lab.user, password: 'guess' } });
    expect(bad.status).toBe(401);
    expect(bad.headers['x-auth-token']).toBeUndefined();
    expect(bad.json()).toEqual({ detail: expect.any(String) });
    const half = await call('POST', login, { json: { username: lab.user } });
    expect(half.status).toBe(400);
    expect(half.json()).toEqual({ password: [expect.any(String)] });
    lab.fail({ kind: 'badLogin', times: 1 });
    expect((await call('POST', login, formLogin(lab.user, lab.password))).status).toBe(401);
  });

  test('one token is good for both generations, whichever gave it', async () => {
    const lab = await startLab();
    const three = await loggedInV3(lab);
    expect((await three('GET', '/2/network_service/subnets/')).status).toBe(200);
    expect((await three('GET', '/2/clusters')).status).toBe(200);
    const two = await loggedIn(lab);
    expect((await two('GET', '/v3/clusters')).status).toBe(200);
  });

  test('without a token, or with a bad one: 401 or, by choice, 403, and a detail', async () => {
    for (const [options, status] of [
      [{}, 401],
      [{ v3: { noTokenStatus: 403 as const } }, 403],
    ] as const) {
      const lab = await startLab(options);
      const call = caller(lab.caPem, lab.url);
      for (const headers of [{}, { 'x-auth-token': 'a.b.c' }]) {
        const reply = await call('GET', '/v3/clusters/', { headers });
        expect(reply.status).toBe(status);
        expect(reply.json()).toEqual({ detail: expect.any(String) });
      }
      const known = await loggedInV3(lab);
      lab.expireTokens();
      expect((await known('GET', '/v3/clusters/')).status).toBe(status);
    }
  });
});

describe('the slash at the end', () => {
  test('GET works with and without, everything that changes something needs it', async () => {
    const lab = await startLab();
    const call = await loggedInV3(lab);
    expect((await call('POST', '/v3/clusters', { json: v3Calico('one') })).status).toBe(404);
    expect(lab.clusters()).toEqual([]);
    const { id } = (await create(call, v3Calico('one'))).json<{ id: string }>();
    for (const path of ['/v3/clusters', `/v3/clusters/${id}`, '/v3/providers']) {
      expect((await call('GET', path)).status, path).toBe(200);
      expect((await call('GET', `${path}/`)).status, path).toBe(200);
    }
    for (const [method, path] of [
      ['PATCH', `/v3/clusters/${id}`],
      ['DELETE', `/v3/clusters/${id}`],
      ['POST', '/v3/providers'],
      ['POST', `/v3/clusters/${id}/node-groups`],
      ['PATCH', `/v3/clusters/${id}/node-pools/node-group`],
      ['POST', `/v3/clusters/${id}/addons`],
    ] as const) {
      const reply = await call(method, path, { json: {} });
      expect(reply.status, path).toBe(404);
      expect(reply.json(), path).toEqual({ detail: expect.any(String) });
    }
    expect(lab.clusters()).toHaveLength(1);
  });
});
