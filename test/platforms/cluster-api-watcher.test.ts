/** One list and one watch, whatever happens to them. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Kube } from '../../provisioner/src/platforms/cluster-api/kube.ts';
import type { KubeObject } from '../../provisioner/src/platforms/cluster-api/objects.ts';
import { Store } from '../../provisioner/src/platforms/cluster-api/store.ts';
import { ClusterWatcher, type WatcherOptions } from '../../provisioner/src/platforms/cluster-api/watcher.ts';
import { assetsFolder, type RealApiServer, startRealApiServer } from '../kubernetes/real-api-server.ts';
import { listPath, WatchedList } from './cluster-api-list.ts';
import { accessOf, errorOf, never, until } from './cluster-api-server.ts';

function watch(kube: Kube, options: WatcherOptions = {}): ClusterWatcher {
  const watcher = new ClusterWatcher(kube, 'lab', {
    path: async () => listPath,
    random: () => 0,
    ...options,
  });
  onTestFinished(() => watcher.stop());
  return watcher;
}

async function started(options: WatcherOptions = {}) {
  const list = await WatchedList.start();
  list.set('kate-1');
  const kube = list.server.kube();
  const watcher = watch(kube, options);
  await watcher.ready(never);
  await until(() => list.open === 1);
  return { list, kube, watcher, names: () => namesOf(watcher.all()) };
}

const namesOf = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort();

test('lists once, then only watches; nothing before it is asked for', async () => {
  const list = await WatchedList.start();
  list.set('kate-1');
  const kube = list.server.kube();
  const watcher = watch(kube);
  expect(watcher.trouble()?.message).toContain('no answer yet');
  expect(kube.requests()).toEqual({});
  await Promise.all([watcher.ready(never), watcher.ready(never)]);
  expect(namesOf(watcher.all())).toEqual(['kate-1']);
  await until(() => list.open === 1);
  list.set('kate-2', { paused: true });
  list.set('kate-1', { paused: true });
  await until(() => watcher.get('kate-1')?.spec?.paused === true);
  list.delete('kate-1');
  await until(() => watcher.get('kate-1') === undefined);
  expect(namesOf(watcher.all())).toEqual(['kate-2']);
  for (let i = 0; i < 300; i++) list.set(`many-${i}`);
  await until(() => watcher.all().length === 301);
  expect(kube.requests()).toEqual({ list: 1, watch: 1 });
  expect(watcher.trouble()).toBeUndefined();
});

test.each(['end', 'cut', 'half'] as const)('a watch that ends goes on where it was: %s', async how => {
  const { list, kube, watcher } = await started();
  for (let round = 0; round < 4; round++) {
    list.end(how);
    list.set(`while-away-${round}`);
    await until(() => watcher.get(`while-away-${round}`) !== undefined);
    list.set(`back-${round}`);
    await until(() => watcher.get(`back-${round}`) !== undefined);
  }
  expect(kube.requests()).toEqual({ list: 1, watch: 5 });
  const from = list.server.asked.map(({ url }) => url.searchParams.get('resourceVersion'));
  expect(from).toEqual([null, '11', '11', '13', '15', '17'].slice(0, 6));
});

test('a bookmark moves on where the next watch begins', async () => {
  const { list, watcher } = await started();
  list.bookmark();
  list.bookmark();
  list.set('kate-2');
  await until(() => watcher.get('kate-2') !== undefined);
  list.bookmark();
  list.end();
  await until(() => list.open === 1);
  expect(list.server.asked.at(-1)?.url.searchParams.get('resourceVersion')).toBe('15');
});

test.each([false, true])('a forgotten moment is listed anew, in a line: %s', async inLine => {
  const { list, kube, names } = await started();
  list.saysInLine = inLine;
  list.end();
  list.set('kate-2');
  list.delete('kate-1');
  list.forget();
  await until(() => names().join() === 'kate-2');
  await until(() => list.open === 1);
  expect(kube.requests()).toEqual({ list: 2, watch: 3 });
});

test('a watch that is refused is listed anew', async () => {
  const { list, kube, watcher } = await started({ maxPauseMs: 300 });
  list.watchStatus = 400;
  list.end();
  await until(() => (kube.requests().list ?? 0) >= 3);
  list.watchStatus = 0;
  await until(() => list.open === 1);
  expect(watcher.trouble()).toBeUndefined();
});

test.each([
  'no event',
  '{"type":"MODIFIED","object":{}}',
])('a watch that brings only garbage goes on some times, then is listed anew: %s', async garbage => {
  const { list, kube, watcher } = await started({ maxPauseMs: 300 });
  list.garbage = garbage;
  list.end();
  await until(() => (kube.requests().list ?? 0) >= 2);
  expect(kube.requests().watch).toBeGreaterThanOrEqual(6);
  list.garbage = '';
  list.set('kate-2');
  await until(() => watcher.get('kate-2') !== undefined);
});

test('a server that is down: the store gets old, says so, and is followed again without a list', async () => {
  const { list, kube, watcher } = await started({ maxAgeMs: 300 });
  list.status = 503;
  list.end();
  await until(() => watcher.trouble() !== undefined);
  const trouble = watcher.trouble();
  expect(trouble?.message).toMatch(
    /^the management cluster is not followed, for \d+ s: watch clusters\..*: 503: as the/,
  );
  expect(trouble?.transient).toBe(true);
  expect(watcher.get('kate-1')).toBeDefined();
  list.set('kate-2');
  list.status = 0;
  await until(() => watcher.get('kate-2') !== undefined);
  expect(watcher.trouble()).toBeUndefined();
  expect(kube.requests().watch).toBeLessThan(12); // it waits longer each time
});

test('no first list: who waits is told, and it goes on trying', async () => {
  const list = await WatchedList.start();
  list.status = 403;
  const watcher = watch(list.server.kube());
  const error = await errorOf(watcher.ready(never));
  expect(error.message).toContain('list clusters.cluster.x-k8s.io in namespace lab: 403');
  expect(error.transient).toBe(false);
  expect(watcher.trouble()).toMatchObject({ transient: false, message: expect.stringContaining('403') });
  const giveUp = new AbortController();
  const given = errorOf(watcher.ready(giveUp.signal));
  giveUp.abort();
  expect((await given).message).toContain('given up');
  list.status = 0;
  await until(async () =>
    watcher.ready(never).then(
      () => true,
      () => false,
    ),
  );
  expect(watcher.trouble()).toBeUndefined();
});

test('a connection of which the other end has vanished is noticed, and the store is as old as its last word', async () => {
  const { list, watcher } = await started({ watchSeconds: 1, maxAgeMs: 3_000 });
  list.isDumb = true;
  list.end();
  await until(() => list.open === 1);
  const dialled = Date.now();
  list.set('kate-2'); // nobody is told
  expect(watcher.trouble()).toBeUndefined();
  await until(() => watcher.trouble() !== undefined);
  expect(Date.now() - dialled).toBeGreaterThan(4_000); // 1 s and 5 s of grace; a loaded machine takes longer
  list.isDumb = false;
  list.end('cut');
  await until(() => watcher.get('kate-2') !== undefined);
  expect(watcher.trouble()).toBeUndefined();
});

test('a server that ends each watch at once is not asked without pause', async () => {
  const { list, kube } = await started();
  const endAll = setInterval(() => list.end(), 5);
  await new Promise(resolve => setTimeout(resolve, 1_500));
  clearInterval(endAll);
  expect(kube.requests().watch).toBeLessThan(10);
});

test('stopped, it is silent', async () => {
  const { list, kube, watcher } = await started();
  await watcher.stop();
  await until(() => list.open === 0);
  const before = kube.requests();
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(kube.requests()).toEqual(before);
  expect((await errorOf(watcher.ready(never))).message).toContain('closed');
});

describe('what we have just written', () => {
  const at = (version: string, name = 'a'): KubeObject => ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name, resourceVersion: version },
  });
  const versionOf = (store: Store) => store.get('a')?.metadata.resourceVersion;

  test('counts until the watch has come as far', () => {
    const store = new Store();
    store.replace([at('5')], '9', store.begin());
    store.note(at('12'));
    expect(versionOf(store)).toBe('12');
    expect(store.all().map(({ metadata }) => metadata.resourceVersion)).toEqual(['12']);
    store.take({ type: 'MODIFIED', object: at('10') });
    expect(versionOf(store)).toBe('12');
    store.take({ type: 'MODIFIED', object: at('13') });
    expect(versionOf(store)).toBe('13');
    store.note(at('12')); // an answer that comes late
    expect(versionOf(store)).toBe('13');
  });

  test('is gone with another event, a bookmark, or a later list', () => {
    const store = new Store();
    store.note(at('12'));
    store.take({ type: 'DELETED', object: at('13') });
    expect(store.get('a')).toBeUndefined();
    store.note(at('14'));
    store.take({ type: 'BOOKMARK', resourceVersion: '100' });
    expect(store.get('a')).toBeUndefined();
    store.note(at('102'));
    store.replace([], '50', store.begin()); // whatever its number: the list began afterwards
    expect(store.get('a')).toBeUndefined();
    const begun = store.begin();
    store.note(at('103'));
    store.replace([], '102', begun); // this one began before
    expect(versionOf(store)).toBe('103');
    store.note(at('no number', 'b'));
    expect(store.get('b')).toBeUndefined();
  });

  test('is kept without the list of who set which field', () => {
    const store = new Store();
    const managed = { ...at('5'), metadata: { ...at('5').metadata, managedFields: [{}] } };
    store.replace([managed], '9', store.begin());
    expect(store.get('a')?.metadata).not.toHaveProperty('managedFields');
  });
});

const assets = assetsFolder();
const slowMs = 240_000;
const title = `a real kube-apiserver${assets === undefined ? ' (KUBEBUILDER_ASSETS names none)' : ''}`;

describe.skipIf(assets === undefined)(title, () => {
  const maps = '/api/v1/namespaces/default/configmaps';
  let server: RealApiServer;

  beforeAll(async () => {
    server = await startRealApiServer(assets ?? '');
  }, slowMs);

  afterAll(async () => {
    await server?.close();
  }, slowMs);

  test('connections cut again and again: nothing is missed, and nothing listed twice', {
    timeout: slowMs,
  }, async () => {
    const direct = new Kube({ access: accessOf(server.kubeconfig) });
    onTestFinished(() => direct.close());
    await until(async () => (await direct.get('/api/v1/namespaces/default', never)) !== undefined);
    const front = await startFront(Number(new URL(server.server).port));
    const text = server.kubeconfig.replace(server.server, `https://127.0.0.1:${front.port}`);
    const kube = new Kube({ access: accessOf(text) });
    onTestFinished(() => kube.close());
    const watcher = watch(kube, { path: async () => maps });
    await watcher.ready(never);
    const cutting = setInterval(front.cut, 300);
    const apply = (name: string, data: Record<string, string>) => {
      const metadata = { name, namespace: 'default' };
      return direct.apply(`${maps}/${name}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, never);
    };
    for (let i = 0; i < 30; i++) {
      const { metadata } = await apply(`map-${i}`, { a: '1' });
      await apply(`map-${i}`, { a: '2' });
      if (i % 3 === 0) await direct.remove(`${maps}/map-${i}`, { uid: metadata.uid ?? '' }, never);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    clearInterval(cutting);
    const expected = (await direct.list(maps, never)).items;
    const plain = (objects: readonly KubeObject[]) =>
      objects.map(({ metadata, data }) => [metadata.name, metadata.resourceVersion, data]).sort();
    await until(() => JSON.stringify(plain(watcher.all())) === JSON.stringify(plain(expected)));
    expect(kube.requests().list).toBe(1);
    expect(kube.requests().watch).toBeGreaterThan(5);
  });

  test('the server ends watches in time, and the next one begins at a fresh moment', {
    timeout: slowMs,
  }, async () => {
    const kube = new Kube({ access: accessOf(server.kubeconfig) });
    onTestFinished(() => kube.close());
    const watcher = watch(kube, { path: async () => maps, watchSeconds: 3 });
    await watcher.ready(never);
    await until(() => (kube.requests().watch ?? 0) >= 3, 60_000);
    expect(kube.requests().list).toBe(1);
    expect(watcher.trouble()).toBeUndefined();
  });
});

/** TCP in front of a server, of which all connections can be cut. */
async function startFront(target: number) {
  const sockets = new Set<Socket>();
  const front = createServer(client => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    front.close();
  });
  return { port: (front.address() as AddressInfo).port, cut };
}
