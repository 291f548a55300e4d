/** The settings of a platform and a template of Cluster API: what is taken, and each mistake in one line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../../../provisioner/src/settings/config.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
const kubeconfig = 'contexts: [{ name: fleet }, { name: other }]\ncurrent-context: fleet\n';

const settings = `
site: lab
relay: { url: "mqtt://relay", user: lab, passwordFile: secret }
proxy: none
siteKeyFile: key
journal: journal
platforms:
  fleet: { type: cluster-api, namespace: dashbutton, kubeconfig: fleet.kubeconfig }
profiles:
  cloud:
    platform: fleet
    rangePool: 10.128.0.0/10
    rangePrefix: 18
    expectS: 600
    deadlineS: 3600
    template: { class: quick-start, version: v1.31.2, controlPlane: { replicas: 3 } }
buttons: {}
`;

const cluster = `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: { name: "\${CLUSTER_NAME}", namespace: "\${NAMESPACE}" }
spec: { clusterNetwork: { pods: { cidrBlocks: ["\${POD_RANGE}"] } } }
`;
const byManifests = { manifests: ['cluster.yaml'], version: 'v1.31.2' };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  put({ secret: 's\n', key, 'fleet.kubeconfig': kubeconfig, 'ca.pem': pem, 'cluster.yaml': cluster });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

type Change = Record<string, unknown>;

/** Replaces the platform's settings behind type and namespace, and the template. */
function load({ fleet = {}, template, cloud = {} }: { fleet?: Change; template?: Change; cloud?: Change }) {
  const all = parse(settings);
  Object.assign(all.profiles.cloud, cloud);
  Object.assign(all.platforms.fleet, fleet);
  if (template !== undefined) all.profiles.cloud.template = template;
  for (const [name, value] of Object.entries(all.platforms.fleet)) {
    if (value === undefined) delete all.platforms.fleet[name];
  }
  put({ 'lab.yaml': stringify(all) });
  return loadConfig(join(folder, 'lab.yaml'), {});
}

/** The complaint, without paths of this machine. */
function complaint(change: Parameters<typeof load>[0]): string {
  try {
    load(change);
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, '');
  }
  return 'no complaint';
}

const noKubeconfig = { kubeconfig: undefined };

describe('ways in', () => {
  test('a kubeconfig, with a context and a proxy', () => {
    expect(load({ fleet: { context: 'other', proxy: 'http://proxy:3128' } }).platforms.fleet).toEqual({
      type: 'cluster-api',
      namespace: 'dashbutton',
      access: { kind: 'kubeconfig', text: kubeconfig, folder, context: 'other' },
      proxy: 'http://proxy:3128',
    });
  });

  test('the account of a pod', () => {
    const { fleet } = load({ fleet: { ...noKubeconfig, inCluster: true } }).platforms;
    expect(fleet).toMatchObject({ access: { kind: 'in-cluster' } });
  });

  test('a token, whose file is named because it changes', () => {
    const server = 'https://fleet.example.net:6443';
    const { fleet } = load({
      fleet: { ...noKubeconfig, server, tokenFile: 'secret', ca: 'ca.pem' },
    }).platforms;
    expect(fleet).toMatchObject({
      access: { kind: 'token', server, tokenFile: join(folder, 'secret'), ca: pem },
    });
  });

  const wrong: [string, Change, RegExp][] = [
    ['none', noKubeconfig, /platforms\.fleet: expected exactly one of kubeconfig/],
    ['two', { inCluster: true }, /platforms\.fleet: expected exactly one of kubeconfig/],
    ['inCluster: false', { inCluster: false }, /inCluster: expected true; leave it out otherwise/],
    [
      'a context of nothing',
      { ...noKubeconfig, inCluster: true, context: 'x' },
      /context: goes with kubeconfig/,
    ],
    [
      'a server without token',
      { ...noKubeconfig, server: 'https://x', ca: 'ca.pem' },
      /tokenFile: expected a path/,
    ],
    [
      'a server without ca',
      { ...noKubeconfig, server: 'https://x', tokenFile: 'secret' },
      /ca: expected a path/,
    ],
    ['a server without TLS', { ...noKubeconfig, server: 'http://x' }, /server: expected a URL like https/],
    [
      'no PEM',
      { ...noKubeconfig, server: 'https://x', tokenFile: 'secret', ca: 'secret' },
      /is not a PEM file/,
    ],
    ['a namespace that is none', { namespace: 'Lab_1' }, /namespace: expected the name of a namespace/],
    ['a proxy that is none', { proxy: 'ftp://x' }, /proxy: expected http.*, or environment/],
    ['a password in the proxy', { proxy: 'http://u:s3cret@x' }, /proxy: holds a password/],
    ['an unknown setting', { url: 'https://x' }, /platforms\.fleet\.url: there is no such setting/],
    [
      'a kubeconfig that is not there',
      { kubeconfig: 'x' },
      /platforms\.fleet\.kubeconfig x cannot be read: there is no such file/,
    ],
    [
      'a kubeconfig that is none',
      { kubeconfig: 'secret' },
      /kubeconfig secret is not a kubeconfig: it has no contexts/,
    ],
    ['another context', { context: 'x' }, /has no context x; there is fleet, other/],
  ];
  test.each(wrong)('a way in that is wrong is named: %s', (_, fleet, expected) => {
    const found = complaint({ fleet });
    expect(found).toMatch(expected);
    expect(found).not.toContain('s3cret');
  });

  test('a kubeconfig that is no YAML is not quoted', () => {
    put({ 'fleet.kubeconfig': 'token: "s3cret\n' });
    expect(complaint({})).toBe('platforms.fleet.kubeconfig fleet.kubeconfig is not YAML');
  });

  test('a kubeconfig without a current context', () => {
    put({ 'fleet.kubeconfig': 'contexts: [{ name: a }, { name: b }]' });
    expect(complaint({})).toMatch(
      /no current-context: name one with platforms\.fleet\.context; there is a, b/,
    );
  });
});

describe('templates', () => {
  const topology = { class: 'c', version: 'v1.31.2' };
  const wrong: [string, Change, RegExp][] = [
    ['neither', { version: 'v1.31.2' }, /template: expected either class .* or manifests/],
    ['both', { ...topology, ...byManifests }, /template: expected either class .* or manifests/],
    [
      'a version without v',
      { ...topology, version: '1.31.2' },
      /template\.version: expected a version like v1/,
    ],
    ['half a version', { ...topology, version: 'v1.31' }, /template\.version: expected a version like v1/],
    [
      'two for a majority',
      { ...topology, controlPlane: { replicas: 2 } },
      /controlPlane\.replicas: expected 1, 3/,
    ],
    ['a name', { ...topology, name: 'x' }, /template\.name: comes from the press: leave it out/],
    ['an unknown setting', { ...topology, replicas: 3 }, /template\.replicas: there is no such setting/],
    [
      'workers without class',
      { ...topology, workers: [{ name: 'x' }] },
      /template\.workers\.0\.class: expected a text/,
    ],
    [
      'workers of one name',
      {
        ...topology,
        workers: [
          { class: 'a', name: 'x' },
          { class: 'b', name: 'x' },
        ],
      },
      /template\.workers\.1\.name: is there twice/,
    ],
    ['no network', { ...topology, services: '10.96.0.0' }, /template\.services: expected a network/],
    ['a placeholder', { ...topology, class: '<your class>' }, /template\.class: is still a placeholder/],
    ['another word', { ...topology, readyWhen: 'soon' }, /template\.readyWhen: /],
    ['no file', { ...byManifests, manifests: [] }, /template\.manifests: /],
  ];
  test.each(wrong)('a field that is wrong is named: %s', (_, template, expected) => {
    const lines = complaint({ template }).split('\n').slice(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  test('add-ons and a range that is too small for one node', () => {
    const found = complaint({ cloud: { addOns: ['monitoring'], rangePool: '10.0.0.0/16', rangePrefix: 25 } });
    expect(found).toMatch(/addOns: a platform of type cluster-api has none/);
    expect(found).toMatch(/rangePrefix: expected at most 22: .* orders 3 machines/);
  });
});

describe('manifests', () => {
  const second = (text: string, metadata = `{ name: "\${CLUSTER_NAME}-x" }`) =>
    `${cluster}---\napiVersion: infra.example/v1\nkind: Thing\nmetadata: ${metadata}\n${text}`;

  test('are read and stay as they are: each press fills them in', () => {
    put({ 'cluster.yaml': second(`spec: { replicas: "\${WORKER_REPLICAS}" }`) });
    const { template } = load({ template: { ...byManifests, workerReplicas: 2 } }).profiles.cloud ?? {};
    expect(template?.manifests).toMatchObject([
      { kind: 'Cluster' },
      { spec: { replicas: `\${WORKER_REPLICAS}` } },
    ]);
  });

  const wrong: [string, string, RegExp][] = [
    [
      'no Cluster',
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "\${CLUSTER_NAME}" }`,
      /exactly one Cluster .* found none/,
    ],
    [
      'two Clusters',
      `${cluster}---${cluster.replace('v1beta1', 'v1beta2')}`,
      /exactly one Cluster .* found 2/,
    ],
    ['another Cluster', cluster.replace(/x-k8s.io/, 'example.net'), /exactly one Cluster .* found none/],
    [
      'a fixed name',
      cluster.replace(`"\${CLUSTER_NAME}"`, 'fixed'),
      /Cluster \$\{NAMESPACE\}\/fixed: metadata\.name: expected \$\{CLUSTER_NAME\}/,
    ],
    [
      'more than the name',
      cluster.replace(`\${CLUSTER_NAME}`, `a-\${CLUSTER_NAME}`),
      /metadata\.name: expected \$\{CLUSTER_NAME\}/,
    ],
    [
      'a fixed range',
      cluster.replace(`\${POD_RANGE}`, '10.0.0.0/8'),
      /cidrBlocks: expected \["\$\{POD_RANGE\}"\]/,
    ],
    ['no range', cluster.replace(/spec:.*/, 'spec: {}'), /cidrBlocks: expected \["\$\{POD_RANGE\}"\]/],
    [
      'another namespace',
      cluster.replace(`\${NAMESPACE}`, 'kube-system'),
      /metadata\.namespace: expected \$\{NAMESPACE\}, which is dashbutton/,
    ],
    [
      'a name for all',
      second('', '{ name: shared }'),
      /Thing shared: metadata\.name: expected \$\{CLUSTER_NAME\} in it/,
    ],
    [
      'a name too long',
      second('', `{ name: "\${CLUSTER_NAME}-${'y'.repeat(40)}" }`),
      /metadata\.name: 9 characters too long/,
    ],
    [
      'an unknown placeholder',
      second(`spec: \${REGION}`),
      /there is no placeholder \$\{REGION\}: there are \$\{CLUSTER_NAME\}/,
    ],
    [
      'one with a default',
      second(`spec: "\${WORKER_REPLICAS:=3}"`),
      /there is no placeholder \$\{WORKER_REPLICAS:=3\}/,
    ],
    [
      'one without a value',
      second(`spec: \${SERVICE_RANGE}`),
      /\$\{SERVICE_RANGE\}: the template has no services for it/,
    ],
    ['one that is not closed', second(`spec: "\${WORKER"`), /a placeholder is not closed/],
    [
      'an owner',
      second('', `{ name: "\${CLUSTER_NAME}", ownerReferences: [] }`),
      /metadata\.ownerReferences: take it out/,
    ],
    ['a status', second('status: {}'), /status: take it out/],
    [
      'a Secret',
      `${cluster}---\napiVersion: v1\nkind: Secret\nmetadata: { name: "\${CLUSTER_NAME}" }`,
      /a Secret does not belong/,
    ],
    ['no YAML', '{', /template\.manifests cluster\.yaml has/],
  ];
  test.each(wrong)('a file of manifests that is wrong is named: %s', (_, text, expected) => {
    put({ 'cluster.yaml': text });
    expect(complaint({ template: byManifests })).toMatch(expected);
  });

  test('the same object in two files', () => {
    put({ 'more.yaml': cluster });
    const found = complaint({ template: { ...byManifests, manifests: ['cluster.yaml', 'more.yaml'] } });
    expect(found).toMatch(/exactly one Cluster .* found 2/);
    expect(found).toMatch(/Cluster \$\{NAMESPACE\}\/\$\{CLUSTER_NAME\} is there twice/);
  });

  test('a file that is not there is named with everything else', () => {
    const found = complaint({
      template: { ...byManifests, manifests: ['none.yaml'] },
      fleet: { kubeconfig: 'x' },
    });
    expect(found.split('\n')).toHaveLength(2);
    expect(found).toMatch(/profiles\.cloud\.template\.manifests none\.yaml cannot be read/);
  });
});
