/** Answers that a healthy API server never gives: which of them mean "later", and what is not followed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { applyManifests } from '../../../provisioner/src/kubernetes/apply.ts';
import { kubeInto } from '../../../provisioner/src/kubernetes/new-cluster.ts';
import { nodesReady } from '../../../provisioner/src/kubernetes/nodes.ts';
import { makeAuthority, makeServerPair } from '../../../simulator/ccp/certificates.ts';
import { base64, errorOf, kubeconfigOf } from '../platforms/fixtures/cluster-api-server.ts';

const never = new AbortController().signal;
const resources = {
  kind: 'APIResourceList',
  groupVersion: 'v1',
  resources: [
    { name: 'nodes', kind: 'Node', namespaced: false, verbs: [], singularName: '' },
    { name: 'namespaces', kind: 'Namespace', namespaced: false, verbs: [], singularName: '' },
  ],
};

/** A server that knows nodes and namespaces and answers everything else with `answer`; and a client of it. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  timeoutMs?: number,
) {
  const authority = await makeAuthority('kubernetes');
  const pair = await makeServerPair('kube-apiserver', ['127.0.0.1'], authority);
  const asked: string[] = [];
  const server = createServer({ key: pair.keyPem, cert: pair.certPem }, (request, response) => {
    asked.push(request.url ?? '');
    if (request.url !== '/api/v1') return answer(request, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(resources));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': base64(authority.certPem),
  };
  const client = kubeInto(
    kubeconfigOf(cluster, { token: 'the-token' }),
    timeoutMs === undefined ? {} : { timeoutMs },
  );
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
  return { client, asked, cluster };
}

const status = (code: number, message: string, details: object = {}) => ({
  code,
  body: JSON.stringify({ kind: 'Status', status: 'Failure', message, details, code }),
});
const causes = [1, 2, 3, 4].map(i => ({
  reason: 'FieldManagerConflict',
  message: `conflict with "m${i}" using v1`,
  field: `.data.f${i}`,
}));

test.each([
  [status(429, 'too many requests'), true, 'Namespace x: 429: too many requests'],
  [status(500, 'etcdserver: leader changed'), true, 'Namespace x: 500: etcdserver: leader changed'],
  [{ code: 503, body: '' }, true, 'Namespace x: 503: no words'],
  [{ code: 502, body: '<html>\nBad   Gateway' }, true, 'Namespace x: 502: <html> Bad Gateway'],
  [status(409, 'the object has been modified'), true, 'Namespace x: 409: the object has been modified'],
  [
    status(500, 'failed to create typed patch object: .x: field not declared'),
    false,
    /^Namespace x: 500: failed/,
  ],
  [status(403, 'a\nb'), false, 'Namespace x: 403: a b'],
  [
    status(403, 'namespaces is forbidden: User "kate" cannot patch resource "namespaces" in API group ""'),
    false,
    /^Namespace x: 403: may not patch namespaces: the user in the cluster's kubeconfig has to be/,
  ],
  [status(422, 'y'.repeat(10_000)), false, /^Namespace x: 422: y{598}\.\.$/],
  [{ code: 302, body: '' }, false, 'Namespace x: 302: it leads elsewhere, which is not followed'],
  [
    status(409, 'Apply failed', { causes }),
    false,
    'Namespace x: 409: .data.f1 belongs to "m1" using v1, .data.f2 belongs to "m2" using v1, .data.f3 belongs to "m3" using v1 and 1 more: it is not taken away',
  ],
  [{ code: 200, body: 'hello' }, true, /^Namespace x: no answer: what came is not of Kubernetes$/],
])('an answer %#', async ({ code, body }, transient, message) => {
  const { client, asked } = await serve((_request, response) => {
    response.writeHead(code, { 'content-type': 'application/json', location: '/elsewhere' });
    response.end(body);
  });
  const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
  const error = await errorOf(applyManifests(client, [manifest], {}, never));
  if (message instanceof RegExp) expect(error.message).toMatch(message);
  else expect(error.message).toBe(message);
  expect(error.transient).toBe(transient);
  expect(asked).not.toContain('/elsewhere');
  expect(`${error.stack} ${String(error.cause)}`).not.toContain('the-token');
});

test('silence ends after the time limit, and so does an answer that never ends', async () => {
  for (const answer of [
    () => {},
    (_request: IncomingMessage, response: ServerResponse) => void response.write('{'),
  ]) {
    const { client } = await serve(answer, 1_000);
    const error = await errorOf(nodesReady(client, never));
    expect(error.message).toBe('nodes: no answer: not complete within 1 s');
    expect(error.transient).toBe(true);
  }
});

test('an answer of endless length is not kept', async () => {
  const { client } = await serve((_request, response) => {
    response.end(Buffer.alloc(17 * 1024 * 1024, ' '));
  });
  expect((await errorOf(nodesReady(client, never))).message).toContain('it has more than 16777216 bytes');
});

test('pages without end are an error', async () => {
  const { client, asked } = await serve((_request, response) => {
    response.setHeader('content-type', 'application/json');
    const list = {
      kind: 'NodeList',
      apiVersion: 'v1',
      metadata: { continue: 'more', resourceVersion: '1' },
      items: [],
    };
    response.end(JSON.stringify(list));
  });
  expect((await errorOf(nodesReady(client, never))).message).toBe('/api/v1/nodes: more than 10000 objects');
  expect(asked).toHaveLength(50);
});

test('another authority is not trusted, whatever the environment says', async () => {
  const { cluster } = await serve((_request, response) => void response.end());
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const { certPem } = await makeAuthority('kubernetes');
  const other = { ...cluster, 'certificate-authority-data': base64(certPem) };
  const client = kubeInto(kubeconfigOf(other, { token: 'the-token' }));
  try {
    expect((await errorOf(nodesReady(client, never))).message).toMatch(/certificate|signature/);
  } finally {
    await client.close();
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  }
});
