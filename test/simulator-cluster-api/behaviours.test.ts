/**
 * What a Kubernetes API server does, on the simulator and, when KUBEBUILDER_ASSETS names one, on a real kube-apiserver:
 * so that the simulator's faithfulness is itself a test. No controllers run on either.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capi, clusterBody, clustersPath, mergeType, namespace, type Reply, secretsPath } from './client.ts';
import { servers, type TestServer } from './servers.ts';

const path = clustersPath();
const at = (name: string) => `${path}/${name}`;
const jsonType = 'application/json-patch+json';

/** The real one takes long to start on a busy machine. */
const startLimitMs = 300_000;

describe.each(servers)('$name', ({ start }) => {
  let server: TestServer;
  const client = () => server.client;
  /** The same cluster in another release. */
  const other = () => ({ topology: { ...clusterBody('other').spec.topology, version: 'v1.32.0' } });
  const created = async (name: string, metadata: object = {}, spec: object = {}) => {
    const reply = await client().apply(at(name), clusterBody(name, metadata, spec));
    expect(reply.status, reply.text).toBe(201);
    return reply.json;
  };
  const says = (reply: Reply, code: number, reason: string | undefined, message: string | RegExp) => {
    expect(reply.status, reply.text).toBe(code);
    expect(reply.json).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
    expect(reply.json.reason).toBe(reason);
    expect(reply.json.message).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  };
  const fieldsOf = (reply: Reply) => reply.json.details.causes?.map(({ field }) => field);

  beforeAll(async () => {
    if (start !== undefined) server = await start();
  }, startLimitMs);
  afterAll(async () => {
    await server?.close();
  });
  const check = test.skipIf(start === undefined);

  check('discovery: groups, the preferred version, kinds, and what is not there', async () => {
    expect((await client().get('/api')).json.versions).toContain('v1');
    const { groups } = (await client().get('/apis')).json;
    expect(groups.find(({ name }) => name === 'cluster.x-k8s.io')?.preferredVersion.version).toBe('v1beta2');
    const group = (await client().get(capi)).json;
    expect(group).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { groupVersion: 'cluster.x-k8s.io/v1beta2' },
    });
    expect(group.versions).toEqual([
      { groupVersion: 'cluster.x-k8s.io/v1beta2', version: 'v1beta2' },
      { groupVersion: 'cluster.x-k8s.io/v1beta1', version: 'v1beta1' },
    ]);
    const { resources } = (await client().get(`${capi}/v1beta2`)).json;
    const clusters = resources.find(({ name }) => name === 'clusters');
    expect(clusters).toMatchObject({ kind: 'Cluster', namespaced: true });
    expect(clusters?.verbs).toEqual(
      expect.arrayContaining(['create', 'delete', 'get', 'list', 'patch', 'watch']),
    );
    expect(resources.map(({ name }) => name)).toContain('clusters/status');
    for (const nowhere of ['/apis/nothing.x-k8s.io', `${capi}/v9`, path.replace('clusters', 'gadgets')]) {
      const reply = await client().get(nowhere);
      expect([reply.status, reply.text], nowhere).toEqual([404, '404 page not found\n']);
    }
  });

  check('who calls: 401 for a bad token, 403 for none, health and version for all', async () => {
    says(await client().get(path, 'no such token'), 401, 'Unauthorized', 'Unauthorized');
    const words =
      'clusters.cluster.x-k8s.io is forbidden: User "system:anonymous" cannot list resource "clusters" ' +
      'in API group "cluster.x-k8s.io" in the namespace "dashbutton"';
    says(await client().get(path, ''), 403, 'Forbidden', words);
    says(
      await client().get('/apis', ''),
      403,
      'Forbidden',
      /User "system:anonymous" cannot get path "\/apis"/,
    );
    for (const open of ['/readyz', '/livez', '/healthz']) {
      const reply = await client().get(open, '');
      expect([reply.status, reply.text], open).toEqual([200, 'ok']);
    }
    expect((await client().get('/version', '')).json).toMatchObject({
      gitVersion: expect.stringMatching(/^v1\./),
    });
  });

  check(
    'apply: 201, then 200; the version rises only with a change, the generation with the spec',
    async () => {
      const first = await created('applied', { labels: { a: '1' } });
      expect(first.metadata).toMatchObject({ generation: 1, namespace, labels: { a: '1' } });
      const again = await client().apply(at('applied'), clusterBody('applied', { labels: { a: '1' } }));
      expect(again.status).toBe(200);
      expect(again.json.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      const label = await client().apply(at('applied'), clusterBody('applied', { labels: { b: '2' } }));
      expect(label.json.metadata).toMatchObject({ generation: 1, uid: first.metadata.uid });
      expect(label.json.metadata.labels).toEqual({ b: '2' });
      expect(Number(label.json.metadata.resourceVersion)).toBeGreaterThan(
        Number(first.metadata.resourceVersion),
      );
      const spec = await client().apply(at('applied'), clusterBody('applied', {}, { paused: true }));
      expect(spec.json.metadata.generation).toBe(2);
      expect(spec.json.metadata.labels).toBeUndefined();
      expect((await client().get(at('applied'))).json).toEqual(spec.json);
    },
  );

  check('apply: YAML is as good as JSON', async () => {
    const yaml = [
      'apiVersion: cluster.x-k8s.io/v1beta2',
      'kind: Cluster',
      'metadata: { name: from-yaml }',
      'spec:',
      '  clusterNetwork: { pods: { cidrBlocks: ["10.1.0.0/16"] } }',
    ].join('\n');
    const reply = await client().apply(at('from-yaml'), yaml);
    expect(reply.status, reply.text).toBe(201);
    expect(reply.json.spec).toEqual({ clusterNetwork: { pods: { cidrBlocks: ['10.1.0.0/16'] } } });
    says(await client().apply(at('from-yaml'), '{{{'), 400, 'BadRequest', /decod/);
  });

  check('apply: managers, their fields, and a conflict when two differ', async () => {
    const { metadata } = await created('shared');
    expect(metadata.managedFields).toMatchObject([{ manager: 'dashbutton', operation: 'Apply' }]);
    expect(metadata.managedFields?.[0]?.fieldsV1).toMatchObject({
      'f:spec': {
        'f:topology': {
          'f:workers': { 'f:machineDeployments': { 'k:{"name":"md-0"}': { 'f:replicas': {} } } },
        },
      },
    });
    const blocks = { clusterNetwork: { pods: { cidrBlocks: ['10.9.0.0/16'] } } };
    const other = { ...clusterBody('shared'), spec: blocks };
    const refused = await client().apply(at('shared'), other, 'fieldManager=other');
    const field = '.spec.clusterNetwork.pods.cidrBlocks';
    says(refused, 409, 'Conflict', `Apply failed with 1 conflict: conflict with "dashbutton": ${field}`);
    expect(refused.json.details.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "dashbutton"', field },
    ]);
    const forced = await client().apply(at('shared'), other, 'fieldManager=other&force=true');
    expect(forced.json.spec).toMatchObject(blocks);
    expect(forced.json.metadata.managedFields?.map(({ manager }) => manager).sort()).toEqual([
      'dashbutton',
      'other',
    ]);
    // And now it is ours that conflicts.
    says(await client().apply(at('shared'), clusterBody('shared')), 409, 'Conflict', /conflict with "other"/);
  });

  check('apply: items of a list with keys belong to those who named them', async () => {
    await created('lists');
    const md = (name: string, replicas: number) => ({ class: 'default-worker', name, replicas });
    const body = (...machineDeployments: object[]) => ({
      ...clusterBody('lists'),
      spec: {
        topology: { classRef: { name: 'quick-start' }, version: 'v1.31.2', workers: { machineDeployments } },
      },
    });
    const two = await client().apply(at('lists'), body(md('md-1', 1)), 'fieldManager=other');
    expect(two.status, two.text).toBe(200);
    expect(two.json.spec.topology).toMatchObject({
      workers: { machineDeployments: [{ name: 'md-0' }, { name: 'md-1' }] },
    });
    const refused = await client().apply(at('lists'), body(md('md-0', 5)), 'fieldManager=third');
    says(
      refused,
      409,
      'Conflict',
      /conflict with "dashbutton": .*machineDeployments\[name="md-0"\]\.replicas$/,
    );
    const one = await client().apply(at('lists'), body(), 'fieldManager=other');
    expect(one.json.spec.topology).toMatchObject({ workers: { machineDeployments: [{ name: 'md-0' }] } });
  });

  check('apply: the same value makes a second owner, and his share is a change', async () => {
    const first = await created('owned');
    const joined = await client().apply(at('owned'), clusterBody('owned'), 'fieldManager=other');
    expect(joined.status, joined.text).toBe(200);
    const managers = joined.json.metadata.managedFields?.map(({ manager }) => manager).sort();
    expect(managers).toEqual(['dashbutton', 'other']);
    expect(joined.json.metadata.generation).toBe(1);
    expect(joined.json.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
    const change = { clusterNetwork: { pods: { cidrBlocks: ['10.1.0.0/16'] } } };
    const refused = await client().apply(at('owned'), clusterBody('owned', {}, change));
    says(refused, 409, 'Conflict', /conflict with "other": \.spec\.clusterNetwork\.pods\.cidrBlocks$/);
    // One gives up what both have: it stays, and the other may change it now.
    const { spec, ...rest } = clusterBody('owned');
    const less = { ...rest, spec: { topology: spec.topology } };
    const left = await client().apply(at('owned'), less, 'fieldManager=other');
    expect(left.json.spec.clusterNetwork).toEqual(spec.clusterNetwork);
    expect((await client().apply(at('owned'), clusterBody('owned', {}, change))).status).toBe(200);
  });

  check('apply: several conflicts, by manager with a line for each field', async () => {
    await created('quarrel', {}, { paused: false });
    const hand = `${at('quarrel')}?fieldManager=hand`;
    await client().call('PATCH', hand, { type: mergeType, body: { spec: { paused: true } } });
    const spec = { paused: false, clusterNetwork: { pods: { cidrBlocks: ['10.9.0.0/16'] } } };
    const body = { ...clusterBody('quarrel'), spec: { ...spec, topology: other().topology } };
    const refused = await client().apply(at('quarrel'), body, 'fieldManager=third');
    says(refused, 409, 'Conflict', /^Apply failed with 3 conflicts: conflicts with "dashbutton":\n- /);
    const [, ...lines] = refused.json.message.split('\n');
    // In which order one manager's fields come differs from time to time.
    expect(lines.slice(0, 2).sort()).toEqual([
      '- .spec.clusterNetwork.pods.cidrBlocks',
      '- .spec.topology.version',
    ]);
    expect(lines[2]).toMatch(/^conflicts with "hand" using cluster\.x-k8s\.io\/v1beta2.*:$/);
    expect(lines.slice(3)).toEqual(['- .spec.paused']);
    expect(refused.json.details.causes).toHaveLength(3);
  });

  check('apply: labels and finalizers with nothing in them are not there, and nobody has them', async () => {
    const { metadata } = await created('empty', { labels: {}, annotations: {}, finalizers: [] });
    for (const key of ['labels', 'annotations', 'finalizers']) expect(metadata).not.toHaveProperty(key);
    expect(metadata.managedFields?.[0]?.fieldsV1).not.toHaveProperty('f:metadata');
  });

  check('a uid or a version in a write means the object that has it', async () => {
    says(
      await client().apply(at('nobody'), clusterBody('nobody', { uid: 'a' })),
      409,
      'Conflict',
      'Operation cannot be fulfilled on clusters.cluster.x-k8s.io "nobody": uid mismatch: the provided object specified uid a, and no existing object was found',
    );
    says(
      await client().call('POST', path, { body: clusterBody('nobody', { resourceVersion: '1' }) }),
      500,
      undefined,
      'resourceVersion should not be set on objects to be created',
    );
    const { metadata } = await created('one-of-two');
    const immutable = /: metadata\.uid: Invalid value: "a": field is immutable/;
    const another = clusterBody('one-of-two', { uid: 'a' });
    says(await client().apply(at('one-of-two'), another), 422, 'Invalid', immutable);
    const merge = { type: mergeType, body: { metadata: { uid: 'a' } } };
    says(await client().call('PATCH', at('one-of-two'), merge), 422, 'Invalid', immutable);
    const { resourceVersion } = metadata;
    const body = clusterBody('one-of-two', { uid: 'a', resourceVersion });
    says(await client().call('PUT', at('one-of-two'), { body }), 409, 'Conflict', /UID in precondition: a, /);
    const right = clusterBody('one-of-two', { uid: metadata.uid });
    expect((await client().apply(at('one-of-two'), right)).status).toBe(200);
  });

  check('a plain writer is another manager in each version of the API', async () => {
    await created('twice');
    const label = (version: string, key: string) =>
      client().call('PATCH', `${clustersPath(version)}/twice?fieldManager=hand`, {
        type: mergeType,
        body: { metadata: { labels: { [key]: 'x' } } },
      });
    await label('v1beta2', 'a');
    const { managedFields = [] } = (await label('v1beta1', 'b')).json.metadata;
    const hands = managedFields.filter(({ manager }) => manager === 'hand');
    expect(hands.map(({ fieldsV1 }) => JSON.stringify(fieldsV1)).sort()).toEqual([
      expect.stringContaining('"f:a"'),
      expect.stringContaining('"f:b"'),
    ]);
  });

  check('a plain write takes fields over, and apply then conflicts', async () => {
    await created('taken');
    const patch = { spec: { topology: { version: 'v1.32.0' } } };
    const taken = await client().call('PATCH', `${at('taken')}?fieldManager=hand`, {
      type: mergeType,
      body: patch,
    });
    expect(taken.status, taken.text).toBe(200);
    const fields = (manager: string) =>
      JSON.stringify(taken.json.metadata.managedFields?.find(one => one.manager === manager));
    expect(fields('hand')).toContain('f:version');
    expect(fields('dashbutton')).not.toContain('f:version');
    says(
      await client().apply(at('taken'), clusterBody('taken')),
      409,
      'Conflict',
      /^Apply failed with 1 conflict: conflict with "hand".* using cluster\.x-k8s\.io\/v1beta2.*: \.spec\.topology\.version$/,
    );
  });

  check('finalizers of others survive an apply that does not name them', async () => {
    await created('guarded');
    const body = { metadata: { finalizers: ['cluster.cluster.x-k8s.io'] } };
    await client().call('PATCH', at('guarded'), { type: mergeType, body });
    const again = await client().apply(at('guarded'), clusterBody('guarded', { labels: { x: 'y' } }));
    expect(again.status, again.text).toBe(200);
    expect(again.json.metadata.finalizers).toEqual(['cluster.cluster.x-k8s.io']);
    await client().call('PATCH', at('guarded'), {
      type: mergeType,
      body: { metadata: { finalizers: null } },
    });
  });

  check('apply: what is refused', async () => {
    await created('there');
    const patch = (body: object, query = '') =>
      client().call('PATCH', `${at('there')}${query}`, { type: 'application/apply-patch+yaml', body });
    says(
      await patch(clusterBody('there')),
      422,
      'Invalid',
      /fieldManager: Required value: is required for apply patch/,
    );
    says(
      await patch(clusterBody('other'), '?fieldManager=a'),
      400,
      'BadRequest',
      'the name of the object (other) does not match the name on the URL (there)',
    );
    says(
      await patch(clusterBody('there', { namespace: 'x' }), '?fieldManager=a'),
      400,
      'BadRequest',
      /namespace of the .*object/,
    );
    says(
      await patch(clusterBody('there', { managedFields: [] }), '?fieldManager=a'),
      400,
      'BadRequest',
      'metadata.managedFields must be nil',
    );
    says(
      await client().apply(at('there'), clusterBody('there', { resourceVersion: '1' })),
      409,
      'Conflict',
      /the object has been modified/,
    );
    const nowhere = path.replace(`/${namespace}/`, '/nowhere/');
    says(
      await client().apply(`${nowhere}/a`, clusterBody('a', { namespace: 'nowhere' })),
      404,
      'NotFound',
      'namespaces "nowhere" not found',
    );
  });

  check('validation: 422 with the field', async () => {
    const refused = async (body: object, code = 422) => {
      const reply = await client().apply(at('invalid'), body);
      expect(reply.status, reply.text).toBe(code);
      return reply;
    };
    const empty = await refused({ ...clusterBody('invalid'), spec: {} });
    says(
      empty,
      422,
      'Invalid',
      /^Cluster\.cluster\.x-k8s\.io "invalid" is invalid: spec: Invalid value: .*: spec in body should have at least 1 properties$/,
    );
    expect(empty.json.details).toMatchObject({ name: 'invalid', kind: 'Cluster' });
    expect(fieldsOf(empty)).toEqual(['spec']);
    const { spec: _, ...without } = clusterBody('invalid');
    says(await refused(without), 422, 'Invalid', /: spec: Required value$/);
    const noClass = await refused(clusterBody('invalid', {}, { topology: { version: 'v1.31.2' } }));
    says(noClass, 422, 'Invalid', /: spec\.topology\.classRef: Required value$/);
    const both = await refused(clusterBody('invalid', {}, { topology: {} }));
    expect(fieldsOf(both)?.sort()).toEqual(['spec.topology.classRef', 'spec.topology.version']);
    says(
      await refused(clusterBody('invalid', { labels: { 'a/b/c': 'x' } })),
      422,
      'Invalid',
      /: metadata\.labels: Invalid value: "a\/b\/c"/,
    );
    says(
      await refused(clusterBody('invalid', { labels: { a: 'x'.repeat(64) } })),
      422,
      'Invalid',
      /: metadata\.labels: .*must be no more than 63 characters$/,
    );
    const name = await client().apply(at('Not_A_Name'), clusterBody('Not_A_Name'));
    says(
      name,
      422,
      'Invalid',
      /: metadata\.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain/,
    );
    expect((await client().get(at('invalid'))).status).toBe(404);
  });

  check('a field of a wrong type: 422, but 500 without a reason when applied', async () => {
    const body = clusterBody('typed', {}, { paused: 'yes' });
    const words =
      'spec.paused: Invalid value: "string": spec.paused in body must be of type boolean: "string"';
    says(
      await client().call('POST', path, { body }),
      422,
      'Invalid',
      `Cluster.cluster.x-k8s.io "typed" is invalid: ${words}`,
    );
    const applied = await client().apply(at('typed'), body);
    says(applied, 500, undefined, /^failed to create typed patch object.*: \.spec\.paused: /);
  });

  check('a field with nothing in it: 422 from the schema, and in labels it is not there', async () => {
    const labels = clusterBody('nothing', { labels: null });
    const reply = await client().apply(at('nothing'), labels);
    expect([reply.status, reply.json.metadata.labels]).toEqual([201, undefined]);
    says(
      await client().apply(at('nothing'), clusterBody('nothing', {}, { paused: null })),
      422,
      'Invalid',
      /: spec\.paused: Invalid value: "null": spec\.paused in body must be of type boolean: "null"$/,
    );
  });

  check('an unknown field is never applied: 500 without a reason', async () => {
    for (const query of ['', 'fieldValidation=Strict']) {
      const reply = await client().apply(at('unknown'), clusterBody('unknown', {}, { foo: 1 }), query);
      says(
        reply,
        500,
        undefined,
        /^failed to create typed patch object.*: \.spec\.foo: field not declared in schema$/,
      );
    }
    expect((await client().get(at('unknown'))).status).toBe(404);
  });

  check('an unknown field of a create: by fieldValidation, where the release knows it', async context => {
    const post = (name: string, query: string) =>
      client().call('POST', `${path}?${query}`, { body: clusterBody(name, {}, { foo: 1 }) });
    const ignored = await post('ignored', 'fieldValidation=Ignore');
    expect([ignored.status, ignored.json.spec.foo, ignored.headers.warning]).toEqual([
      201,
      undefined,
      undefined,
    ]);
    context.skip(
      !server.validatesFields,
      'this kube-apiserver is older than 1.25: it has no fieldValidation',
    );
    const warned = await post('warned', 'fieldValidation=Warn');
    expect(warned.status).toBe(201);
    expect(warned.headers.warning).toBe('299 - "unknown field \\"spec.foo\\""');
    says(
      await post('strict', 'fieldValidation=Strict'),
      400,
      'BadRequest',
      /strict decoding error: unknown field "spec\.foo"$/,
    );
  });

  check('create: 201, then 409; a status is dropped without a word', async () => {
    const body = { ...clusterBody('posted'), status: { phase: 'Provisioned' } };
    const reply = await client().call('POST', path, { body });
    expect(reply.status, reply.text).toBe(201);
    expect(reply.json.status).toBeUndefined();
    says(
      await client().call('POST', path, { body }),
      409,
      'AlreadyExists',
      'clusters.cluster.x-k8s.io "posted" already exists',
    );
    const applied = await client().apply(at('posted-not'), {
      ...clusterBody('posted-not'),
      status: { phase: 'X' },
    });
    expect([applied.status, applied.json.status]).toEqual([201, undefined]);
  });

  check('dryRun=All: everything is checked, nothing is kept', async () => {
    const reply = await client().apply(at('dry'), clusterBody('dry'), 'dryRun=All');
    expect(reply.status, reply.text).toBe(201);
    expect(reply.json.metadata.uid).toBeTruthy();
    expect((await client().get(at('dry'))).status).toBe(404);
    expect((await client().apply(at('dry'), { ...clusterBody('dry'), spec: {} }, 'dryRun=All')).status).toBe(
      422,
    );
    await created('dry');
    const change = await client().apply(at('dry'), clusterBody('dry', {}, { paused: true }), 'dryRun=All');
    expect([change.status, change.json.spec.paused]).toEqual([200, true]);
    expect((await client().call('DELETE', `${at('dry')}?dryRun=All`)).status).toBe(200);
    expect((await client().get(at('dry'))).json.spec.paused).toBeUndefined();
    expect(
      (await client().apply(at('dry'), clusterBody('dry'), 'dryRun=Some')).status,
    ).toBeGreaterThanOrEqual(400);
  });

  check('status: a subresource of its own', async () => {
    const { metadata } = await created('status');
    const status = { phase: 'Provisioned', initialization: { infrastructureProvisioned: true } };
    const body = { spec: { paused: true }, status };
    const reply = await client().call('PATCH', `${at('status')}/status`, { type: mergeType, body });
    expect(reply.status, reply.text).toBe(200);
    expect(reply.json.status).toEqual(status);
    expect(reply.json.spec.paused).toBeUndefined();
    expect(reply.json.metadata.generation).toBe(1);
    expect(Number(reply.json.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion));
    const main = await client().call('PATCH', at('status'), {
      type: mergeType,
      body: { status: { phase: 'X' } },
    });
    expect([main.status, main.json.status]).toEqual([200, status]);
    // What says nothing new is no event to anybody.
    const again = await client().call('PATCH', `${at('status')}/status`, { type: mergeType, body });
    expect(again.json.metadata.resourceVersion).toBe(reply.json.metadata.resourceVersion);
    const patch = [{ op: 'replace', path: '/status/phase', value: 'Failed' }];
    const json = await client().call('PATCH', `${at('status')}/status`, { type: jsonType, body: patch });
    expect(json.json.status.phase).toBe('Failed');
    expect((await client().get(`${at('status')}/status`)).json.status.phase).toBe('Failed');
    expect((await client().call('PATCH', `${at('nobody')}/status`, { type: mergeType, body })).status).toBe(
      404,
    );
  });

  check('patches: merge and JSON, no strategic merge of custom resources', async () => {
    await created('patched', { annotations: { a: '1', b: '2' } });
    const patch = (type: string, body: unknown) => client().call('PATCH', at('patched'), { type, body });
    const merged = await patch(mergeType, { metadata: { annotations: { a: null, c: '3' } } });
    expect(merged.json.metadata.annotations).toEqual({ b: '2', c: '3' });
    const tested = [
      { op: 'test', path: '/metadata/annotations/b', value: '2' },
      { op: 'remove', path: '/metadata/annotations/b' },
    ];
    expect((await patch(jsonType, tested)).json.metadata.annotations).toEqual({ c: '3' });
    says(
      await patch(jsonType, tested),
      422,
      'Invalid',
      /the server rejected our request due to an error in our request/,
    );
    const wrong = [{ op: 'test', path: '/metadata/annotations/c', value: '4' }];
    expect((await patch(jsonType, wrong)).status).toBe(422);
    const step = (op: string, pointer: string, value?: unknown) =>
      patch(jsonType, [{ op, path: pointer, value }]);
    // In whatever order its fields are.
    const deployment = { replicas: 2, name: 'md-0', class: 'default-worker' };
    const first = '/spec/topology/workers/machineDeployments/0';
    expect((await step('test', first, deployment)).status).toBe(200);
    const blocks = '/spec/clusterNetwork/pods/cidrBlocks';
    const block = '10.7.0.0/16';
    for (const [op, end] of [
      ['add', ''],
      ['add', '2'],
      ['replace', '1'],
      ['remove', '1'],
    ] as const)
      expect((await step(op, `${blocks}/${end}`, block)).status, `${op} ${end}`).toBe(422);
    expect((await step('huh', `${blocks}/0`, block)).status).toBe(422);
    const longer = await step('add', `${blocks}/-`, block);
    expect(longer.json.spec.clusterNetwork).toEqual({ pods: { cidrBlocks: ['10.128.0.0/18', block] } });
    for (const type of ['application/strategic-merge-patch+json', 'application/json']) {
      says(
        await patch(type, {}),
        415,
        'UnsupportedMediaType',
        /^the body of the request was in an unknown format - accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml/,
      );
    }
    says(
      await patch(mergeType, { metadata: { resourceVersion: '1' } }),
      409,
      'Conflict',
      /the object has been modified/,
    );
    const nobody = await client().call('PATCH', at('nobody'), { type: mergeType, body: {} });
    says(nobody, 404, 'NotFound', 'clusters.cluster.x-k8s.io "nobody" not found');
  });

  check('PUT: only on top of the version that is there', async () => {
    const { metadata } = await created('put');
    const put = (more: object) => client().call('PUT', at('put'), { body: clusterBody('put', more) });
    says(
      await put({}),
      422,
      'Invalid',
      'clusters.cluster.x-k8s.io "put" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
    );
    const fresh = { resourceVersion: metadata.resourceVersion };
    const changed = await put({ ...fresh, labels: { a: 'b' } });
    expect([changed.status, changed.json.metadata.labels]).toEqual([200, { a: 'b' }]);
    says(
      await put({ ...fresh, labels: { a: 'c' } }),
      409,
      'Conflict',
      'Operation cannot be fulfilled on clusters.cluster.x-k8s.io "put": the object has been modified; please apply your changes to the latest version and try again',
    );
    const nobody = await client().call('PUT', at('nobody'), { body: clusterBody('nobody', fresh) });
    expect(nobody.status).toBe(404);
  });

  check('delete: with the right uid only, 404 afterwards', async () => {
    says(
      await client().call('DELETE', at('gone')),
      404,
      'NotFound',
      'clusters.cluster.x-k8s.io "gone" not found',
    );
    const { metadata } = await created('gone');
    const remove = (uid: string) => client().call('DELETE', at('gone'), { body: { preconditions: { uid } } });
    says(
      await remove('another'),
      409,
      'Conflict',
      `Operation cannot be fulfilled on Cluster.cluster.x-k8s.io "gone": the UID in the precondition (another) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
    const reply = await remove(metadata.uid);
    expect(reply.json).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'gone', uid: metadata.uid },
    });
    expect((await client().get(at('gone'))).status).toBe(404);
    expect((await created('gone')).metadata.uid).not.toBe(metadata.uid);
  });

  check('delete with a finalizer: marked, still there, no new finalizers, gone with the last', async () => {
    await created('held', { finalizers: ['example.com/one'] });
    const tried = await client().call('DELETE', `${at('held')}?dryRun=All`);
    expect(tried.json.metadata.deletionTimestamp).toBeTruthy();
    expect((await client().get(at('held'))).json.metadata.deletionTimestamp).toBeUndefined();
    const reply = await client().call('DELETE', at('held'));
    expect([reply.status, reply.json.kind]).toEqual([200, 'Cluster']);
    expect(reply.json.metadata.deletionTimestamp).toBeTruthy();
    const set = (finalizers: string[] | null) =>
      client().call('PATCH', at('held'), { type: mergeType, body: { metadata: { finalizers } } });
    expect((await client().get(at('held'))).json.metadata.deletionTimestamp).toBeTruthy();
    says(
      await set(['example.com/one', 'example.com/two']),
      422,
      'Invalid',
      /metadata\.finalizers: Forbidden: no new finalizers can be added if the object is being deleted/,
    );
    expect(reply.json.metadata.generation).toBe(2);
    says(
      await client().call('POST', path, { body: clusterBody('held') }),
      409,
      'AlreadyExists',
      'object is being deleted: clusters.cluster.x-k8s.io "held" already exists',
    );
    const again = await client().call('DELETE', at('held'));
    expect(again.json.metadata.resourceVersion).toBe(reply.json.metadata.resourceVersion);
    const { resourceVersion } = again.json.metadata;
    const watch = await client().watch(path, `resourceVersion=${resourceVersion}`);
    const last = await set(null);
    expect([last.status, last.json.metadata.finalizers]).toEqual([200, undefined]);
    expect((await client().get(at('held'))).status).toBe(404);
    // The last change was never kept: to a watch the object ends as it was before, under a new version.
    const [event] = await watch.until(all => all.length > 0);
    watch.stop();
    expect(event).toMatchObject({
      type: 'DELETED',
      object: { metadata: { finalizers: ['example.com/one'] } },
    });
    expect(Number(event?.object.metadata.resourceVersion)).toBeGreaterThan(Number(resourceVersion));
  });

  check('list: by label, by name, in pages of one state', async () => {
    for (const name of ['page-a', 'page-b', 'page-c'])
      await created(name, { labels: { kind: 'page', which: name } });
    const list = async (query: string) => (await client().get(`${path}?${query}`)).json;
    const names = (reply: { items: { metadata: { name: string } }[] }) =>
      reply.items.map(one => one.metadata.name);
    const pages = 'labelSelector=kind%3Dpage';
    expect(names(await list(pages))).toEqual(['page-a', 'page-b', 'page-c']);
    expect(names(await list('labelSelector=which+in+(page-a,page-c)'))).toEqual(['page-a', 'page-c']);
    expect(names(await list(`${pages},which!%3Dpage-a`))).toEqual(['page-b', 'page-c']);
    expect(names(await list('labelSelector=kind,!nothing'))).toEqual(['page-a', 'page-b', 'page-c']);
    expect(names(await list('fieldSelector=metadata.name%3Dpage-b'))).toEqual(['page-b']);
    const first = await list('limit=2');
    expect(first).toMatchObject({ kind: 'ClusterList', apiVersion: 'cluster.x-k8s.io/v1beta2' });
    expect(first.items).toHaveLength(2);
    expect(first.metadata.remainingItemCount).toBeGreaterThan(0);
    // With a selector nobody has counted.
    const few = await list(`limit=1&${pages}`);
    expect(few.metadata.continue).toBeTruthy();
    expect(few.metadata).not.toHaveProperty('remainingItemCount');
    await created('page-late');
    let token = first.metadata.continue ?? '';
    const rest: string[] = [];
    for (let i = 0; i < 50 && token !== ''; i++) {
      const page = await list(`limit=2&continue=${token}`);
      expect(page.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      rest.push(...names(page));
      token = page.metadata.continue ?? '';
    }
    expect(rest).toContain('page-c');
    expect(rest).not.toContain('page-late');
    says(await client().get(`${path}?limit=2&continue=nonsense`), 400, 'BadRequest', /continue/);
    says(
      await client().get(`${path}?resourceVersion=99999999`),
      504,
      'Timeout',
      /Too large resource version: 99999999, current: \d+/,
    );
  });

  check('watch: from a version on, by label, bookmarks, an end after timeoutSeconds', async () => {
    const { metadata } = (await client().get(path)).json;
    await created('watch-a', { labels: { watched: 'yes' } });
    const selected = `resourceVersion=${metadata.resourceVersion}&labelSelector=watched`;
    const watch = await client().watch(path, selected);
    expect(watch.status).toBe(200);
    await client().apply(at('watch-a'), clusterBody('watch-a', { labels: { watched: 'still' } }));
    await created('watch-unseen');
    await client().apply(at('watch-a'), clusterBody('watch-a'));
    await created('watch-b', { labels: { watched: 'yes' } });
    const deleted = await client().call('DELETE', at('watch-b'));
    expect(deleted.status).toBe(200);
    const events = await watch.until(all => all.length >= 5);
    watch.stop();
    expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual([
      'ADDED watch-a',
      'MODIFIED watch-a',
      // Its label is gone: to this watch, so is it.
      'DELETED watch-a',
      'ADDED watch-b',
      'DELETED watch-b',
    ]);
    // The last that it sees is the object as it was when it still had the label.
    const labels = events.map(({ object }) => object.metadata.labels?.watched);
    expect(labels).toEqual(['yes', 'still', 'still', 'yes', 'yes']);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(5);
    // On from the third event: only what came later.
    const more = await client().watch(
      path,
      `resourceVersion=${versions[2]}&labelSelector=watched&timeoutSeconds=1&allowWatchBookmarks=true`,
    );
    expect(await more.ended).toBe('end');
    expect(more.events.filter(({ type }) => type !== 'BOOKMARK').map(({ type }) => type)).toEqual([
      'ADDED',
      'DELETED',
    ]);
  });

  check('watch: without a version it begins with what is there', async () => {
    await created('there-already', { labels: { early: 'yes' } });
    const watch = await client().watch(path, 'labelSelector=early');
    await created('later', { labels: { early: 'yes' } });
    const events = await watch.until(all => all.length >= 2);
    watch.stop();
    expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual([
      'ADDED there-already',
      'ADDED later',
    ]);
  });

  check('watch: a version too old is an ERROR event with 410 and an end', async () => {
    const watch = await client().watch(path, 'resourceVersion=1');
    expect(watch.status).toBe(200);
    expect(await watch.ended).toBe('end');
    expect(watch.events).toMatchObject([
      {
        type: 'ERROR',
        object: {
          kind: 'Status',
          code: 410,
          reason: 'Expired',
          message: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/),
        },
      },
    ]);
  });

  check('watch: from a version to come, nothing of what is before it', async () => {
    const { metadata } = (await client().get(path)).json;
    const from = Number(metadata.resourceVersion) + 2;
    const watch = await client().watch(path, `resourceVersion=${from}&labelSelector=future`);
    const made = [];
    for (const name of ['future-a', 'future-b', 'future-c', 'future-d'])
      made.push(await created(name, { labels: { future: 'yes' } }));
    const expected = made.filter(one => Number(one.metadata.resourceVersion) > from);
    const events = await watch.until(all => all.some(({ object }) => object.metadata.name === 'future-d'));
    watch.stop();
    expect(events.map(({ object }) => object.metadata.name)).toEqual(expected.map(one => one.metadata.name));
    expect(expected.length).toBeLessThan(4);
  });

  check('a version that is none: 500 without a reason', async () => {
    const words = 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax';
    for (const query of ['resourceVersion=x', 'watch=true&resourceVersion=x'])
      says(await client().get(`${path}?${query}`), 500, undefined, words);
  });

  check('Secrets: created, read, with a strategic merge patch, and no generation', async () => {
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'x-kubeconfig', labels: { 'cluster.x-k8s.io/cluster-name': 'x' } },
      type: 'cluster.x-k8s.io/secret',
      stringData: { value: 'text' },
    };
    const made = await client().call('POST', secretsPath, { body });
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject({ type: 'cluster.x-k8s.io/secret', data: { value: 'dGV4dA==' } });
    expect(made.json.metadata.generation).toBeUndefined();
    const patched = await client().call('PATCH', `${secretsPath}/x-kubeconfig`, {
      type: 'application/strategic-merge-patch+json',
      body: { metadata: { annotations: { a: 'b' } } },
    });
    expect(patched.status, patched.text).toBe(200);
    expect((await client().get(`${secretsPath}/x-kubeconfig`)).json.metadata.annotations).toEqual({ a: 'b' });
  });

  check('rights: one verb each, and an apply that makes something needs `create` too', async () => {
    const token = await server.limited([
      { apiGroups: ['cluster.x-k8s.io'], resources: ['clusters'], verbs: ['get', 'patch'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['mine'] },
    ]);
    // A real server takes a moment to know of a new role.
    for (let i = 0; i < 100 && (await client().get(at('nobody'), token)).status === 403; i++)
      await new Promise(resolve => setTimeout(resolve, 100));
    expect((await client().get(at('nobody'), token)).status).toBe(404);
    const words = (name: string, verb: string) =>
      new RegExp(
        `^clusters\\.cluster\\.x-k8s\\.io${name} is forbidden: User "[^"]+" cannot ${verb} resource "clusters" in API group "cluster\\.x-k8s\\.io" in the namespace "dashbutton"$`,
      );
    says(await client().get(path, token), 403, 'Forbidden', words('', 'list'));
    says(await client().get(`${path}?watch=true`, token), 403, 'Forbidden', words('', 'watch'));
    says(
      await client().call('DELETE', at('nobody'), { token }),
      403,
      'Forbidden',
      words(' "nobody"', 'delete'),
    );
    says(
      await client().apply(at('limited'), clusterBody('limited'), '', token),
      403,
      'Forbidden',
      'clusters.cluster.x-k8s.io "limited" is forbidden: ',
    );
    await created('limited');
    expect((await client().apply(at('limited'), clusterBody('limited'), '', token)).status).toBe(200);
    const status = await client().call('PATCH', `${at('limited')}/status`, {
      type: mergeType,
      body: {},
      token,
    });
    says(status, 403, 'Forbidden', /cannot patch resource "clusters\/status"/);
    expect((await client().get(`${secretsPath}/mine`, token)).status).toBe(404);
    expect((await client().get(`${secretsPath}/yours`, token)).status).toBe(403);
    expect((await client().get(secretsPath, token)).status).toBe(403);
    expect((await client().get(capi, token)).status).toBe(200);
  });
});
