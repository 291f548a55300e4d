/** One list and one watch, whatever happens to them. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../../provisioner/src/kubernetes/objects.ts';
import { Store } from '../../../../provisioner/src/platforms/cluster-api/store.ts';
import type { WatcherOptions } from '../../../../provisioner/src/platforms/cluster-api/watcher.ts';
import { pause } from '../../../fixtures/patience.ts';
import { WatchedList, watch } from '../fixtures/cluster-api-list.ts';
import { type AtEnd, errorOf, eventually, never } from '../fixtures/cluster-api-server.ts';

async function started(options: WatcherOptions = {}, atEnd?: AtEnd) {
  const list = await WatchedList.start(atEnd);
  list.set('kate-1');
  const kube = list.server.kube();
  const watcher = watch(kube, options, atEnd);
  await watcher.ready(never);
  await eventually(() => list.open === 1);
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
  await eventually(() => list.open === 1);
  list.set('kate-2', { paused: true });
  list.set('kate-1', { paused: true });
  await eventually(() => watcher.get('kate-1')?.spec?.paused === true);
  list.delete('kate-1');
  await eventually(() => watcher.get('kate-1') === undefined);
  expect(namesOf(watcher.all())).toEqual(['kate-2']);
  for (let i = 0; i < 300; i++) list.set(`many-${i}`);
  await eventually(() => watcher.all().length === 301);
  expect(kube.requests()).toEqual({ list: 1, watch: 1 });
  expect(watcher.trouble()).toBeUndefined();
});

test.each(['end', 'cut', 'half'] as const)('a watch that ends goes on where it was: %s', async how => {
  const { list, kube, watcher } = await started();
  list.bookmark();
  for (let round = 0; round < 4; round++) {
    list.end(how);
    list.set(`while-away-${round}`);
    await eventually(() => watcher.get(`while-away-${round}`) !== undefined);
    list.set(`back-${round}`);
    await eventually(() => watcher.get(`back-${round}`) !== undefined);
  }
  expect(kube.requests()).toEqual({ list: 1, watch: 5 });
  const from = list.server.asked.map(({ url }) => url.searchParams.get('resourceVersion'));
  expect(from).toEqual([null, '11', '12', '14', '16', '18']);
});

test('a bookmark moves on where the next watch begins', async () => {
  const { list, watcher } = await started();
  list.bookmark();
  list.bookmark();
  list.set('kate-2');
  await eventually(() => watcher.get('kate-2') !== undefined);
  list.bookmark();
  list.end();
  await eventually(() => list.open === 1);
  expect(list.server.asked.at(-1)?.url.searchParams.get('resourceVersion')).toBe('15');
});

test.each([false, true])('a forgotten moment is listed anew, in a line: %s', async inLine => {
  const { list, kube, names } = await started();
  list.bookmark();
  list.saysInLine = inLine;
  list.end();
  list.set('kate-2');
  list.delete('kate-1');
  list.forget();
  await eventually(() => names().join() === 'kate-2');
  await eventually(() => list.open === 1);
  expect(kube.requests()).toEqual({ list: 2, watch: 3 });
});

test('a watch that ended in order and said nothing proves nothing: listed anew, and not without pause', async () => {
  const { list, kube, watcher } = await started();
  list.isDumb = true;
  list.set('kate-2'); // nobody is told: the server's moment is before ours
  list.end();
  await eventually(() => watcher.get('kate-2') !== undefined);
  list.set('kate-3');
  list.end();
  await eventually(() => watcher.get('kate-3') !== undefined);
  expect(kube.requests().list).toBeLessThan(6);
});

test('all is listed again after some minutes, whatever the watch says', async () => {
  let nowMs = 0;
  const { list, kube, watcher } = await started({ now: () => nowMs, relistMs: 60_000 });
  const again = async () => {
    list.bookmark();
    list.end();
    await eventually(() => list.open === 1 && watcher.trouble() === undefined);
  };
  nowMs = 59_000;
  await again();
  expect(kube.requests().list).toBe(1);
  nowMs = 60_000;
  await again();
  expect(kube.requests().list).toBe(2);
});

test('a watch that is refused is listed anew', async () => {
  const { list, kube, watcher } = await started({ maxPauseMs: 300 });
  list.watchStatus = 400;
  list.end();
  await eventually(() => (kube.requests().list ?? 0) >= 3);
  list.watchStatus = 0;
  await eventually(() => list.open === 1);
  expect(watcher.trouble()).toBeUndefined();
});

test('a server that is down: the store gets old, says so, and is listed again, as it may have come back older', async () => {
  let nowMs = 0;
  const { list, kube, watcher } = await started({ now: () => nowMs });
  list.status = 503;
  list.end();
  await eventually(() => {
    nowMs += 1_000;
    return watcher.trouble() !== undefined;
  });
  const trouble = watcher.trouble();
  expect(trouble?.message).toMatch(
    /^the management cluster is not followed, for \d+ s: list clusters\..*: 503: as the/,
  );
  expect(trouble?.transient).toBe(true);
  expect(watcher.get('kate-1')).toBeDefined();
  list.set('kate-2');
  list.status = 0;
  await eventually(() => watcher.get('kate-2') !== undefined);
  expect(watcher.trouble()).toBeUndefined();
  const { list: lists = 0, watch: watches = 0 } = kube.requests();
  expect(lists + watches).toBeLessThan(12); // it waits longer each time
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
  await eventually(async () =>
    watcher.ready(never).then(
      () => true,
      () => false,
    ),
  );
  expect(watcher.trouble()).toBeUndefined();
});

describe('what takes its time, all at once', () => {
  test.concurrent('a connection of which the other end has vanished is noticed, and the store is as old as its last word', async ({
    onTestFinished,
  }) => {
    let nowMs = 0;
    const { list, watcher } = await started({ watchSeconds: 1, now: () => nowMs }, onTestFinished);
    list.isDumb = true;
    list.end();
    await eventually(() => list.open === 1);
    list.set('kate-2'); // nobody is told
    nowMs = 20_000;
    // The server has the watch open before we know that it has.
    await eventually(() => watcher.trouble() === undefined);
    nowMs = 40_000;
    expect(watcher.trouble()).toBeUndefined();
    // Not before its time, and then at once: what a watch shows that ends in order is fresh.
    await eventually(() => watcher.trouble() !== undefined);
    expect(watcher.trouble()?.message).toMatch(/, for [24]0 s: watch .* not complete within 6 s/);
    list.isDumb = false;
    list.end('cut');
    await eventually(() => watcher.get('kate-2') !== undefined);
    expect(watcher.trouble()).toBeUndefined();
  });

  test.concurrent.for([
    'no event',
    '{"type":"MODIFIED","object":{}}',
  ])('a watch that brings only garbage goes on some times, then is listed anew: %s', async (garbage, {
    onTestFinished,
  }) => {
    const { list, kube, watcher } = await started({ maxPauseMs: 300 }, onTestFinished);
    list.garbage = garbage;
    list.bookmark();
    list.end();
    await eventually(() => (kube.requests().list ?? 0) >= 2);
    expect(kube.requests().watch).toBeGreaterThanOrEqual(6);
    list.garbage = '';
    list.set('kate-2');
    await eventually(() => watcher.get('kate-2') !== undefined);
  });

  test.concurrent('a server that ends each watch at once is not asked without pause', async ({
    onTestFinished,
  }) => {
    const { list, kube } = await started({}, onTestFinished);
    const endAll = setInterval(() => list.end(), 5);
    await pause(700);
    clearInterval(endAll);
    expect(kube.requests().watch).toBeLessThan(10);
  });

  test.concurrent('stopped, it is silent', async ({ onTestFinished }) => {
    const { list, kube, watcher } = await started({}, onTestFinished);
    await watcher.stop();
    await eventually(() => list.open === 0);
    const before = kube.requests();
    await pause(500);
    expect(kube.requests()).toEqual(before);
    expect((await errorOf(watcher.ready(never))).message).toContain('closed');
  });
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
