/** What no simulator does: one API generation only, strange lists, pages, redirects, wrong answers. A real server. */

import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { usedRanges } from '../../../../provisioner/src/common/platform.ts';
import { CcpPlatform } from '../../../../provisioner/src/platforms/ccp/ccp.ts';
import { makeServerPair } from '../../../../simulator/ccp/certificates.ts';
import { sampleOrder } from '../../../../simulator/ccp/sample-order.ts';
import { sampleV3CalicoOrder } from '../../../../simulator/ccp/sample-order-v3.ts';
import { never, requestOf, targetOf, thrown } from '../fixtures/ccp-platform.ts';

type Reply = { status?: number; body?: unknown; headers?: Record<string, string> };

/** By method and path, slash and query included; everything else is 404. */
let replies: Record<string, Reply>;
let asked: string[];
let server: Server;
let platform: CcpPlatform;
let clockMs = 0;

const token = { headers: { 'x-auth-token': 't' } };
const target = targetOf('a', sampleV3CalicoOrder());
const request = requestOf(target, '10.1.0.0/16');

beforeEach(async () => {
  clockMs = 0;
  asked = [];
  replies = { 'POST /2/system/login': token, 'POST /v3/system/login': token };
  const pair = await makeServerPair('ccp', ['127.0.0.1']);
  server = createServer({ key: pair.keyPem, cert: pair.certPem }, (question, answer) => {
    question.resume();
    const line = `${question.method} ${question.url}`;
    asked.push(line);
    const { status = 200, body = '', headers = {} } = replies[line] ?? { status: 404, body: 'not found' };
    answer.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const account = { username: 'u', password: 'p', trust: { ca: pair.certPem } };
  platform = new CcpPlatform(
    { type: 'ccp', url: `https://127.0.0.1:${port}`, ...account },
    { nowMs: () => clockMs },
  );
});

afterEach(async () => {
  await platform.close();
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
});

const calico = (name: string, pod_cidr: string) => ({
  id: `id-${name}`,
  name,
  network_plugin_profile: { name: 'calico', details: { pod_cidr } },
});

test.each([
  '2',
  'v3',
])('a host without API %s has its other clusters; looked for again a minute later', async gone => {
  const there = gone === '2' ? 'v3' : '2';
  replies = { [`POST /${there}/system/login`]: token, [`POST /${gone}/system/login`]: { status: 405 } };
  replies[`GET /${there}/clusters`] = { body: [{ description: 'x - 10.1.0.0/16' }] };
  const lookedFor = () => asked.filter(line => line.startsWith(`POST /${gone}/`)).length;
  expect(await usedRanges(platform, never)).toEqual(['10.1.0.0/16']);
  clockMs = 59_999;
  await platform.check(never);
  expect(lookedFor()).toBe(1);
  clockMs = 60_000;
  await platform.check(never);
  expect(lookedFor()).toBe(2);
});

test('neither API is trouble, not an empty list; a template of a missing one says so', async () => {
  replies = {};
  expect(await thrown(usedRanges(platform, never))).toMatchObject({
    message: 'the platform has neither API v2 nor v3',
    transient: true,
  });
  expect((await thrown(platform.observe(target, never))).message).toContain(
    'the platform has no API v3, 404',
  );
});

test('a list that is none is trouble: its ranges are not known', async () => {
  for (const body of ['<html></html>', '', '{}', { results: 7 }]) {
    replies['GET /v3/clusters'] = { body };
    expect(await thrown(usedRanges(platform, never))).toMatchObject({
      message: 'the answer to /v3/clusters is not a list',
      transient: true,
    });
  }
  replies['GET /v3/clusters'] = { status: 500, body: '<h1>x</h1>' };
  expect(await thrown(usedRanges(platform, never))).toMatchObject({
    message: '500: no words',
    transient: true,
  });
});

test('garbage of somebody else breaks nothing', async () => {
  const garbage = [
    null,
    7,
    'x',
    [],
    { name: 7, id: {} },
    { name: 'a' },
    { id: 'x', network_plugin_profile: [] },
  ];
  replies['GET /2/clusters'] = { body: [...garbage, { network_plugin: { name: 'calico', details: 'x' } }] };
  replies['GET /v3/clusters'] = { body: [...garbage, calico('a', '10.1.0.0/16')] };
  replies['GET /v3/clusters/id-a/'] = { body: { ...calico('a', '10.1.0.0/16'), status: 'READY' } };
  expect(await usedRanges(platform, never)).toEqual(['10.1.0.0/16']);
  expect(await platform.observe(target, never)).toEqual({ kind: 'ready', id: 'id-a', description: '' });
});

test('a list may come in pages and by way of a slash', async () => {
  const next = 'https://elsewhere.example/v3/clusters/?page=2';
  replies['GET /v3/clusters'] = { status: 301, headers: { location: '/v3/clusters/' } };
  replies['GET /v3/clusters/'] = { body: { count: 2, next, results: [calico('x', '10.1.0.0/16')] } };
  replies['GET /v3/clusters?page=2'] = { body: { next: null, results: [calico('y', '10.2.0.0/16')] } };
  expect(await usedRanges(platform, never)).toEqual(['10.1.0.0/16', '10.2.0.0/16']);
  // Anywhere else is not followed.
  replies['GET /v3/clusters'] = { status: 301, headers: { location: 'https://elsewhere.example/login' } };
  expect((await thrown(usedRanges(platform, never))).message).toBe('301: no words');
});

test('pages without end do end', async () => {
  const endless = { body: { next: '?page=2', results: [] } };
  replies['GET /v3/clusters'] = endless;
  replies['GET /v3/clusters?page=2'] = endless;
  expect(await usedRanges(platform, never)).toEqual([]);
  expect(asked.filter(line => line.startsWith('GET /v3')).length).toBeLessThanOrEqual(50);
});

test('two clusters of one name are an error in words, not a choice', async () => {
  replies['GET /v3/clusters'] = { body: [calico('a', 'x'), { ...calico('a', 'x'), id: 'other' }] };
  expect(await thrown(platform.observe(target, never))).toMatchObject({
    message: 'the platform has 2 clusters named a: remove all but one by hand',
    transient: false,
  });
});

test('an answer about another cluster is not believed', async () => {
  replies['GET /v3/clusters'] = { body: [calico('a', 'x')] };
  for (const body of [calico('b', 'x'), { ...calico('a', 'x'), id: 'other' }, 'x', '']) {
    replies['GET /v3/clusters/id-a/'] = { body };
    expect(await thrown(platform.observe(target, never))).toMatchObject({
      message: 'the answer about a is not that cluster',
      transient: true,
    });
  }
});

test('a create whose answer has no id is a refusal, and shows no secret', async () => {
  const record = { name: 'a', status: 'ERROR', ssh_password: 'hunter2', kubeconfig: 'client-key-data' };
  replies['POST /v3/clusters/'] = { body: record };
  expect(await thrown(platform.create(request, never))).toMatchObject({
    message: 'the platform made no cluster, 200: cluster is in state ERROR',
    transient: false,
  });
  replies['POST /v3/clusters/'] = { body: { detail: 'quota' } };
  expect((await thrown(platform.create(request, never))).message).toBe(
    'the platform made no cluster, 200: quota',
  );
});

test('a login that brings no token is refused, whatever its status', async () => {
  replies['POST /v3/system/login'] = { body: { detail: 'wrong password' } };
  expect(await thrown(platform.observe(target, never))).toMatchObject({
    message: 'login refused, 200: wrong password',
    transient: false,
  });
});

test('when a new login does not help, it is no matter of login: ten seconds without another', async () => {
  replies['GET /v3/clusters'] = { status: 403, body: { detail: 'not yours' } };
  const logins = () => asked.filter(line => line === 'POST /v3/system/login').length;
  for (let i = 0; i < 5; i++) {
    const error = await thrown(platform.observe(target, never));
    expect(error).toMatchObject({ message: '403: not yours', transient: false });
  }
  expect(logins()).toBe(2);
  clockMs = 10_000;
  await thrown(platform.observe(target, never));
  expect(logins()).toBe(3);
});

test('a platform that is not there is told of in words', async () => {
  await platform.check(never).catch(() => {});
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  const error = await thrown(platform.observe(target, never));
  expect(error).toMatchObject({ transient: true });
  expect(error.message).toMatch(/^platform does not answer: /);
});

test('an answer about another cluster is not believed, and is asked for again', async () => {
  const v2 = targetOf('a', sampleOrder());
  replies['GET /2/clusters/a'] = { body: { uuid: 'u', name: 'b', state: 'READY' } };
  const error = await thrown(platform.observe(v2, never));
  expect(error).toMatchObject({ message: 'the answer about a is not that cluster', transient: true });
});
