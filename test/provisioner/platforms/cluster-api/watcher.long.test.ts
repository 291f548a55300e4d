/** One list and one watch, on a real API server. */
import { cpSync, renameSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { managementKube } from '../../../../provisioner/src/kubernetes/login.ts';
import type { KubeObject } from '../../../../provisioner/src/kubernetes/objects.ts';
import {
  assetsFolder,
  type RealApiServer,
  startRealApiServer,
} from '../../../fixtures/kubernetes/real-api-server.ts';
import { patience, pause } from '../../../fixtures/patience.ts';
import { watch } from '../fixtures/cluster-api-list.ts';
import { accessOf, eventually, never } from '../fixtures/cluster-api-server.ts';

const assets = assetsFolder();
const options = { timeout: patience(60_000) };

describe.skipIf(assets === undefined)('a real kube-apiserver (needs KUBEBUILDER_ASSETS)', () => {
  const maps = '/api/v1/namespaces/default/configmaps';
  let server: RealApiServer;

  beforeAll(async () => {
    server = await startRealApiServer(assets ?? '');
  }, options.timeout);

  afterAll(async () => {
    await server?.close();
  }, options.timeout);

  test('connections cut again and again: nothing is missed', options, async () => {
    const direct = managementKube({ access: accessOf(server.kubeconfig) });
    onTestFinished(() => direct.close());
    await eventually(async () => (await direct.get('/api/v1/namespaces/default', never)) !== undefined);
    const front = await startFront(Number(new URL(server.server).port));
    const text = server.kubeconfig.replace(server.server, `https://127.0.0.1:${front.port}`);
    const kube = managementKube({ access: accessOf(text) });
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
      await pause(100);
    }
    clearInterval(cutting);
    const expected = (await direct.list(maps, never)).items;
    const plain = (objects: readonly KubeObject[]) =>
      objects.map(({ metadata, data }) => [metadata.name, metadata.resourceVersion, data]).sort();
    await eventually(() => JSON.stringify(plain(watcher.all())) === JSON.stringify(plain(expected)));
    expect(kube.requests().watch).toBeGreaterThan(5);
  });

  test(
    'etcd restored from an older copy: what is there now is seen, though the server says nothing of it',
    options,
    async () => {
      const direct = managementKube({ access: accessOf(server.kubeconfig) });
      onTestFinished(() => direct.close());
      const map = (name: string): KubeObject => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'default' },
      });
      const data = join(server.folder, 'data');
      await server.halt();
      cpSync(data, `${data}-copy`, { recursive: true });
      await server.resume();
      for (let i = 0; i < 100; i++) await direct.apply(`${maps}/lost-${i}`, map(`lost-${i}`), never);
      const kube = managementKube({ access: accessOf(server.kubeconfig) });
      onTestFinished(() => kube.close());
      const watcher = watch(kube, { path: async () => maps });
      await watcher.ready(never);
      await eventually(() => watcher.get('lost-99') !== undefined);
      await server.halt();
      rmSync(data, { recursive: true });
      renameSync(`${data}-copy`, data);
      await server.resume();
      // Its version is before the moment up to which the watch has come.
      await direct.apply(`${maps}/found`, map('found'), never);
      await eventually(
        () => watcher.get('found') !== undefined && watcher.get('lost-99') === undefined,
        10_000,
      );
    },
  );

  test('the server ends watches in time, and the next one begins at a fresh moment', options, async () => {
    const kube = managementKube({ access: accessOf(server.kubeconfig) });
    onTestFinished(() => kube.close());
    const watcher = watch(kube, { path: async () => maps, watchSeconds: 8 });
    await watcher.ready(never);
    // Its bookmark comes two seconds before the end.
    await eventually(() => (kube.requests().watch ?? 0) >= 2, 30_000);
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
