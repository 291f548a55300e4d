/** What only a real API server can show. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyManifests } from '../../provisioner/src/kubernetes/apply.ts';
import { clientFor, type KubernetesClient } from '../../provisioner/src/kubernetes/client.ts';
import type { Manifest } from '../../provisioner/src/kubernetes/manifests.ts';
import { nodesReady } from '../../provisioner/src/kubernetes/nodes.ts';
import { PlatformError } from '../../provisioner/src/platforms/platform.ts';
import { assetsFolder, type RealApiServer, startRealApiServer } from '../kubernetes/real-api-server.ts';

const assets = assetsFolder();
const never = new AbortController().signal;
const slowMs = 240_000;
const title = `a real kube-apiserver${assets === undefined ? ' (KUBEBUILDER_ASSETS names none)' : ''}`;

describe.skipIf(assets === undefined)(title, () => {
  let server: RealApiServer;
  let client: KubernetesClient;

  beforeAll(async () => {
    server = await startRealApiServer(assets ?? '');
    client = clientFor(server);
  }, slowMs);

  afterAll(async () => {
    await client?.close();
    await server?.close();
  }, slowMs);

  test('a token is as good as a certificate', async () => {
    const byToken = clientFor({ ...server, kubeconfig: server.tokenKubeconfig });
    expect(await nodesReady(byToken, never)).toEqual({ ready: 0, total: 0 });
    await byToken.close();
  });

  test('without rights: 403, for good', async () => {
    const stranger = clientFor({ ...server, kubeconfig: server.strangerKubeconfig });
    await expect(nodesReady(stranger, never)).rejects.toMatchObject({
      message: expect.stringMatching(/^nodes: 403: nodes is forbidden: User "stranger" cannot list/),
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

  test('a kind that the manifests define themselves', { timeout: slowMs }, async () => {
    const manifests = [gadget, definition];
    // The kind is served a moment after its definition was taken: until then the caller comes again.
    for (let tries = 0; ; tries++) {
      try {
        await applyManifests(client, manifests, {}, never);
        break;
      } catch (error) {
        if (!(error instanceof PlatformError && error.transient) || tries === 600) throw error;
        expect(error.message).toMatch(/^Gadget default\/one: /);
        await new Promise(resolve => setTimeout(resolve, 200));
      }
    }
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
