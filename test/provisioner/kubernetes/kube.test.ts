/** The calls of the Kubernetes API: what is sent, what each answer means, and every limit. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { Gone, inShort } from '../../../provisioner/src/kubernetes/errors.ts';
import { managementKube } from '../../../provisioner/src/kubernetes/login.ts';
import type { KubeObject, WatchEvent } from '../../../provisioner/src/kubernetes/objects.ts';
import { makeAuthority } from '../../../simulator/ccp/certificates.ts';
import { pause } from '../../fixtures/patience.ts';
import {
  accessOf,
  answer,
  base64,
  errorOf,
  eventually,
  kubeconfigOf,
  never,
  no,
  serve,
  theToken,
} from '../platforms/fixtures/cluster-api-server.ts';

const clusters = '/apis/cluster.x-k8s.io/v1beta2/namespaces/lab/clusters';
const kate: KubeObject = {
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'Cluster',
  metadata: { name: 'kate-7', namespace: 'lab' },
};

describe('what is sent', () => {
  test('a null means nothing, as to kubectl: it is left out of an apply', async () => {
    const server = await serve((_asked, response) => answer(response, 201, kate));
    const spec = { paused: false, clusterNetwork: null, list: [{ a: null, b: 0 }, 'x'], empty: {} };
    await server.kube().apply(`${clusters}/kate-7`, { ...kate, spec }, never);
    expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual({
      ...kate,
      spec: { paused: false, list: [{ b: 0 }, 'x'], empty: {} },
    });
  });

  test('an apply: ours, never forced, strict; a dry run says so', async () => {
    const server = await serve((_asked, response) => answer(response, 201, kate));
    const kube = server.kube();
    expect(await kube.apply(`${clusters}/kate-7`, kate, never)).toEqual(kate);
    await kube.apply(`${clusters}/kate-7`, kate, never, { dryRun: true });
    const [first, dry] = server.asked;
    expect(first).toMatchObject({ method: 'PATCH', body: JSON.stringify(kate) });
    expect(first?.headers).toMatchObject({
      'content-type': 'application/apply-patch+yaml',
      authorization: `Bearer ${theToken}`,
    });
    expect(Object.fromEntries(first?.url.searchParams ?? [])).toEqual({
      fieldManager: 'dashbutton',
      force: 'false',
      fieldValidation: 'Strict',
    });
    expect(dry?.url.searchParams.get('dryRun')).toBe('All');
    expect(kube.requests()).toEqual({ apply: 2 });
  });

  test('a list is read page by page, all at one moment', async () => {
    const server = await serve(({ url }, response) => {
      const page = Number(url.searchParams.get('continue') ?? 0);
      const items = [{ ...kate, metadata: { name: `c-${page}` } }];
      answer(response, 200, {
        metadata: { resourceVersion: '70', continue: page < 2 ? `${page + 1}` : '' },
        items,
      });
    });
    const kube = server.kube();
    const { items, resourceVersion } = await kube.list(clusters, never);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['c-0', 'c-1', 'c-2']);
    expect(resourceVersion).toBe('70');
    // Who wants one page gets one.
    expect((await kube.list(clusters, never, { limit: '1' })).items).toHaveLength(1);
    expect(kube.requests()).toEqual({ list: 4 });
  });

  test('a list without end is given up', async () => {
    const server = await serve((_asked, response) =>
      answer(response, 200, { metadata: { resourceVersion: '70', continue: 'more' }, items: [] }),
    );
    expect(await errorOf(server.kube().list(clusters, never))).toMatchObject({ transient: false });
    expect(server.asked).toHaveLength(50);
  });

  test('a delete: of this uid only', async () => {
    const answers: [number, unknown][] = [
      [200, kate],
      [404, no(404, 'clusters "kate-7" not found', { kind: 'clusters' })],
      [409, no(409, 'Precondition failed: UID in precondition: a, UID in object meta: b')],
      [409, no(409, 'the object has been modified')],
    ];
    const server = await serve((_asked, response) => answer(response, ...(answers.shift() ?? [500, ''])));
    const kube = server.kube();
    const remove = () => kube.remove(`${clusters}/kate-7`, { uid: 'a' }, never);
    expect([await remove(), await remove(), await remove()]).toEqual([true, false, false]);
    expect(await errorOf(remove())).toMatchObject({ transient: true });
    expect(JSON.parse(server.asked[0]?.body ?? '')).toMatchObject({ preconditions: { uid: 'a' } });
  });
});

const forbidden =
  'clusters.cluster.x-k8s.io is forbidden: User "system:serviceaccount:lab:button" cannot list resource "clusters" in API group "cluster.x-k8s.io" in the namespace "lab"';
const conflict = {
  causes: [
    { reason: 'FieldManagerConflict', message: 'conflict with "kubectl-edit"', field: '.spec.paused' },
    { reason: 'FieldManagerConflict', message: 'conflict with "kubectl-edit"', field: '.spec.topology' },
  ],
};
const wrong = {
  causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.topology' }],
};

const silentWebhook =
  'Internal error occurred: failed calling webhook "default.cluster.cluster.x-k8s.io": failed to call webhook: ' +
  'Post "https://127.0.0.1:19443/mutate?timeout=10s": EOF';
const long = `Cluster "kate-7" is invalid: ${'spec.topology.workers: '.repeat(18)}"nope" does not exist in ClusterClass "quick-start"`;

describe('what an answer means', () => {
  test.each([
    [429, no(429, 'Too many requests'), 'platform is busy'],
    [503, no(503, 'starting'), 'platform has trouble (503)'],
    [500, no(500, silentWebhook), 'a webhook there does not answer'],
  ])('a display says of trouble that may pass: %s', async (status, body, brief) => {
    const server = await serve((_asked, response) => answer(response, status, body));
    expect(await errorOf(server.kube().apply(`${clusters}/kate-7`, kate, never))).toMatchObject({ brief });
  });

  test('a webhook that does not answer keeps its whole name', async () => {
    const server = await serve((_asked, response) => answer(response, 500, no(500, silentWebhook)));
    const error = await errorOf(server.kube().apply(`${clusters}/kate-7`, kate, never));
    expect(inShort(error, 'Cluster')).toMatchObject({
      message: 'Cluster: 500: webhook default.cluster.cluster.x-k8s.io does not answer: EOF',
      isWebhookSilent: true,
    });
  });

  test('for a display the reason comes first, wherever the server has put it', async () => {
    const server = await serve((_asked, response) => answer(response, 422, no(422, long)));
    const error = await errorOf(server.kube().apply(`${clusters}/kate-7`, kate, never));
    expect(inShort(error, 'Cluster')).toMatchObject({
      message: expect.stringMatching(/^Cluster: 422: "nope" does not exist in ClusterClass "quick-start" \(/),
    });
  });

  test.each<[number, unknown, string, boolean]>([
    [400, no(400, 'strict decoding error: unknown field "spec.x"'), 'unknown field "spec.x"', false],
    [
      401,
      no(401, 'Unauthorized'),
      '401: the login is not accepted: check the user somebody in the kub',
      false,
    ],
    [403, no(403, forbidden), 'may not list clusters: give it the Role in provisioner/deploy/', false],
    [403, no(403, 'clusters is forbidden: User "system:anonymous" cannot'), 'did not arrive', false],
    [403, no(403, 'exceeded quota: clusters'), '403: exceeded quota: clusters', false],
    [
      403,
      no(403, 'clusters.cluster.x-k8s.io "kate-7" is forbidden: exceeded quota: few, requested: 1'),
      '403: exceeded quota: few',
      false,
    ],
    [
      403,
      no(403, 'admission webhook "policy.example.net" denied the request: no owner label'),
      '403: no owner label (webhook policy.example.net)',
      false,
    ],
    [403, no(403, 'clusters.cluster.x-k8s.io "kate-7" is forbidden: '), 'may patch and not create', false],
    [404, no(404, 'namespaces "lab" not found', { kind: 'namespaces' }), 'make the namespace', false],
    [404, '404 page not found', 'not served there', false],
    [409, no(409, 'conflicts', conflict), '.spec.paused belongs to "kubectl-edit", .spec.topology', false],
    [409, no(409, 'already exists'), '409: already exists', true],
    [410, no(410, 'too old'), '410: too old', true],
    [415, no(415, 'the body was in an unknown format'), '415: the body was in an unknown format', false],
    [422, no(422, 'Cluster "x" is invalid', wrong), '422: spec.topology: Required value', false],
    [429, no(429, 'Too many requests'), '429: Too many requests', true],
    [500, no(500, 'failed to create typed patch object'), 'failed to create typed', false],
    [500, no(500, silentWebhook), '500: webhook default.cluster.cluster.x-k8s.io does not answer: EOF', true],
    [422, no(422, long), '"nope" does not exist in ClusterClass "quick-start"', false],
    [500, no(500, 'etcdserver: leader changed'), 'leader changed', true],
    [502, '<html>Bad gateway</html>', '502: <html>Bad gateway</html>', true],
    [302, '', '302: it leads elsewhere', false],
    [200, '<html>log in</html>', 'not of Kubernetes', true],
  ])('status %s, case %#', async (status, body, words, transient) => {
    const server = await serve((_asked, response) => {
      response.setHeader('location', '/elsewhere');
      answer(response, status, body);
    });
    const error = await errorOf(server.kube().apply(`${clusters}/kate-7`, kate, never));
    expect(error.message).toContain('apply clusters.cluster.x-k8s.io/kate-7 in namespace lab: ');
    expect(error.message).toContain(words);
    expect(error.transient).toBe(transient);
    expect(error instanceof Gone).toBe(status === 410);
    expect(server.asked.every(({ url }) => url.pathname.startsWith(clusters))).toBe(true);
  });

  test('404 of a get is an answer, of a list it is none', async () => {
    const server = await serve((_asked, response) => answer(response, 404, '404 page not found'));
    expect(await server.kube().get(`${clusters}/kate-7`, never)).toBeUndefined();
    expect((await errorOf(server.kube().list(clusters, never))).message).toContain('not served there');
  });
});

describe('limits', () => {
  test('an answer that does not come, or not to its end', async () => {
    const server = await serve(({ url }, response) => {
      if (url.pathname.endsWith('/half')) response.writeHead(200).write('{');
    });
    const kube = server.kube({ timeoutMs: 300 });
    for (const name of ['none', 'half']) {
      const error = await errorOf(kube.get(`${clusters}/${name}`, never));
      expect(error.message).toContain('no answer: not complete within 0.3 s');
      expect(error.transient).toBe(true);
    }
  });

  test('an answer of too many bytes', async () => {
    const server = await serve((_asked, response) => {
      const piece = Buffer.alloc(1024 * 1024, ' ');
      const more = (left: number) => {
        if (left > 0 && !response.destroyed) response.write(piece, () => more(left - 1));
      };
      more(17);
    });
    const error = await errorOf(server.kube().get(`${clusters}/kate-7`, never));
    expect(error.message).toContain('more than 16777216 bytes');
  });

  test('who gives up, or closes, does not wait', async () => {
    const server = await serve(() => {});
    const kube = server.kube();
    const giveUp = new AbortController();
    const given = errorOf(kube.get(`${clusters}/a`, giveUp.signal));
    const closed = errorOf(kube.get(`${clusters}/b`, never));
    await eventually(() => server.asked.length === 2);
    giveUp.abort();
    expect((await given).message).toContain('given up');
    await kube.close();
    expect((await closed).transient).toBe(true);
    expect((await errorOf(kube.get(`${clusters}/c`, never))).transient).toBe(true);
    expect(server.asked).toHaveLength(2);
  });

  test('another authority is not talked to, whatever the environment says', async () => {
    const server = await serve((_asked, response) => answer(response, 200, kate));
    const { certPem } = await makeAuthority('kubernetes');
    const text = server.kubeconfig(undefined, { 'certificate-authority-data': base64(certPem) });
    const kube = server.kube({}, { access: accessOf(text) });
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect((await errorOf(kube.get(clusters, never))).message).toMatch(/certificate|signature/);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
    expect(server.asked).toHaveLength(0);
  });

  test('nothing listens there', async () => {
    const cluster = { server: 'https://127.0.0.1:9', 'certificate-authority-data': base64('x') };
    const kube = managementKube({ access: accessOf(kubeconfigOf(cluster, { token: theToken })) });
    onTestFinished(() => kube.close());
    const error = await errorOf(kube.list(clusters, never));
    expect(error).toMatchObject({ transient: true, message: expect.stringContaining('list clusters') });
  });
});

describe('discovery', () => {
  const group = (preferred: string, ...versions: string[]) => ({
    preferredVersion: { version: preferred },
    versions: versions.map(version => ({ version })),
  });

  test.each([
    [group('v1beta2', 'v1beta2', 'v1beta1'), 'v1beta2'],
    [group('v1beta1', 'v1beta2', 'v1beta1'), 'v1beta1'],
    [group('v1', 'v1', 'v1beta2'), 'v1beta2'],
  ])('the version, case %#', async (body, version) => {
    const server = await serve((_asked, response) => answer(response, 200, body));
    const kube = server.kube();
    expect([await kube.version(never), await kube.version(never)]).toEqual([version, version]);
    expect(kube.requests()).toEqual({ discover: 1 });
    kube.forget();
    await kube.version(never);
    expect(kube.requests()).toEqual({ discover: 2 });
  });

  test('too old, or not there', async () => {
    const bodies: [number, unknown][] = [
      [200, group('v1alpha4', 'v1alpha4')],
      [404, ''],
    ];
    const server = await serve((_asked, response) => answer(response, ...(bodies.shift() ?? [500, ''])));
    const kube = server.kube();
    const old = await errorOf(kube.version(never));
    expect(old).toMatchObject({
      transient: false,
      message: expect.stringContaining('serves cluster.x-k8s.io v1alpha4;'),
    });
    const none = await errorOf(kube.version(never));
    expect(none).toMatchObject({ transient: false, message: expect.stringContaining('clusterctl init') });
  });

  test('the path of a kind, and which kind is missing', async () => {
    const resources = [
      { name: 'clusters/status', kind: 'Cluster', namespaced: true },
      { name: 'clusters', kind: 'Cluster', namespaced: true },
      { name: 'clusterresourcesets', kind: 'ClusterWide', namespaced: false },
    ];
    const server = await serve(({ url: { pathname } }, response) => {
      if (pathname === '/apis/a.io/v1') return answer(response, 200, { resources });
      if (pathname === '/apis/a.io') return answer(response, 200, group('v1', 'v1'));
      answer(response, 404, '');
    });
    const kube = server.kube();
    const path = (apiVersion: string, kind: string, name?: string) =>
      kube.kindPath(apiVersion, kind, 'lab', name, never);
    expect(await path('a.io/v1', 'Cluster', 'a b')).toBe('/apis/a.io/v1/namespaces/lab/clusters/a%20b');
    expect(await path('a.io/v1', 'ClusterWide')).toBe('/apis/a.io/v1/clusterresourcesets');
    expect(kube.requests()).toEqual({ discover: 1 });
    const missing = async (apiVersion: string, kind: string) => {
      const error = await errorOf(path(apiVersion, kind));
      expect(error.transient).toBe(false);
      return error.message;
    };
    expect(await missing('a.io/v1', 'Machine')).toContain('not serve Machine of a.io/v1: install its custom');
    expect(await missing('a.io/v2', 'Cluster')).toContain('not serve Cluster of a.io/v2: there is v1');
    expect(await missing('b.io/v1', 'Pool')).toContain('nothing of b.io is installed');
  });
});

describe('a watch', () => {
  const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
  const named = (name: string, resourceVersion: string) => ({ ...kate, metadata: { name, resourceVersion } });

  /** @returns what came before the watch ended, and how it did */
  async function watched(pieces: readonly (string | Buffer)[], end: 'end' | 'cut' | 'stay' = 'end') {
    const server = await serve((_asked, response) => {
      response.writeHead(200);
      const next = ([piece, ...rest]: readonly (string | Buffer)[]) => {
        if (piece !== undefined) response.write(piece, () => pause(20).then(() => next(rest)));
        else if (end === 'end') response.end();
        else if (end === 'cut') response.destroy();
      };
      next(pieces);
    });
    const events: WatchEvent[] = [];
    const query = { resourceVersion: '5', timeoutSeconds: 1 };
    const done = server.kube().watch(clusters, query, event => events.push(event), never);
    const error = await done.then(
      () => undefined,
      (thrown: unknown) => errorOf(Promise.reject(thrown)),
    );
    const names = events.map(event =>
      event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.name,
    );
    return { names, error, query: Object.fromEntries(server.asked[0]?.url.searchParams ?? []) };
  }

  test('whole lines, however they arrive', async () => {
    const text = `${line('ADDED', named('ä', '6'))}${line('BOOKMARK', named('', '7'))}${line('DELETED', named('b', '8'))}`;
    const bytes = Buffer.from(text);
    const at = bytes.indexOf('ä') + 1; // in the middle of a character
    const { names, error, query } = await watched([
      bytes.subarray(0, at),
      bytes.subarray(at, 150),
      bytes.subarray(150),
    ]);
    expect(names).toEqual(['ä', '7', 'b']);
    expect(error).toBeUndefined();
    expect(query).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '1',
    });
  });

  test.each(['end', 'cut'] as const)('an end in the middle of a line: %s', async end => {
    const { names, error } = await watched([line('ADDED', named('a', '6')), '{"type":"ADD'], end);
    expect(names).toEqual(['a']);
    expect(error).toMatchObject({
      transient: true,
      message: expect.stringContaining('watch clusters.cluster'),
    });
  });

  test('garbage instead of an event', async () => {
    for (const garbage of [
      'no JSON',
      '{}',
      '[]',
      'null',
      '{"type":"ADDED","object":{"metadata":{"name":"x"}}}',
    ]) {
      const { names, error } = await watched([`${garbage}\n`, line('ADDED', named('a', '6'))]);
      expect(names).toEqual([]);
      expect(error).toMatchObject({
        transient: true,
        message: expect.stringContaining('a line that is no event'),
      });
    }
  });

  test('a line without end', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const { error } = await watched([piece, piece, piece, piece, piece], 'stay');
    expect(error?.message).toContain('a line of more than 4194304 bytes');
  });

  test('a forgotten moment, in a line', async () => {
    const { error } = await watched(
      [line('ERROR', no(410, 'too old resource version: 5 (9)', {}, 'Expired'))],
      'stay',
    );
    expect(error).toBeInstanceOf(Gone);
    const other = await watched([line('ERROR', no(500, 'sorry'))], 'stay');
    expect(other.error).not.toBeInstanceOf(Gone);
    expect(other.error?.transient).toBe(true);
  });

  test.each([
    [410, 'too old', true],
    [504, 'Timeout: Too large resource version: 900, current: 7', true],
    [504, 'Timeout', false],
  ])('a forgotten moment, at once: %s %s', async (status, message, isGone) => {
    const server = await serve((_asked, response) => answer(response, status, no(status, message)));
    const query = { resourceVersion: '5', timeoutSeconds: 1 };
    const error = await errorOf(server.kube().watch(clusters, query, () => {}, never));
    expect(error instanceof Gone).toBe(isGone);
  });

  test('silence beyond its time: nobody is there', async () => {
    const { error } = await watched([line('ADDED', named('a', '6'))], 'stay');
    expect(error).toMatchObject({
      transient: true,
      message: expect.stringContaining('not complete within 6 s'),
    });
  });
});
