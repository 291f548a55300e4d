/** Answers that a healthy API server never gives: which of them mean "later", and what is not followed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { applyManifests } from '../../provisioner/src/kubernetes/apply.ts';
import { KubernetesClient } from '../../provisioner/src/kubernetes/client.ts';
import { nodesReady } from '../../provisioner/src/kubernetes/nodes.ts';
import { PlatformError } from '../../provisioner/src/platforms/platform.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';

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
  const credentials = { server: `https://127.0.0.1:${port}`, ca: authority.certPem, token: 'the-token' };
  const client = new KubernetesClient(credentials, timeoutMs);
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
  return { client, asked, credentials };
}

async function errorOf(promise: Promise<unknown>): Promise<PlatformError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PlatformError);
  return error as PlatformError;
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
  [status(422, 'y'.repeat(10_000)), false, /^Namespace x: 422: y{198}\.\.$/],
  [{ code: 302, body: '' }, false, 'Namespace x: 302: no words'],
  [
    status(409, 'Apply failed', { causes }),
    false,
    'Namespace x: .data.f1 belongs to "m1" using v1, .data.f2 belongs to "m2" using v1, .data.f3 belongs to "m3" using v1 and 1 more',
  ],
  [{ code: 200, body: 'hello' }, true, /^Namespace x: not understood: /],
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
    expect(error.message).toBe('nodes: no answer from the cluster: none within 1 s');
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
    const list = { kind: 'NodeList', apiVersion: 'v1', metadata: { continue: 'more' }, items: [] };
    response.end(JSON.stringify(list));
  });
  expect((await errorOf(nodesReady(client, never))).message).toBe('nodes: more than 5000');
  expect(asked).toHaveLength(51);
});

test('another authority is not trusted, whatever the environment says', async () => {
  const { credentials } = await serve((_request, response) => void response.end());
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const { certPem } = await makeAuthority('kubernetes');
  const client = new KubernetesClient({ ...credentials, ca: certPem });
  try {
    expect((await errorOf(nodesReady(client, never))).message).toMatch(/certificate|signature/);
  } finally {
    await client.close();
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  }
});
