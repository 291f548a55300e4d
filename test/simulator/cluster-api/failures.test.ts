/** What can be made to go wrong, each on its own. */

import { expect, test } from 'vitest';
import { pause } from '../../fixtures/patience.ts';
import { clusterBody, clustersPath, eventually, type Reply } from './fixtures/client.ts';
import { condition, follow, reached, startLab } from './fixtures/cluster-api.ts';

const path = clustersPath();
const words = ({ status, json }: Reply) => [status, json.reason];

test('serverError, forbidden, unauthorized: before anything is done, for the calls that are meant', async () => {
  const { lab, client } = await startLab();
  const heal = lab.fail({
    kind: 'serverError',
    status: 503,
    retryAfterS: 3,
    resource: 'clusters',
    verb: 'patch',
  });
  const broken = await client.apply(`${path}/one`, clusterBody('one'));
  expect(words(broken)).toEqual([503, 'ServiceUnavailable']);
  expect(broken.headers['retry-after']).toBe('3');
  expect((await client.get(`${path}/one`)).status).toBe(404);
  heal();
  lab.fail({ kind: 'serverError', status: 429, times: 1 });
  expect(words(await client.get(path))).toEqual([429, 'TooManyRequests']);
  lab.fail({ kind: 'forbidden', path: '/api/v1/', times: 1 });
  expect((await client.get(path)).status).toBe(200);
  const secrets = await client.get('/api/v1/namespaces/dashbutton/secrets');
  expect(words(secrets)).toEqual([403, 'Forbidden']);
  expect(secrets.json.message).toMatch(
    /cannot list resource "secrets" in API group "" in the namespace "dashbutton"/,
  );
  lab.fail({ kind: 'unauthorized', times: 1 });
  expect(words(await client.get(path))).toEqual([401, 'Unauthorized']);
  expect((await client.get(path)).status).toBe(200);
  lab.fail({ kind: 'serverError' });
  lab.fail({ kind: 'forbidden' });
  lab.clearFailures();
  expect((await client.get(path)).status).toBe(200);
  expect(() => lab.fail({ kind: 'serverError', status: 404 })).toThrow(/429 or 500 to 599/);
  expect(() => lab.fail({ kind: 'drop', times: 0 })).toThrow(/1 or more/);
});

test('drop does nothing, lostAnswer does it all: neither is answered', async () => {
  const { lab, client } = await startLab();
  lab.fail({ kind: 'drop', times: 1, verb: 'patch' });
  await expect(client.apply(`${path}/one`, clusterBody('one'))).rejects.toThrow();
  expect((await client.get(`${path}/one`)).status).toBe(404);
  lab.fail({ kind: 'lostAnswer', times: 1, verb: 'patch' });
  await expect(client.apply(`${path}/one`, clusterBody('one'))).rejects.toThrow();
  expect((await client.get(`${path}/one`)).status).toBe(200);
});

test('slow: every answer later', async () => {
  const { lab, client } = await startLab();
  const answered: string[] = [];
  const get = (name: string) => client.get(`${path}/${name}`).then(() => answered.push(name));
  await get('before');
  lab.fail({ kind: 'slow', delayMs: 1_000, times: 1 });
  const slow = get('slow');
  await eventually(() => lab.requests().some(call => call.path === `${path}/slow`));
  await get('after');
  await slow;
  expect(answered).toEqual(['before', 'after', 'slow']);
});

test('blockCreate: a create waits, a change does not', async () => {
  const { lab, client } = await startLab();
  await client.apply(`${path}/one`, clusterBody('one'));
  const heal = lab.fail({ kind: 'blockCreate' });
  expect((await client.apply(`${path}/one`, clusterBody('one'))).status).toBe(200);
  expect((await client.apply(`${path}/two`, clusterBody('two'), 'dryRun=All')).status).toBe(201);
  let answered = false;
  const waiting = client.apply(`${path}/two`, clusterBody('two')).then(reply => {
    answered = true;
    return reply;
  });
  await eventually(() => lab.requests().filter(call => call.path === `${path}/two`).length === 2);
  expect((await client.get(`${path}/two`)).status).toBe(404);
  expect(answered).toBe(false);
  heal();
  expect((await waiting).status).toBe(201);
});

test('watchGone410: as an event, to open watches too; as a status', async () => {
  const { lab, client } = await startLab();
  const { resourceVersion } = (await client.get(path)).json.metadata;
  const from = `resourceVersion=${resourceVersion}`;
  const open = await client.watch(path, from);
  const heal = lab.fail({ kind: 'watchGone410' });
  expect(await open.ended).toBe('end');
  expect(open.events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  const next = await client.watch(path, from);
  expect(await next.ended).toBe('end');
  expect(next.events).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
  heal();
  lab.fail({ kind: 'watchGone410', as: 'status', times: 1 });
  expect(words(await client.get(`${path}?watch=true&${from}`))).toEqual([410, 'Expired']);
  const fine = await client.watch(path, from);
  await client.apply(`${path}/one`, clusterBody('one'));
  await fine.until(all => all.length > 0);
  expect(fine.events[0]?.type).toBe('ADDED');
  fine.stop();
});

test('compact: the past is gone for watches and pages, the present is not', async () => {
  const { lab, client } = await startLab({ controllers: false });
  const { resourceVersion } = (await client.get(path)).json.metadata;
  for (const name of ['one', 'two', 'three']) await client.apply(`${path}/${name}`, clusterBody(name));
  const page = (await client.get(`${path}?limit=1`)).json.metadata.continue;
  await client.apply(`${path}/four`, clusterBody('four'));
  lab.compact();
  const old = await client.watch(path, `resourceVersion=${resourceVersion}`);
  await old.ended;
  expect(old.events).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
  expect(words(await client.get(`${path}?limit=1&continue=${page}`))).toEqual([410, 'Expired']);
  const now = (await client.get(path)).json.metadata.resourceVersion;
  const watch = await client.watch(path, `resourceVersion=${now}`);
  await client.apply(`${path}/five`, clusterBody('five'));
  expect((await watch.until(all => all.length > 0))[0]).toMatchObject({
    type: 'ADDED',
    object: { metadata: { name: 'five' } },
  });
  watch.stop();
});

test('history: only so many changes can be resumed over', async () => {
  const { client } = await startLab({ controllers: false, historyLength: 3 });
  const { resourceVersion } = (await client.get(path)).json.metadata;
  for (const name of ['a', 'b', 'c', 'd']) await client.apply(`${path}/${name}`, clusterBody(name));
  const watch = async (version: number) => {
    const open = await client.watch(path, `resourceVersion=${version}&timeoutSeconds=1`);
    await open.ended;
    return open.events.map(({ type }) => type);
  };
  expect(await watch(Number(resourceVersion))).toEqual(['ERROR']);
  expect(await watch(Number(resourceVersion) + 1)).toEqual(['ADDED', 'ADDED', 'ADDED']);
});

test('cutWatches: nothing is lost by who resumes', async () => {
  const { lab, client } = await startLab({ controllers: false });
  let { resourceVersion } = (await client.get(path)).json.metadata;
  const heal = lab.fail({ kind: 'cutWatches', everyMs: 30 });
  const seen: string[] = [];
  const making = (async () => {
    for (let i = 0; i < 30; i++) await client.apply(`${path}/c-${i}`, clusterBody(`c-${i}`));
  })();
  let cuts = 0;
  for (; seen.length < 30 && cuts < 1000; cuts++) {
    const watch = await client.watch(path, `resourceVersion=${resourceVersion}`);
    expect(await watch.ended).toBe('error');
    for (const { object } of watch.events) {
      seen.push(object.metadata.name);
      resourceVersion = object.metadata.resourceVersion;
    }
  }
  await making;
  expect(cuts).toBeGreaterThan(1);
  expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => `c-${i}`));
  heal();
  lab.fail({ kind: 'cutWatches', everyMs: 20, how: 'end' });
  expect(await (await client.watch(path, `resourceVersion=${resourceVersion}`)).ended).toBe('end');
});

test('bookmarks: only for who asks, with the newest version also when others change', async () => {
  const { lab, client } = await startLab({ controllers: false, bookmarkEveryMs: 30 });
  const { resourceVersion } = (await client.get(path)).json.metadata;
  const [plain, marked] = [
    await client.watch(path, `resourceVersion=${resourceVersion}`),
    await client.watch(path, `resourceVersion=${resourceVersion}&allowWatchBookmarks=true`),
  ];
  expect(lab.openWatches()).toBe(2);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } };
  const { metadata } = (await client.call('POST', '/api/v1/namespaces/dashbutton/secrets', { body: secret }))
    .json;
  await marked.until(all => all.at(-1)?.object.metadata.resourceVersion === metadata.resourceVersion);
  expect(marked.events.at(-1)).toEqual({
    type: 'BOOKMARK',
    object: {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Cluster',
      metadata: { resourceVersion: metadata.resourceVersion },
    },
  });
  expect(plain.events).toEqual([]);
  plain.stop();
  marked.stop();
  await eventually(() => lab.openWatches() === 0);
});

test('controllerFails for good: Failed, a reason in both versions, and it stays so', async () => {
  const { lab, client } = await startLab();
  lab.fail({
    kind: 'controllerFails',
    at: 'controlPlane',
    reason: 'NoImage',
    message: 'no such image',
    cluster: 'one',
  });
  const seen = await follow(client, 'one', object => object.status?.phase === 'Failed');
  const last = seen.at(-1);
  expect(last?.status.deprecated).toMatchObject({
    v1beta1: { failureReason: 'NoImage', failureMessage: 'no such image' },
  });
  expect(condition(seen.at(-1) as never, 'ControlPlaneAvailable')).toMatchObject({
    status: 'False',
    reason: 'NoImage',
    message: 'no such image',
  });
  const old = (await client.get(`${clustersPath('v1beta1')}/one`)).json;
  expect(old.status).toMatchObject({
    failureReason: 'NoImage',
    failureMessage: 'no such image',
    phase: 'Failed',
  });
  expect(condition(old, 'Ready')).toMatchObject({ status: 'False', severity: 'Error', reason: 'NoImage' });
  await client.apply(`${path}/two`, clusterBody('two'));
  await reached(lab, 'two', 'ready');
  expect(lab.clusters()[0]).toMatchObject({ name: 'one', state: 'failed', apiUrl: undefined });
});

test('controllerFails for a while: the condition blocks, then it goes on', async () => {
  const { lab, client } = await startLab();
  const heal = lab.fail({ kind: 'controllerFails', at: 'workers', reason: 'QuotaExceeded', terminal: false });
  const seen = await follow(
    client,
    'one',
    object => condition(object, 'WorkersAvailable')?.reason === 'QuotaExceeded',
  );
  expect(seen.at(-1)?.status.phase).toBe('Provisioned');
  expect(lab.clusters()).toMatchObject([{ state: 'building' }]);
  heal();
  await reached(lab, 'one', 'ready');
  expect(condition((await client.get(`${path}/one`)).json, 'WorkersAvailable')?.status).toBe('True');
});

test('stuckFinalizer: deleted, and still there until it is healed', async () => {
  const { lab, client } = await startLab();
  await client.apply(`${path}/one`, clusterBody('one'));
  await reached(lab, 'one', 'ready');
  const heal = lab.fail({ kind: 'stuckFinalizer', cluster: 'one' });
  await client.call('DELETE', `${path}/one`);
  await reached(lab, 'one', 'deleting');
  await pause(100);
  expect((await client.get(`${path}/one`)).json.metadata.deletionTimestamp).toBeTruthy();
  heal();
  await eventually(async () => (await client.get(`${path}/one`)).status === 404);
});

test('pause: nothing answers and nothing is built; resume: on at the same address', async () => {
  const { lab, client } = await startLab({ speed: 200 });
  await client.apply(`${path}/one`, clusterBody('one'));
  const { resourceVersion } = (await client.get(path)).json.metadata;
  const watch = await client.watch(path, `resourceVersion=${resourceVersion}`);
  await lab.pause();
  expect(await watch.ended).toBe('error');
  await expect(client.get(path)).rejects.toThrow();
  // Twice as long as the whole build.
  await pause(1_600);
  expect(lab.clusters()).toMatchObject([{ state: 'building' }]);
  await lab.resume();
  await reached(lab, 'one', 'ready');
  expect((await client.get(`${path}/one`)).status).toBe(200);
});

test('requests are told, with the verb that RBAC knows; a revoked token is worthless', async () => {
  const { lab, client } = await startLab({ controllers: false });
  await client.apply(`${path}/one`, clusterBody('one'));
  const watch = await client.watch(path, '');
  watch.stop();
  await client.call('DELETE', `${path}/one`);
  expect(lab.requests().map(({ method, path: at, verb, resource }) => [method, at, verb, resource])).toEqual([
    ['PATCH', `${path}/one`, 'patch', 'clusters'],
    ['GET', path, 'watch', 'clusters'],
    ['DELETE', `${path}/one`, 'delete', 'clusters'],
  ]);
  lab.revoke(lab.token);
  expect(words(await client.get(path))).toEqual([401, 'Unauthorized']);
});

test('typedPatchStatus: for the day when Kubernetes answers 400 to an unknown field', async () => {
  const { client } = await startLab({ typedPatchStatus: 400 });
  const reply = await client.apply(`${path}/one`, clusterBody('one', {}, { foo: 1 }));
  expect(words(reply)).toEqual([400, 'BadRequest']);
});

test('impossible options are refused in words', async () => {
  await expect(startLab({ speed: 0 })).rejects.toThrow(/speed 0/);
  await expect(startLab({ addressPool: '10.0.0.0/8' })).rejects.toThrow(/not an IPv4 block inside 127/);
  await expect(startLab({ addressPool: '127.0.0.0/31' })).rejects.toThrow(/no room/);
});
