/** The calls of the Kubernetes API, on a real API server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyManifests } from '../../../provisioner/src/kubernetes/apply.ts';
import { Gone, inShort } from '../../../provisioner/src/kubernetes/errors.ts';
import type { Kube } from '../../../provisioner/src/kubernetes/kube.ts';
import { managementKube } from '../../../provisioner/src/kubernetes/login.ts';
import { kubeInto } from '../../../provisioner/src/kubernetes/new-cluster.ts';
import type { KubeObject, WatchEvent } from '../../../provisioner/src/kubernetes/objects.ts';
import {
  assetsFolder,
  type RealApiServer,
  startRealApiServer,
} from '../../fixtures/kubernetes/real-api-server.ts';
import { patience } from '../../fixtures/patience.ts';
import {
  accessOf,
  base64,
  errorOf,
  eventually,
  kubeconfigOf,
  never,
  theToken,
} from '../platforms/fixtures/cluster-api-server.ts';

const clusters = '/apis/cluster.x-k8s.io/v1beta2/namespaces/lab/clusters';
const kate: KubeObject = {
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'Cluster',
  metadata: { name: 'kate-7', namespace: 'lab' },
};

const assets = assetsFolder();
const options = { timeout: patience(60_000) };

describe.skipIf(assets === undefined)('a real kube-apiserver (needs KUBEBUILDER_ASSETS)', () => {
  const maps = '/api/v1/namespaces/default/configmaps';
  const map = (name: string, data: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
    data,
  });
  let server: RealApiServer;
  let kube: Kube;
  const by = (kubeconfig: string) => managementKube({ access: accessOf(kubeconfig) });

  beforeAll(async () => {
    server = await startRealApiServer(assets ?? '');
    kube = by(server.kubeconfig);
    // It makes its own namespaces a moment after it is ready.
    await eventually(async () => (await kube.get('/api/v1/namespaces/default', never)) !== undefined);
  }, options.timeout);

  afterAll(async () => {
    await kube?.close();
    await server?.close();
  }, options.timeout);

  test('apply, again, get, list, remove by uid only', async () => {
    const dry = await kube.apply(`${maps}/one`, map('one', { a: '1' }), never, { dryRun: true });
    expect(dry.metadata.name).toBe('one');
    expect(await kube.get(`${maps}/one`, never)).toBeUndefined();
    const first = await kube.apply(`${maps}/one`, map('one', { a: '1' }), never);
    const again = await kube.apply(`${maps}/one`, map('one', { a: '2' }), never);
    expect(again).toMatchObject({ data: { a: '2' }, metadata: { uid: first.metadata.uid } });
    expect((await kube.list(maps, never)).items.map(({ metadata }) => metadata.name)).toContain('one');
    const uid = first.metadata.uid ?? '';
    expect(await kube.remove(`${maps}/one`, { uid: 'another' }, never)).toBe(false);
    expect(await kube.remove(`${maps}/one`, { uid }, never)).toBe(true);
    expect(await kube.remove(`${maps}/one`, { uid }, never)).toBe(false);
  });

  test('a list of several pages', options, async () => {
    for (let i = 0; i < 210; i++) await kube.apply(`${maps}/page-${i}`, map(`page-${i}`, {}), never);
    const before = kube.requests().list ?? 0;
    const { items } = await kube.list(maps, never);
    expect(items.filter(({ metadata }) => metadata.name.startsWith('page-'))).toHaveLength(210);
    expect(kube.requests().list).toBe(before + 2);
  });

  test("somebody else's field", async () => {
    const client = kubeInto(server.kubeconfig);
    const his = { ...map('two', { a: '1' }), metadata: { name: 'two', namespace: 'default' } };
    await applyManifests(client, [his], { fieldManager: 'somebody' }, never);
    await client.close();
    const error = await errorOf(kube.apply(`${maps}/two`, map('two', { a: '2' }), never));
    expect(error.transient).toBe(false);
    expect(error.message).toMatch(
      /^apply configmaps\/two in namespace default: 409: \.data\.a belongs to "somebody"/,
    );
  });

  test('a wrong object, an unknown field, an unknown namespace, an unknown kind', async () => {
    const wrongKey = await errorOf(kube.apply(`${maps}/x`, map('x', { 'a b': '1' }), never));
    expect(wrongKey.message).toContain('422: data[a b]: Invalid value');
    const unknown = { ...map('x', {}), dada: {} };
    const unknownField = await errorOf(kube.apply(`${maps}/x`, unknown, never));
    expect(unknownField).toMatchObject({ transient: false, message: expect.stringContaining('dada') });
    const elsewhere = { ...map('x', {}), metadata: { name: 'x', namespace: 'nowhere' } };
    const noNamespace = await errorOf(
      kube.apply('/api/v1/namespaces/nowhere/configmaps/x', elsewhere, never),
    );
    expect(noNamespace.message).toContain('namespaces "nowhere" not found: make the namespace');
    expect((await errorOf(kube.apply(`${clusters}/kate-7`, kate, never))).message).toContain(
      'not served there',
    );
    expect((await errorOf(kube.version(never))).message).toContain('install Cluster API');
    expect(await kube.kindPath('v1', 'ConfigMap', 'default', 'x', never)).toBe(`${maps}/x`);
    expect(await kube.kindPath('v1', 'Namespace', 'default', 'x', never)).toBe('/api/v1/namespaces/x');
  });

  test(
    'nulls are left out; an unknown field and a policy say why, also at the end of a sentence',
    options,
    async () => {
      const labels = { selector: null as unknown as string };
      const data = { kept: '1', dropped: null as unknown as string };
      const metadata = { name: 'nulls', namespace: 'default', labels };
      const made = await kube.apply(`${maps}/nulls`, { ...map('nulls', data), metadata }, never);
      expect(made).toMatchObject({ data: { kept: '1' } });

      const unknown = { ...gadget, spec: { ...gadget.spec, scoop: 'x' } };
      const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      const field = await errorOf(kube.apply(`${definitions}/gadgets.example.net`, unknown, never));
      expect(inShort(field, 'Gadget')).toMatchObject({
        transient: false,
        message: 'Gadget: 500: .spec.scoop: field not declared in schema',
      });

      const policies = '/apis/admissionregistration.k8s.io/v1';
      const policy = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'sundays' } };
      const rule = {
        apiGroups: [''],
        apiVersions: ['v1'],
        operations: ['CREATE'],
        resources: ['configmaps'],
      };
      const spec = {
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [{ name: 'one', expression: "object.metadata.name == 'press'" }],
        validations: [{ expression: 'false', message: 'no presses on Sundays' }],
      };
      await kube.apply(
        `${policies}/validatingadmissionpolicies/sundays`,
        { ...policy, kind: 'ValidatingAdmissionPolicy', spec },
        never,
      );
      await kube.apply(
        `${policies}/validatingadmissionpolicybindings/sundays`,
        {
          ...policy,
          kind: 'ValidatingAdmissionPolicyBinding',
          spec: { policyName: 'sundays', validationActions: ['Deny'] },
        },
        never,
      );
      // It is in force a moment later.
      let said: unknown;
      await eventually(async () => {
        said = await kube
          .apply(`${maps}/press`, map('press', {}), never, { dryRun: true })
          .catch(error => error);
        return said instanceof Error;
      });
      expect(inShort(said, 'Cluster')).toMatchObject({
        transient: false,
        message: expect.stringMatching(
          /^Cluster: \d+: no presses on Sundays \(ValidatingAdmissionPolicy 'sundays'/,
        ),
      });
    },
  );

  test('without a login, with a wrong one, without rights', async () => {
    const { ca } = server;
    const cluster = { server: server.server, 'certificate-authority-data': base64(ca) };
    const nobody = by(kubeconfigOf(cluster, {}));
    const wrongOne = by(kubeconfigOf(cluster, { token: theToken }));
    const stranger = by(server.strangerKubeconfig);
    const admin = by(server.tokenKubeconfig);
    expect((await errorOf(nobody.list(maps, never))).message).toContain(
      '403: the login did not arrive (system:anon',
    );
    expect((await errorOf(wrongOne.list(maps, never))).message).toContain('401: the login is not accepted');
    expect((await errorOf(stranger.list(maps, never))).message).toBe(
      'list configmaps in namespace default: 403: "stranger" may not list configmaps: give it the Role in provisioner/deploy/',
    );
    expect((await errorOf(stranger.apply(`${maps}/x`, map('x', {}), never))).message).toContain(
      'may not patch configmaps',
    );
    expect((await admin.list(maps, never, { limit: '1' })).items).toHaveLength(1);
    for (const one of [nobody, wrongOne, stranger, admin]) await one.close();
  });

  test('a watch tells all that happens after a list', options, async () => {
    const { resourceVersion } = await kube.list(maps, never);
    const events: WatchEvent[] = [];
    const query = { resourceVersion, timeoutSeconds: 3 };
    let isOpen = false;
    const onOpen = () => {
      isOpen = true;
    };
    const done = kube.watch(maps, { ...query, onOpen }, event => events.push(event), never);
    await eventually(() => isOpen);
    const { metadata } = await kube.apply(`${maps}/seen`, map('seen', { a: '1' }), never);
    await kube.apply(`${maps}/seen`, map('seen', { a: '2' }), never);
    await kube.remove(`${maps}/seen`, { uid: metadata.uid ?? '' }, never);
    await done; // the server keeps to its time
    const seen = events.flatMap(one => (one.type === 'BOOKMARK' ? [] : [one]));
    const types = seen.filter(({ object }) => object.metadata.name === 'seen').map(({ type }) => type);
    expect(types).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
  });

  test('a moment that is too old', options, async () => {
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const gadgets = '/apis/example.net/v1/gadgets';
    await kube.apply(`${definitions}/gadgets.example.net`, gadget, never);
    // Its history begins here, so nothing is known of the first moment.
    await eventually(async () => (await kube.get(gadgets, never).catch(() => 'served')) === 'served');
    const query = { resourceVersion: '1', timeoutSeconds: 3 };
    expect(await errorOf(kube.watch(gadgets, query, () => {}, never))).toBeInstanceOf(Gone);
    const wrong = { ...gadget, spec: { ...gadget.spec, scope: 'Nowhere' } };
    const error = await errorOf(kube.apply(`${definitions}/gadgets.example.net`, wrong, never));
    expect(error).toMatchObject({ transient: false, message: expect.stringContaining('422: spec.scope: ') });
  });
});

const gadget: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.example.net' },
  spec: {
    group: 'example.net',
    names: { kind: 'Gadget', plural: 'gadgets', singular: 'gadget', listKind: 'GadgetList' },
    scope: 'Cluster',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
