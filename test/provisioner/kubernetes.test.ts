/** What the provisioner does in a new cluster: the same on a simulated API server and on a real one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyManifests, fieldManager } from '../../provisioner/src/kubernetes/apply.ts';
import { clientFor, KubernetesClient } from '../../provisioner/src/kubernetes/client.ts';
import { credentialsOf } from '../../provisioner/src/kubernetes/kubeconfig.ts';
import { type Manifest, readManifests } from '../../provisioner/src/kubernetes/manifests.ts';
import { nodesReady } from '../../provisioner/src/kubernetes/nodes.ts';
import { fillIn } from '../../provisioner/src/kubernetes/placeholders.ts';
import { PlatformError } from '../../provisioner/src/platforms/platform.ts';
import { clusters, type TestCluster } from '../kubernetes/clusters.ts';

const never = new AbortController().signal;
const slowMs = 240_000;

/** The error of a promise that has to be rejected. */
async function failureOf(promise: Promise<unknown>): Promise<PlatformError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PlatformError);
  return error as PlatformError;
}

const namespace = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const configMap = (name: string, data: Record<string, string>, inNamespace = 'default'): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: inNamespace },
  data,
});
const mapPath = (name: string, inNamespace = 'default') =>
  `/api/v1/namespaces/${inNamespace}/configmaps/${name}`;

for (const { name, start } of clusters) {
  describe.skipIf(start === undefined)(name, () => {
    let cluster: TestCluster;
    let client: KubernetesClient;

    beforeAll(async () => {
      if (start === undefined) return;
      cluster = await start();
      client = clientFor(cluster.access);
    }, slowMs);

    afterAll(async () => {
      await client?.close();
      await cluster?.close();
    }, slowMs);

    const apply = (...manifests: Manifest[]) => applyManifests(client, manifests, {}, never);

    test('counts the nodes that are Ready, over several pages too', { timeout: slowMs }, async () => {
      await cluster.setNodes([]);
      expect(await nodesReady(client, never)).toEqual({ ready: 0, total: 0 });
      await cluster.setNodes([true, false, true]);
      expect(await nodesReady(client, never)).toEqual({ ready: 2, total: 3 });
      await cluster.setNodes(Array.from({ length: 230 }, (_, i) => i % 10 !== 0));
      expect(await nodesReady(client, never)).toEqual({ ready: 207, total: 230 });
    });

    test('applies the example, and applying it again changes nothing', async () => {
      const values = { cluster: 'door-7', button: 'door', press: '7' };
      const manifests = fillIn(readManifests('provisioner/manifests/isolation.yaml'), values);
      await apply(...manifests);
      const paths = [
        '/api/v1/namespaces/team',
        '/apis/networking.k8s.io/v1/namespaces/team/networkpolicies/default-deny',
        '/apis/networking.k8s.io/v1/namespaces/team/networkpolicies/allow-dns',
        '/api/v1/namespaces/team/limitranges/defaults',
        '/api/v1/namespaces/team/resourcequotas/team',
      ];
      expect(paths).toHaveLength(manifests.length);
      const look = () => Promise.all(paths.map(path => cluster.get(path)));
      const first = await look();
      expect(first.map(({ status }) => status)).toEqual(paths.map(() => 200));
      expect(first[0]?.json.metadata).toMatchObject({
        labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
        annotations: { 'dashbutton/ordered-by': 'button door, press 7, cluster door-7' },
      });
      expect(first[1]?.json.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
      await apply(...manifests);
      const second = await look();
      expect(second.map(({ json }) => json.metadata.resourceVersion)).toEqual(
        first.map(({ json }) => json.metadata.resourceVersion),
      );
    });

    test('changes what was changed, and removes what is no longer there', async () => {
      await apply(configMap('one', { a: '1', b: '2' }));
      await apply(configMap('one', { a: '3' }));
      expect((await cluster.get(mapPath('one'))).json.data).toEqual({ a: '3' });
    });

    test('puts namespaces before what is in them, and tells of each step', async () => {
      const steps: string[] = [];
      const manifests = [configMap('early', { a: '1' }, 'later'), namespace('later')];
      const onApplied = (done: number, total: number) => steps.push(`${done}/${total}`);
      await applyManifests(client, manifests, { onApplied }, never);
      expect(steps).toEqual(['1/2', '2/2']);
      expect((await cluster.get(mapPath('early', 'later'))).status).toBe(200);
    });

    test('keeps a name as it is written', async () => {
      const apiVersion = 'rbac.authorization.k8s.io/v1';
      await apply({ apiVersion, kind: 'ClusterRole', metadata: { name: 'Dash:Viewer' }, rules: [] });
      expect((await cluster.get(`/apis/${apiVersion}/clusterroles/Dash:Viewer`)).status).toBe(200);
    });

    test("never takes somebody else's field, and says whose it is", async () => {
      await applyManifests(client, [configMap('theirs', { a: '1' })], { fieldManager: 'kubectl' }, never);
      // The same value is no quarrel.
      await apply(configMap('theirs', { a: '1', b: '2' }));
      const error = await failureOf(apply(configMap('theirs', { a: '9', b: '2' })));
      expect(error.message).toMatch(/^ConfigMap default\/theirs: \.data\.a belongs to "kubectl"/);
      expect(error.transient).toBe(false);
      expect((await cluster.get(mapPath('theirs'))).json.data).toEqual({ a: '1', b: '2' });
    });

    test('owns its fields by its name', async () => {
      await apply(configMap('ours', { a: '1' }));
      const other = applyManifests(
        client,
        [configMap('ours', { a: '2' })],
        { fieldManager: 'kubectl' },
        never,
      );
      expect((await failureOf(other)).message).toContain(`belongs to "${fieldManager}"`);
    });

    test('names the kind, namespace and name of what is refused, in the words of the cluster', async () => {
      for (const [manifest, message] of [
        [
          { apiVersion: 'v1', kind: 'Gadget', metadata: { name: 'x' } },
          /^Gadget x: the cluster does not know this kind of v1$/,
        ],
        [
          { apiVersion: 'example.net/v1', kind: 'Gadget', metadata: { name: 'x', namespace: 'default' } },
          /^Gadget default\/x: the cluster does not know this kind of example.net\/v1$/,
        ],
        [configMap('lost', {}, 'nowhere'), /^ConfigMap nowhere\/lost: 404: namespaces "nowhere" not found$/],
        [
          configMap('Large', {}),
          /^ConfigMap default\/Large: 422: ConfigMap "Large" is invalid: metadata.name/,
        ],
      ] as const) {
        const error = await failureOf(apply(manifest));
        expect(error.message).toMatch(message);
        expect(error.transient).toBe(false);
      }
    });

    test('a wrong token is refused for good, and stands in no error', async () => {
      const { client: _, ...credentials } = credentialsOf(cluster.access.kubeconfig);
      const stranger = new KubernetesClient({ ...credentials, token: 'not-the-token' });
      for (const call of [
        nodesReady(stranger, never),
        applyManifests(stranger, [namespace('x')], {}, never),
      ]) {
        const error = await failureOf(call);
        expect(error.message).toMatch(/^(nodes|Namespace x): 401: Unauthorized$/);
        expect(error.transient).toBe(false);
        expect(JSON.stringify([error, error.stack, error.cause])).not.toContain('not-the-token');
      }
      await stranger.close();
    });

    test('goes past the proxy that leads out of the lab', async () => {
      const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
      const before = names.map(key => process.env[key]);
      for (const key of names) process.env[key] = key === 'NODE_USE_ENV_PROXY' ? '1' : 'http://127.0.0.1:9';
      try {
        const direct = clientFor(cluster.access);
        await nodesReady(direct, never);
        await direct.close();
      } finally {
        for (const [i, key] of names.entries()) {
          if (before[i] === undefined) delete process.env[key];
          else process.env[key] = before[i];
        }
      }
    });

    test('ends with its signal', async () => {
      const error = await failureOf(nodesReady(client, AbortSignal.abort()));
      expect(error).toMatchObject({ transient: true, message: expect.stringMatching(/^nodes: no answer/) });
    });
  });
}
