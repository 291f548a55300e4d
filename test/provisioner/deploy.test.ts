/**
 * provisioner/deploy/ and provisioner/examples/ as far as it goes without a cluster: they fit each other, the settings and
 * the program. That the Role is enough and not too much is in test/provisioner/platforms/cluster-api/.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { messageOf } from '../../config/src/setup-error.ts';
import { readManifests } from '../../provisioner/src/kubernetes/manifests.ts';
import { fillIn } from '../../provisioner/src/kubernetes/placeholders.ts';
import { render } from '../../provisioner/src/platforms/cluster-api/render.ts';
import { clusterApiSchema } from '../../provisioner/src/platforms/cluster-api/settings.ts';
import {
  clusterApiTemplateSchema,
  isTopology,
  templateOf,
} from '../../provisioner/src/platforms/cluster-api/template.ts';
import { loadConfig, type ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import { makeAuthority } from '../../simulator/ccp/certificates.ts';

const top = new URL('../../', import.meta.url).pathname;
const deploy = join(top, 'provisioner/deploy');
const examples = join(top, 'provisioner/examples');
const manifests = join(top, 'provisioner/manifests');

interface Thing {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [key: string]: unknown;
}

/** All objects of a file. */
function objectsIn(path: string): Thing[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map(document => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

const kustomization = parse(readFileSync(join(deploy, 'kustomization.yaml'), 'utf8'));
const files = readdirSync(deploy).filter(
  name => name.endsWith('.yaml') && !['lab.yaml', 'kustomization.yaml'].includes(name),
);
const all = files.flatMap(name => objectsIn(join(deploy, name)));
const of = (kind: string) => all.filter(object => object.kind === kind);

describe('deploy', () => {
  test('kustomization names every file, the one for manifests switched off', () => {
    const text = readFileSync(join(deploy, 'kustomization.yaml'), 'utf8');
    expect([...kustomization.resources, 'role-manifests.yaml'].sort()).toEqual(files.sort());
    expect(text).toContain('#- role-manifests.yaml');
    for (const { files: named } of kustomization.configMapGenerator)
      for (const name of named) expect(existsSync(join(deploy, name)), name).toBe(true);
    const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
    expect(kustomization.images).toEqual([{ name: 'dashbutton', newName: 'dashbutton', newTag: version }]);
  });

  test('everything has a namespace that is made here; the clusters have one without pods and keys', () => {
    const made = of('Namespace').map(({ metadata }) => metadata.name);
    for (const { kind, metadata } of all.filter(object => object.kind !== 'Namespace'))
      expect(made, `${kind} ${metadata.name}`).toContain(metadata.namespace);
    for (const { metadata } of of('Namespace'))
      expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const inClusters = all
      .filter(({ metadata }) => metadata.namespace === 'dashbutton')
      .map(({ kind }) => kind);
    expect(new Set(inClusters)).toEqual(new Set(['Role', 'RoleBinding']));
    expect(all.filter(({ kind }) => /^Cluster|^Secret$/.test(kind))).toEqual([]);
  });

  test('each Role is bound to the one account, and is in the namespace of the settings', () => {
    const [account] = of('ServiceAccount');
    for (const role of of('Role')) {
      const binding = of('RoleBinding').find(({ metadata }) => metadata.name === role.metadata.name);
      expect(binding).toMatchObject({
        metadata: { namespace: role.metadata.namespace },
        roleRef: { kind: 'Role', name: role.metadata.name },
        subjects: [{ kind: 'ServiceAccount', ...account?.metadata }],
      });
      expect(JSON.stringify(role.rules)).not.toContain('*');
    }
    const { platforms } = parse(readFileSync(join(deploy, 'lab.yaml'), 'utf8'));
    expect(platforms.fleet).toEqual({ type: 'cluster-api', namespace: 'dashbutton', inCluster: true });
    expect(of('Role').map(({ metadata }) => metadata.namespace)).toEqual(['dashbutton', 'dashbutton']);
  });

  test('one pod at a time, without any privilege', () => {
    const [deployment] = of('Deployment');
    const pod = pathIn(deployment, 'spec.template.spec') as Record<string, unknown>;
    expect(deployment).toMatchObject({ spec: { replicas: 1, strategy: { type: 'Recreate' } } });
    expect(pod).toMatchObject({
      serviceAccountName: of('ServiceAccount')[0]?.metadata.name,
      automountServiceAccountToken: true,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    const user = pathIn(pod, 'securityContext.runAsUser');
    expect(user).toBeGreaterThan(0);
    expect(readFileSync(join(deploy, 'Containerfile'), 'utf8')).toContain(`USER ${user}:`);
    for (const name of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers'])
      expect(pod).not.toHaveProperty(name);
    const [container] = pod.containers as Record<string, unknown>[];
    expect(pod.containers).toHaveLength(1);
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container?.resources).toMatchObject({
      requests: { memory: '256Mi' },
      limits: { memory: '512Mi' },
    });
    const [selector] = of('NetworkPolicy');
    expect(pathIn(selector, 'spec.podSelector')).toEqual(pathIn(deployment, 'spec.selector'));
    expect(pathIn(deployment, 'spec.template.metadata.labels')).toEqual(
      pathIn(deployment, 'spec.selector.matchLabels'),
    );
  });

  test('volumes, settings and journal are where the settings say; probes go to the monitor', () => {
    const lab = parse(readFileSync(join(deploy, 'lab.yaml'), 'utf8'));
    const pod = pathIn(of('Deployment')[0], 'spec.template.spec') as Record<string, unknown>;
    const [container] = pod.containers as {
      args: string[];
      volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
      ports: { name: string; containerPort: number }[];
    }[];
    const mounts = Object.fromEntries((container?.volumeMounts ?? []).map(mount => [mount.name, mount]));
    const volumes = pod.volumes as { name: string }[];
    expect(volumes.map(({ name }) => name).sort()).toEqual(Object.keys(mounts).sort());
    // On a new disk nobody is there to be asked.
    expect(container?.args).toContain('--recover');
    expect(container?.args.at(-1)).toBe(`${mounts.settings?.mountPath}/lab.yaml`);
    expect(mounts.settings?.readOnly).toBe(true);
    // The socket for the command line stands beside the journal, so neither is the volume's root.
    expect(dirname(lab.journal)).toBe(mounts.journal?.mountPath);
    expect(JSON.stringify(volumes)).toContain(
      `"claimName":"${of('PersistentVolumeClaim')[0]?.metadata.name}"`,
    );
    expect(JSON.stringify(volumes)).toContain(kustomization.configMapGenerator[0].name);
    expect(readFileSync(join(deploy, 'README.md'), 'utf8')).toContain('secret generic dashbutton-secrets');
    expect(JSON.stringify(volumes)).toContain('"secret":{"name":"dashbutton-secrets"}');
    const [port] = container?.ports ?? [];
    expect(lab.monitor).toBe(`0.0.0.0:${port?.containerPort}`);
    for (const [probe, path] of [
      ['startupProbe', '/healthz'],
      ['livenessProbe', '/healthz'],
      ['readinessProbe', '/readyz'],
    ] as const)
      expect(container).toHaveProperty(`${probe}.httpGet`, { path, port: port?.name });
  });

  /** As the image has them: nothing else of this tree is beside them. */
  function imageFiles(): string {
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const lines = readFileSync(join(deploy, 'Containerfile'), 'utf8').split('\n');
    const last = lines.slice(lines.findLastIndex(line => line.startsWith('FROM ')));
    for (const line of last.filter(text => /^COPY (?!--)/.test(text))) {
      const words = line.split(/\s+/).slice(1, -1);
      for (const name of words) cpSync(join(top, name), join(dir, name), { recursive: true });
    }
    symlinkSync(join(top, 'node_modules'), join(dir, 'node_modules'));
    return dir;
  }

  test('the files that the image has are enough for the command that it starts', () => {
    const dir = imageFiles();
    const args = [join(dir, 'cli/bin.js'), 'provisioner', '--config', join(dir, 'none.yaml')];
    const said = failure(() => execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' }));
    expect(said).toContain('there is no such file');
    expect(said).not.toContain('ERR_MODULE_NOT_FOUND');
  });

  test('the files that the image has are enough for every other command of an operator', () => {
    const dir = imageFiles();
    const commands = [
      ...['doctor', 'presses', 'clusters', 'kubeconfig x', 'release x --yes'],
      ...['journal copy', 'journal recover --yes'],
    ];
    // One process for all: each loads what the others have not. What they say goes to one stream, in this order.
    const program = `
      import { register } from 'tsx/esm/api';
      register();
      process.stdout.write = process.stderr.write.bind(process.stderr);
      for (const [i, command] of ${JSON.stringify(commands)}.entries()) {
        process.argv = [process.execPath, 'dashbutton', ...command.split(' '), '--config', 'none.yaml'];
        process.stderr.write(\`\n# \${command}\n\`);
        await import(\`./main.ts?\${i}\`);
      }`;
    writeFileSync(join(dir, 'cli/all.mjs'), program);
    const said = failure(() =>
      execFileSync(process.execPath, [join(dir, 'cli/all.mjs')], { encoding: 'utf8', stdio: 'pipe' }),
    );
    const answers = said.split('\n# ').slice(1);
    expect(answers.map(answer => answer.split('\n', 1)[0])).toEqual(commands);
    for (const answer of answers) expect(answer).toContain('there is no such file');
    expect(said).not.toContain('ERR_MODULE_NOT_FOUND');
  });
});

/** Both streams of a command that ended with a code other than 0. */
function failure(run: () => string): string {
  try {
    return `ended well: ${run()}`;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return `${stdout ?? ''}${stderr ?? messageOf(error)}`;
  }
}

function pathIn(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
}

describe('settings', () => {
  let dir: string;
  let pem: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    pem = (await makeAuthority('fleet')).certPem;
  });

  afterAll(() => rmSync(dir, { recursive: true }));

  const kubeconfig = stringify({
    'current-context': 'admin',
    contexts: ['admin', 'dashbutton@fleet'].map(name => ({ name, context: { cluster: 'c', user: 'u' } })),
  });

  /** Everything that some settings name, in one folder beside them, and the settings loaded. */
  function load(name: string, settings: object, beside: readonly string[]): ProvisionerConfig {
    const folder = join(dir, name);
    mkdirSync(join(folder, 'manifests'), { recursive: true });
    const key = randomBytes(32).toString('base64');
    const texts: Record<string, string> = {
      'lab.password': 'secret',
      'site.key': key,
      'button.key': key,
      'cloud-01.key': key,
      'fleet.token': 'secret',
      'fleet-ca.pem': pem,
      'fleet.kubeconfig': kubeconfig,
      'kind.kubeconfig': kubeconfig,
      'lab.yaml': stringify(settings),
    };
    for (const [file, text] of Object.entries(texts))
      writeFileSync(join(folder, file), text, { mode: 0o600 });
    for (const path of beside) copyFileSync(path, join(folder, basename(path)));
    cpSync(manifests, join(dir, 'manifests'), { recursive: true });
    return loadConfig(join(folder, 'lab.yaml'), {});
  }

  /** Settings of a lab around the platforms and profiles of an example. */
  function around(example: Record<string, object>): object {
    const profiles = Object.keys(example.profiles ?? {});
    return {
      site: 'lab',
      relay: { url: 'mqtts://relay.example.net:8883', user: 'lab', passwordFile: 'lab.password' },
      proxy: 'none',
      siteKeyFile: 'site.key',
      journal: 'journal',
      ...example,
      buttons: Object.fromEntries(
        profiles.map((profile, i) => [`b-${i}`, { profile, keyFile: 'button.key' }]),
      ),
    };
  }

  test('the settings of the pod can be loaded', () => {
    const settings = parse(readFileSync(join(deploy, 'lab.yaml'), 'utf8'));
    const { platforms, profiles, monitor } = load('pod', settings, []);
    expect(platforms.fleet).toMatchObject({
      type: 'cluster-api',
      namespace: 'dashbutton',
      access: { kind: 'in-cluster' },
    });
    expect(Object.keys(profiles)).toEqual(['cloud']);
    expect(monitor).toEqual({ host: '0.0.0.0', port: 9464 });
  });

  const order = {
    name: 'house-01-7',
    range: '10.128.64.0/18',
    description: 'dash button house-01 of lab, press 7',
  };

  const named: Record<string, readonly string[]> = {
    'cluster-api-docker.yaml': ['cluster-api-docker-cluster.yaml'],
    'cluster-api-vsphere.yaml': [],
    'cluster-api-aws.yaml': ['cluster-api-aws-eks.yaml'],
  };

  test('the settings of the documentation fit their schemas', () => {
    const docs = readFileSync(join(top, 'docs/cluster-api.md'), 'utf8');
    const blocks = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => parse(text ?? ''));
    const templates = blocks.flatMap(({ template }) => (template === undefined ? [] : [template]));
    expect(templates).toHaveLength(2);
    for (const template of templates)
      expect(clusterApiTemplateSchema.safeParse(template).error?.issues ?? []).toEqual([]);
    const [{ platforms }] = blocks;
    expect(clusterApiSchema.safeParse(platforms.fleet).error?.issues ?? []).toEqual([]);
  });

  test('there is no other example', () => {
    // Programs are tried in platforms/script/examples.test.ts.
    expect(
      readdirSync(examples)
        .filter(name => !name.endsWith('.sh'))
        .sort(),
    ).toEqual([...Object.keys(named), ...Object.values(named).flat()].sort());
  });

  test.each(Object.entries(named))('the example is good for every press: %s', (name, beside) => {
    const text = readFileSync(join(examples, name), 'utf8');
    const { platforms, profiles } = load(
      name,
      around(parse(text)),
      beside.map(file => join(examples, file)),
    );
    for (const platform of Object.values(platforms)) expect(platform.type).toBe('cluster-api');
    for (const [profile, { template }] of Object.entries(profiles)) {
      const known = templateOf(template);
      for (const version of ['v1beta1', 'v1beta2'] as const) {
        const objects = render(known, order, 'dashbutton', version);
        expect(objects[0].metadata.name, profile).toBe(order.name);
        expect(JSON.stringify(objects)).not.toContain('${');
        expect(JSON.stringify(objects)).toContain(order.range);
        expect(objects.length).toBe(isTopology(known) ? 1 : (known.manifests.length ?? 0));
      }
    }
    expect(text).toMatch(/https:\/\/cluster-api(-aws)?\.sigs\.k8s\.io\//);
    expect(text).toContain('clusterctl init --infrastructure');
    expect(text).toContain('Not tried by us');
  });

  test('numbers of machines become numbers', () => {
    const { profiles } = load(
      'n',
      around(parse(readFileSync(join(examples, 'cluster-api-docker.yaml'), 'utf8'))),
      [join(examples, 'cluster-api-docker-cluster.yaml')],
    );
    const objects = render(templateOf(profiles.house?.template ?? {}), order, 'dashbutton', 'v1beta1');
    const replicas = objects.flatMap(({ kind, spec }) =>
      spec?.replicas === undefined ? [] : [[kind, spec.replicas]],
    );
    expect(replicas).toEqual([
      ['KubeadmControlPlane', 1],
      ['MachineDeployment', 2],
    ]);
  });

  test('the Role for manifests names the kinds of the example, and no others', () => {
    const kinds = objectsIn(join(examples, 'cluster-api-docker-cluster.yaml'))
      .filter(({ kind }) => kind !== 'Cluster')
      .map(({ apiVersion, kind }) => `${apiVersion.split('/')[0]} ${kind.toLowerCase()}s`);
    const roles = objectsIn(join(deploy, 'role-manifests.yaml')).filter(({ kind }) => kind === 'Role');
    const rules = roles.flatMap(({ rules }) => rules as { apiGroups: string[]; resources: string[] }[]);
    const allowed = rules.flatMap(({ apiGroups, resources }) => resources.map(it => `${apiGroups[0]} ${it}`));
    expect(new Set(allowed)).toEqual(new Set(kinds));
  });
});

describe('manifests for new clusters', () => {
  test.each(readdirSync(manifests))('manifests can be read and filled in: %s', name => {
    const objects = fillIn(readManifests(join(manifests, name)), { cluster: 'c-1', button: 'c', press: '1' });
    expect(objects.length).toBeGreaterThan(3);
    expect(JSON.stringify(objects)).not.toContain('${');
    const namespaces = objects
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => metadata.name);
    for (const { kind, metadata } of objects) {
      if (kind !== 'Namespace') expect(namespaces, `${kind} ${metadata.name}`).toContain(metadata.namespace);
    }
    const kinds = new Set(objects.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(['Namespace', 'NetworkPolicy', 'LimitRange', 'ResourceQuota']));
  });

  test('the sed of docs/cluster-api.md brings placeholders of a chart through unchanged', () => {
    const docs = readFileSync(join(top, 'docs/cluster-api.md'), 'utf8');
    const script = /\| sed '([^']+)' > monitoring\.yaml/.exec(docs)?.[1] ?? '';
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    try {
      const chart = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'dashboards', namespace: 'monitoring' },
        data: { 'a.json': `{"datasource":"\${DS_PROM}","b":"$\${x}","c":"$__rate \${d:e} \${unclosed"}` },
      };
      const path = join(dir, 'chart.yaml');
      writeFileSync(path, stringify(chart));
      expect(() => readManifests(path)).toThrow(`there is no placeholder \${DS_PROM}`);
      writeFileSync(path, execFileSync('sed', [script, path]));
      expect(fillIn(readManifests(path), { cluster: 'c-1', button: 'c', press: '1' })).toEqual([chart]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
