import { createHmac, X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { LoginRecord } from '../../../simulator/ccp/sessions.ts';
import { caller, formLogin, loggedIn, startLab } from './fixtures/ccp.ts';

const path = '/2/system/login';

function claimsOf(token: string) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

describe('login', () => {
  test('form body: cookie, header and record', async () => {
    const lab = await startLab();
    const call = caller(lab.caPem, lab.url);
    const reply = await call('POST', path, formLogin('admin', 'simulated'));
    const token = String(reply.headers['x-auth-token']);
    expect(reply.status).toBe(200);
    expect(reply.headers['set-cookie']).toBe(`CXAccessToken=${token}; Path=/`);
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(reply.json()).toEqual({
      status: 'last_success',
      login_id: 'admin',
      total_fail: 0,
      last_success: time,
      last_fail: null,
      to_host: '127.0.0.1',
      from_host: expect.stringContaining('127.0.0.1'),
      proto: 'https',
    });
  });

  test('query parameters with a JSON body or none', async () => {
    const lab = await startLab({ user: 'op', password: 'a&b c' });
    const call = caller(lab.caPem, lab.url);
    const query = `${path}?username=op&password=${encodeURIComponent('a&b c')}`;
    expect((await call('POST', query, { json: {} })).status).toBe(200);
    expect((await call('POST', query)).headers['x-auth-token']).toBeDefined();
  });

  test('the token is a JWT of an administrator that lives 24 hours', async () => {
    const lab = await startLab();
    const reply = await caller(lab.caPem, lab.url)('POST', path, formLogin('admin', 'simulated'));
    const token = String(reply.headers['x-auth-token']);
    const [head = ''] = token.split('.');
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' });
    const { exp, ...claims } = claimsOf(token);
    expect(claims).toEqual({ ALL_CLUSTERS_AUTH: true, role: 'Administrator', username: 'admin' });
    expect(Math.abs(exp - Date.now() / 1000 - 86_400)).toBeLessThan(10);
  });

  test('wrong password: 401, no cookie, and the next success tells', async () => {
    const lab = await startLab();
    const call = caller(lab.caPem, lab.url);
    for (const [user, password] of [
      ['admin', 'wrong'],
      ['nobody', 'simulated'],
    ] as const) {
      const refused = await call('POST', path, formLogin(user, password));
      expect(refused.status).toBe(401);
      expect(refused.headers).not.toHaveProperty('set-cookie');
      expect(refused.headers).not.toHaveProperty('x-auth-token');
      expect(refused.text).not.toContain(password);
    }
    const first = (await call('POST', path, formLogin('admin', 'simulated'))).json<LoginRecord>();
    expect(first).toMatchObject({ total_fail: 2, last_fail: expect.stringContaining('T') });
    const second = (await call('POST', path, formLogin('admin', 'simulated'))).json<LoginRecord>();
    expect(second.total_fail).toBe(0);
    expect(second.last_fail).toBe(first.last_fail);
  });

  test('no fields: 400', async () => {
    const lab = await startLab();
    const call = caller(lab.caPem, lab.url);
    expect((await call('POST', path)).status).toBe(400);
    expect((await call('POST', path, { json: { username: 'admin', password: 'simulated' } })).status).toBe(
      400,
    );
  });
});

describe('later calls', () => {
  test('cookie or header, else 401', async () => {
    const lab = await startLab();
    const call = caller(lab.caPem, lab.url);
    const login = await call('POST', path, formLogin('admin', 'simulated'));
    const token = String(login.headers['x-auth-token']);
    const status = async (headers: Record<string, string>) =>
      (await call('GET', '/2/clusters', { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ cookie: `CXAccessToken=${token}` })).toBe(200);
    expect(await status({ cookie: `theme=dark; CXAccessToken=${token}; a=b` })).toBe(200);
    expect(await status({ 'X-Auth-Token': token })).toBe(200);
    expect(await status({ 'X-Auth-Token': `${token}x` })).toBe(401);
    expect(await status({ cookie: `Other=${token}` })).toBe(401);
  });

  test('every call but the login needs one', async () => {
    const lab = await startLab();
    const call = caller(lab.caPem, lab.url);
    for (const [method, where] of [
      ['GET', '/2/clusters/a'],
      ['POST', '/2/clusters'],
      ['PUT', '/2/clusters/a'],
      ['PATCH', '/2/clusters/a'],
      ['DELETE', '/2/clusters/a'],
      ['GET', '/2/clusters/a/env'],
      ['GET', '/2/providerclientconfigs'],
      ['GET', '/2/network_service/subnets'],
      ['GET', '/2/aci_profiles'],
      ['GET', '/2/system/health'],
    ] as const) {
      expect((await call(method, where)).status, where).toBe(401);
    }
  });

  test('tokens that expired, that a restart forgot, or that were signed by somebody else', async () => {
    const lab = await startLab({ tokenLifetimeMs: 0 });
    const call = await loggedIn(lab);
    expect((await call('GET', '/2/clusters')).status).toBe(401);

    const other = await startLab();
    const late = await loggedIn(other);
    expect((await late('GET', '/2/clusters')).status).toBe(200);
    other.expireTokens();
    expect((await late('GET', '/2/clusters')).status).toBe(401);

    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ exp: 4e9, role: 'Administrator' })}`;
    const signature = createHmac('sha256', 'guess').update(forged).digest('base64url');
    for (const token of [`${forged}.${signature}`, `${forged}.`, 'a.b.c', '..']) {
      const reply = await late('GET', '/2/clusters', { headers: { 'x-auth-token': token } });
      expect(reply.status).toBe(401);
    }
  });
});

describe('transport', () => {
  test('headers of every answer, good or bad', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    const ids = new Set<unknown>();
    for (const where of ['/2/clusters', '/2/clusters/absent', '/nowhere', '/2/%zz']) {
      const { headers } = await call('GET', where);
      expect(headers.server).toMatch(/^nginx\/1\.13\./);
      expect(headers['strict-transport-security']).toBe('max-age=15724800; includeSubDomains');
      expect(headers['x-req-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
      ids.add(headers['x-req-id']);
    }
    expect(ids.size).toBe(4);
  });

  test('the certificate is self-signed and has the given fingerprint', async () => {
    const lab = await startLab();
    const socket = connect({ host: '127.0.0.1', port: lab.port, ca: lab.caPem });
    await new Promise(resolve => socket.once('secureConnect', resolve));
    const shown = socket.getPeerX509Certificate();
    socket.destroy();
    expect(shown?.fingerprint256).toBe(lab.fingerprint256);
    const own = new X509Certificate(lab.caPem);
    expect(own.issuer).toBe(own.subject);
    expect(own.verify(own.publicKey)).toBe(true);
  });

  test('a client that trusts another certificate does not connect', async () => {
    const lab = await startLab();
    const other = await startLab();
    await expect(caller(other.caPem, lab.url)('GET', '/2/clusters')).rejects.toThrow(/certificate/i);
  });

  test('unknown path 404, known path with another method 405, far too long a body 413', async () => {
    const lab = await startLab();
    const call = await loggedIn(lab);
    expect((await call('GET', '/3/clusters')).status).toBe(404);
    expect((await call('DELETE', '/2/clusters')).status).toBe(405);
    expect((await call('GET', '/2/clusters/%zz')).status).toBe(400);
    expect((await call('POST', '/2/clusters', { body: 'x'.repeat(8 * 1024 * 1024) })).status).toBe(413);
  });
});
