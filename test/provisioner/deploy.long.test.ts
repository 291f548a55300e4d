/** provisioner/deploy/ and provisioner/manifests/ against a real API server. What goes without is in deploy.test.ts. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { applyManifests } from '../../provisioner/src/kubernetes/apply.ts';
import { readManifests } from '../../provisioner/src/kubernetes/manifests.ts';
import { kubeInto } from '../../provisioner/src/kubernetes/new-cluster.ts';
import { fillIn } from '../../provisioner/src/kubernetes/placeholders.ts';
import { assetsFolder, startRealApiServer } from '../fixtures/kubernetes/real-api-server.ts';
import { patience } from '../fixtures/patience.ts';

const assets = assetsFolder();
const top = new URL('../../provisioner/', import.meta.url).pathname;

/** The manifests of a folder; not the settings, nor kustomize's file. */
const manifestsIn = (folder: string) =>
  readdirSync(join(top, folder))
    .filter(name => name.endsWith('.yaml') && !['lab.yaml', 'kustomization.yaml'].includes(name))
    .map(name => join(top, folder, name));

describe.skipIf(assets === undefined)('a real kube-apiserver (needs KUBEBUILDER_ASSETS)', () => {
  test(
    'knows every field of deploy/ and of manifests/',
    async ({ onTestFinished }) => {
      const server = await startRealApiServer(assets ?? '');
      onTestFinished(() => server.close());
      const client = kubeInto(server.kubeconfig);
      onTestFinished(() => client.close());
      const namespaces = join(top, 'deploy/namespaces.yaml');
      for (const path of [namespaces, ...manifestsIn('deploy'), ...manifestsIn('manifests')]) {
        const objects = fillIn(readManifests(path), { cluster: 'c-1', button: 'c', press: '1' });
        await applyManifests(client, objects, {}, new AbortController().signal);
      }
    },
    patience(80_000),
  );
});
