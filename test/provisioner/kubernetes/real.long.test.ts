/** What the provisioner does in a new cluster, on a real API server, and what only that can show. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlatformError } from '../../../provisioner/src/common/platform.ts';
import { applyManifests } from '../../../provisioner/src/kubernetes/apply.ts';
import type { Kube } from '../../../provisioner/src/kubernetes/kube.ts';
import type { Manifest } from '../../../provisioner/src/kubernetes/manifests.ts';
import { kubeInto } from '../../../provisioner/src/kubernetes/new-cluster.ts';
import { nodesReady } from '../../../provisioner/src/kubernetes/nodes.ts';
import { askReady } from '../../../provisioner/src/kubernetes/ready.ts';
import { realCluster } from '../../fixtures/kubernetes/clusters.ts';
import {
  assetsFolder,
  type RealApiServer,
  startRealApiServer,
} from '../../fixtures/kubernetes/real-api-server.ts';
import { patience, until } from '../../fixtures/patience.ts';
import { newCluster } from './fixtures/new-cluster.ts';

const assets = assetsFolder();
const never = new AbortController().signal;
const options = { timeout: patience(60_000) };

describe.skipIf(assets === undefined)('a new cluster, really (needs KUBEBUILDER_ASSETS)', () => {
  newCluster(() => realCluster(assets ?? ''));
});

describe.skipIf(assets === undefined)('a real kube-apiserver (needs KUBEBUILDER_ASSETS)', () => {
  let server: RealApiServer;
  let client: Kube;

  beforeAll(async () => {
    server = await startRealApiServer(assets ?? '');
    client = kubeInto(server.kubeconfig);
  }, options.timeout);

  afterAll(async () => {
    await client?.close();
    await server?.close();
  }, options.timeout);

  test('a token is as good as a certificate', async () => {
    const byToken = kubeInto(server.tokenKubeconfig);
    expect(await nodesReady(byToken, never)).toEqual({ ready: 0, total: 0 });
    await byToken.close();
  });

  test('is ready for whoever it knows, and for nobody else', async () => {
    const ask = (kubeconfig: string) => askReady({ kubeconfig }, never);
    expect(await ask(server.kubeconfig)).toBeUndefined();
    expect(await ask(server.strangerKubeconfig)).toBeUndefined();
    const unknown = server.strangerKubeconfig.replace(/token: \S+/, 'token: unknown');
    expect(await ask(unknown)).toBe("the kubeconfig's login is not accepted (401)");
    const below = server.kubeconfig.replace(/(server: \S+)/, '$1/below');
    expect(await ask(below)).toBe('readyz is not served, and / says 404');
  });

  test('without rights: 403, for good', async () => {
    const stranger = kubeInto(server.strangerKubeconfig);
    await expect(nodesReady(stranger, never)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^nodes: 403: may not list nodes: the user in the cluster's kubeconfig has to be/,
      ),
      transient: false,
    });
    await stranger.close();
  });

  test('a mistyped field is refused for good and named', async () => {
    const mistyped: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', namespace: 'default' },
      dada: { a: '1' },
    };
    await expect(applyManifests(client, [mistyped], {}, never)).rejects.toMatchObject({
      message: expect.stringContaining('.dada: field not declared in schema'),
      transient: false,
    });
  });

  test('a kind that the manifests define themselves', options, async () => {
    const manifests = [gadget, definition];
    // The kind is served a moment after its definition was taken: until then the caller comes again.
    const isApplied = async () => {
      try {
        await applyManifests(client, manifests, {}, never);
        return true;
      } catch (error) {
        if (!(error instanceof PlatformError && error.transient)) throw error;
        expect(error.message).toMatch(/^Gadget default\/one: /);
        return false;
      }
    };
    await until(isApplied, 'the kind is served', 30_000);
    await applyManifests(client, manifests, {}, never);
  });
});

const gadget: Manifest = {
  apiVersion: 'example.net/v1',
  kind: 'Gadget',
  metadata: { name: 'one', namespace: 'default' },
  spec: { size: 3 },
};

const definition: Manifest = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.example.net' },
  spec: {
    group: 'example.net',
    scope: 'Namespaced',
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};
