/** A management cluster that is not as the settings say: doctor and provisioner name what, and the setting to change. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { makeAuthority } from '../../simulator/ccp/certificates.ts';
import {
  type ClusterApiSimulator,
  type ClusterApiSimulatorOptions,
  type Rule,
  startClusterApiSimulator,
} from '../../simulator/cluster-api/simulator.ts';
import { freePort } from '../e2e/fixtures/proxies-programs.ts';
import { until } from '../fixtures/patience.ts';
import type { Lab } from '../provisioner/fixtures/lab.ts';
import {
  allWell,
  problemsOf,
  SetUp,
  statesOf,
  type Visited,
  visit,
  warningsOf,
} from './fixtures/doctor-lab.ts';

const example = new URL('../../provisioner/examples/cluster-api-docker-cluster.yaml', import.meta.url)
  .pathname;

let lab: Lab;
let setUp: SetUp;
let fleet: ClusterApiSimulator;

beforeAll(async () => {
  setUp = await SetUp.start();
  lab = setUp.lab;
  fleet = await startClusterApiSimulator({ speed: 100 });
});

afterAll(async () => {
  await fleet.close();
  await lab.close();
});

/** One more, for one test. */
async function another(options: ClusterApiSimulatorOptions): Promise<ClusterApiSimulator> {
  const made = await startClusterApiSimulator({ speed: 100, ...options });
  onTestFinished(() => made.close());
  return made;
}

const topology = {
  class: 'quick-start',
  version: 'v1.31.2',
  controlPlane: { replicas: 1 },
  workers: [{ class: 'default-worker', name: 'md-0', replicas: 2 }],
  variables: { region: 'eu-central-1' },
};
const manifests = {
  manifests: [example],
  version: 'v1.31.2',
  controlPlaneReplicas: 1,
  workerReplicas: 2,
  services: '10.96.0.0/16',
};

interface Change {
  text?: string;
  platform?: object;
  template?: object;
}

/** Settings whose one profile orders there. Returns the path. */
function settings({ text = fleet.kubeconfig(), platform = {}, template = topology }: Change = {}): string {
  const kubeconfig = setUp.file(`fleet-${Math.random()}.kubeconfig`, text);
  return setUp.write({
    platforms: { fleet: { type: 'cluster-api', namespace: 'dashbutton', kubeconfig, ...platform } },
    profiles: {
      house: {
        platform: 'fleet',
        rangePool: '10.128.0.0/10',
        rangePrefix: 18,
        expectS: 10,
        deadlineS: 60,
        template,
      },
    },
  });
}

/** As {@link SetUp.expectBroken}; no token is said. */
function broken(visited: Visited, step: string, named: string[]) {
  expect(visited.text).not.toContain(fleet.token);
  return setUp.expectBroken(visited, step, named)[0];
}

test('controllers that do not answer: said once, however many profiles, and of no setting', async () => {
  const heal = fleet.fail({ kind: 'webhookSilent' });
  onTestFinished(heal);
  const path = settings();
  const text = readFileSync(path, 'utf8');
  const { profiles, ...rest } = parse(text);
  const { house } = profiles;
  const second = { ...house, rangePool: '172.16.0.0/12' };
  const visited = await visit(setUp.write({ ...rest, profiles: { house, second } }));
  const problem = broken(visited, 'template objects', ['platforms.fleet']);
  expect(problem).toMatchObject({
    found: expect.stringMatching(
      /webhook default\.cluster\.cluster\.x-k8s\.io does not answer: connection refused$/,
    ),
    expected: expect.stringContaining('profiles house, second'),
    advice: expect.stringContaining('no setting is wrong'),
  });
});

describe('all is well', () => {
  test.each([
    ['a topology', topology],
    ['manifests', manifests],
  ])('whose certificate, which namespace; nothing is made: %s', async (_, template) => {
    const visited = await visit(settings({ template }));
    expect(statesOf(visited), visited.text).toEqual(allWell);
    expect(visited.text).toMatch(/fleet: TLSv1\.\d, certificate of .* by management-cluster until/);
    expect(visited.text).toContain('clusters in namespace dashbutton can be listed');
    expect(visited.text).toContain('256 of 256 ranges free');
    expect(fleet.clusters()).toEqual([]);
    for (const { verb, query } of fleet.requests())
      if (verb === 'patch') expect(query).toContain('dryRun=All');
    expect(warningsOf(visited)).toEqual([]);
  });

  test('with server, tokenFile and ca', async () => {
    setUp.file('fleet.token', fleet.token);
    setUp.file('fleet-ca.pem', fleet.ca);
    const path = setUp.write({
      platforms: {
        fleet: {
          type: 'cluster-api',
          namespace: 'dashbutton',
          server: fleet.url,
          tokenFile: 'fleet.token',
          ca: 'fleet-ca.pem',
        },
      },
      profiles: { house: houseOn('fleet') },
    });
    const visited = await visit(path);
    expect(statesOf(visited), visited.text).toEqual(allWell);
  });
});

function houseOn(platform: string): object {
  const range = { rangePool: '10.128.0.0/10', rangePrefix: 18 };
  return { platform, ...range, expectS: 10, deadlineS: 60, template: topology };
}

describe('the way in', () => {
  test('no such name; nobody there; no TLS', async () => {
    const at = (url: string) => fleet.kubeconfig().replace(fleet.url, url);
    const unknown = await visit(settings({ text: at('https://fleet.invalid:6443') }));
    expect(broken(unknown, 'DNS', ['platforms.fleet.kubeconfig'])?.found).toContain('fleet.invalid');
    const away = await visit(settings({ text: at(`https://127.0.0.1:${await freePort()}`) }));
    expect(broken(away, 'platform login', ['platforms.fleet.kubeconfig'])?.found).toContain(
      'nothing listens',
    );
    const plain = await visit(settings({ text: at(`https://127.0.0.1:${lab.relay.port}`) }));
    expect(broken(plain, 'platform login', ['platforms.fleet.kubeconfig'])?.found).toContain('speaks no TLS');
  });

  test('a proxy that is not there is the one that is named', async () => {
    const port = await freePort();
    const away = await visit(settings({ platform: { proxy: `http://127.0.0.1:${port}` } }));
    const problem = broken(away, 'platform login', ['platforms.fleet.proxy']);
    expect(problem?.found).toContain(`127.0.0.1:${port}`);
  });

  test('another authority: not believed, and no token is sent', async () => {
    const { certPem } = await makeAuthority('other');
    const other = Buffer.from(certPem).toString('base64');
    const text = fleet.kubeconfig().replace(Buffer.from(fleet.ca).toString('base64'), other);
    const before = fleet.requests().length;
    const visited = await visit(settings({ text }));
    expect(broken(visited, 'platform login', ['platforms.fleet.kubeconfig'])?.found).toMatch(
      /by management-cluster .* is not believed/,
    );
    expect(fleet.requests()).toHaveLength(before);
  });

  test('a token that is worth nothing; a kubeconfig without a login', async () => {
    const worthless = await visit(settings({ text: fleet.kubeconfig('worthless') }));
    const problem = broken(worthless, 'platform login', ['platforms.fleet.kubeconfig']);
    expect(problem).toMatchObject({
      found: expect.stringContaining('401'),
      expected: 'a login that the management cluster takes',
    });
    const nobody = await visit(
      settings({ text: fleet.kubeconfig().replace(/user:\n +token: .*/, 'user: {}') }),
    );
    expect(broken(nobody, 'platform login', ['platforms.fleet.kubeconfig'])?.found).toContain(
      'system:anonymous',
    );
  });

  test('not in a pod', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const path = setUp.write({
      platforms: { fleet: { type: 'cluster-api', namespace: 'dashbutton', inCluster: true } },
      profiles: { house: houseOn('fleet') },
    });
    expect(broken(await visit(path), 'DNS', ['platforms.fleet.inCluster'])?.found).toContain(
      'this is no pod',
    );
  });

  test('a login without rights: which right, where, and the Role that gives it', async () => {
    const token = fleet.addAccount({ name: 'stranger' });
    const problem = broken(await visit(settings({ text: fleet.kubeconfig(token) })), 'platform login', [
      'platforms.fleet.kubeconfig',
    ]);
    expect(problem?.found).toMatch(/list clusters.* in namespace dashbutton: 403: .*stranger" may not list/);
    expect(problem?.expected).toBe('the rights of provisioner/deploy/role.yaml in namespace dashbutton');
  });

  test('no Cluster API there', async () => {
    const bare = await another({ apiVersions: [] });
    const problem = broken(await visit(settings({ text: bare.kubeconfig() })), 'platform login', [
      'platforms.fleet.kubeconfig',
    ]);
    expect(problem?.found).toContain('has no cluster.x-k8s.io');
    expect(problem?.advice).toContain('clusterctl init');
  });
});

const template = 'profiles.house.template';

/** May list clusters, and what is said. */
const rights = (...more: Rule[]): Rule[] => [
  {
    apiGroups: ['cluster.x-k8s.io'],
    resources: ['clusters'],
    verbs: ['get', 'list', 'watch', 'create', 'patch'],
  },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
  ...more,
];

describe('templates', () => {
  test('no such class: those that there are', async () => {
    const visited = await visit(settings({ template: { ...topology, class: 'quick-strat' } }));
    expect(broken(visited, 'template objects', [`${template}.class`])).toMatchObject({
      found: 'there is no quick-strat',
      expected: 'one of quick-start',
    });
  });

  test('no such workers, no such variable: both', async () => {
    const wrong = {
      ...topology,
      workers: [{ class: 'worker', name: 'md-0', replicas: 1 }],
      variables: { 'disk-size': 3 },
    };
    const visited = await visit(settings({ template: wrong }));
    const problem = broken(visited, 'template objects', [
      `${template}.workers.0.class`,
      `${template}.variables.disk-size`,
    ]);
    expect(problem).toMatchObject({ found: 'there is no worker', expected: 'one of default-worker' });
    expect(problemsOf(visited)[1]?.expected).toBe('one of region, imageRepository');
  });

  test('a variable that the class requires', async () => {
    const needs = await another({
      classes: [{ name: 'quick-start', variables: [{ name: 'region', required: true }] }],
    });
    const { variables: _, ...without } = topology;
    const visited = await visit(settings({ text: needs.kubeconfig(), template: without }));
    const problem = broken(visited, 'template objects', [`${template}.variables.region`]);
    expect(problem?.found).toBe('the class requires it');
  });

  test('a definition is missing: which kind, and that its provider is', async () => {
    const lacks = await another({ without: ['DockerCluster'] });
    const visited = await visit(settings({ text: lacks.kubeconfig(), template: manifests }));
    const problem = broken(visited, 'template objects', [template]);
    expect(problem?.found).toContain(
      'does not serve DockerCluster of infrastructure.cluster.x-k8s.io/v1beta1',
    );
    expect(problem?.advice).toContain('clusterctl init --infrastructure');
  });

  test.each([
    ['a class', topology],
    ['manifests', manifests],
  ])('a namespace that is not there: that setting, once: with %s', async (_, wanted) => {
    const visited = await visit(settings({ platform: { namespace: 'nowhere' }, template: wanted }));
    const problem = broken(visited, 'template objects', ['platforms.fleet.namespace']);
    expect(problem?.found).toContain('namespaces "nowhere" not found');
    expect(problem?.advice).toContain('kubectl create namespace nowhere');
  });

  test('a fault in a file of manifests: the setting that names it, and the file to mend', async () => {
    const file = setUp.file(
      'typo.yaml',
      readFileSync(example, 'utf8').replaceAll(/CLUSTER_NAME\}$/gm, 'CLUSTERNAME}'),
    );
    const visited = await visit(settings({ template: { ...manifests, manifests: [file] } }));
    expect(statesOf(visited)[0]).toBe('broken configuration');
    for (const { setting, found, advice } of problemsOf(visited)) {
      expect(setting).toBe(`${template}.manifests`);
      expect(found).toMatch(/^line \d+: there is no placeholder ..CLUSTERNAME\}/);
      expect(advice).toMatch(/^mend .*typo\.yaml$/);
    }
  });

  test('a right that is needed only later: to watch, to delete', async () => {
    for (const verb of ['watch', 'delete']) {
      const [clusters, ...others] = rights({
        apiGroups: ['cluster.x-k8s.io'],
        resources: ['clusterclasses'],
        verbs: ['get'],
      });
      const verbs = [...(clusters?.verbs ?? []), 'delete'].filter(one => one !== verb);
      const rules = [{ ...(clusters as Rule), verbs }, ...others];
      const token = fleet.addAccount({ name: `no-${verb}`, rules });
      const visited = await visit(settings({ text: fleet.kubeconfig(token) }));
      const problem = broken(visited, 'template objects', ['platforms.fleet.kubeconfig']);
      expect(problem?.found).toContain(`may not ${verb} clusters`);
    }
  });

  test('rights for one kind of template only: the login is named, not the template', async () => {
    const token = fleet.addAccount({ name: 'narrow', rules: rights() });
    const classes = await visit(settings({ text: fleet.kubeconfig(token) }));
    const login = 'platforms.fleet.kubeconfig';
    const both = problemsOf(classes);
    expect(statesOf(classes)).toContain('broken template objects');
    expect(both.map(({ setting }) => setting)).toEqual([login, login]);
    expect(both[0]?.found).toMatch(/clusterclasses/);
    expect(both[1]?.found).toMatch(/may not delete clusters/);
    const files = await visit(settings({ text: fleet.kubeconfig(token), template: manifests }));
    expect(statesOf(files)).toContain('broken template objects');
    expect(files.text).toContain('role-manifests.yaml');
    expect(files.text).toMatch(/may not get dockerclusters/);
  });
});

describe('a no that is not about rights', () => {
  /** As Kubernetes words them (a quota seen on 1.20), and a webhook in the words of rights. */
  const clusters = 'clusters.cluster.x-k8s.io "dashbutton-check-0" is forbidden: ';
  const count = 'count/clusters.cluster.x-k8s.io';
  const quota = `exceeded quota: few, requested: ${count}=1, used: ${count}=2, limited: ${count}=2`;
  const denied = (why: string) => `admission webhook "policy.example.com" denied the request: ${why}`;

  test.each([
    ['a quota', `${clusters}${quota}`, quota],
    ['a webhook', denied('no clusters on Fridays'), 'no clusters on Fridays (webhook policy.example.com)'],
    [
      'a webhook that speaks of somebody',
      denied('"dev" may not make clusters: ask the platform team'),
      '"dev" may not make clusters: ask the platform team (webhook policy.example.com)',
    ],
  ])('the template in its own words, and not the login: %s', async (_, message, words) => {
    const full = await another({
      failures: [{ kind: 'denied', message, verb: 'patch', resource: 'clusters' }],
    });
    const visited = await visit(settings({ text: full.kubeconfig() }));
    const problem = broken(visited, 'template objects', [template]);
    expect(problem?.found).toContain(`: 403: ${words}`);
    expect(visited.text).not.toContain('role.yaml');
  });
});

describe('classes that cannot be looked at', () => {
  /** All of role.yaml but what it says of classes. */
  const blind: Rule[] = [
    {
      apiGroups: ['cluster.x-k8s.io'],
      resources: ['clusters'],
      verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
    },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
  ];
  const classes = (...verbs: string[]): Rule => ({
    apiGroups: ['cluster.x-k8s.io'],
    resources: ['clusterclasses'],
    verbs,
  });

  /** With a token in a file, so that login and server are different settings. */
  function withToken(token: string, wanted: object = topology): string {
    setUp.file('blind.token', token);
    setUp.file('fleet-ca.pem', fleet.ca);
    const access = { server: fleet.url, tokenFile: 'blind.token', ca: 'fleet-ca.pem' };
    return setUp.write({
      platforms: { fleet: { type: 'cluster-api', namespace: 'dashbutton', ...access } },
      profiles: { house: { ...houseOn('fleet'), template: wanted } },
    });
  }

  test('no right to get them: the login, the right, the namespace, the Role; once', async () => {
    const token = fleet.addAccount({ name: 'blind', rules: blind });
    const problem = broken(await visit(withToken(token)), 'template objects', ['platforms.fleet.tokenFile']);
    expect(problem?.found).toMatch(
      /^get clusterclasses\.\S+ in namespace dashbutton: 403: "\S+:blind" may not get clusterclasses: give it the Role/,
    );
    expect(problem?.expected).toBe('the rights in provisioner/deploy/ in namespace dashbutton');
    expect(problem?.advice).toContain('role.yaml for a class');
  });

  test('no right to list them, and the class is not there', async () => {
    const token = fleet.addAccount({ name: 'blind', rules: [...blind, classes('get')] });
    const wanted = { ...topology, class: 'quick-strat' };
    const visited = await visit(withToken(token, wanted));
    const problem = broken(visited, 'template objects', ['platforms.fleet.tokenFile']);
    expect(problem?.found).toContain('may not list clusterclasses');
  });

  test('classNamespace: no right there, or no such namespace: which one was looked in', async () => {
    const wanted = { ...topology, classNamespace: 'clases' };
    const token = fleet.addAccount({ name: 'blind', rules: [...blind, classes('get', 'list')] });
    const visited = await visit(withToken(token, wanted));
    const problem = broken(visited, 'template objects', ['platforms.fleet.tokenFile']);
    expect(problem?.found).toContain('in namespace clases: 403: ');
    expect(problem?.expected).toBe('the rights in provisioner/deploy/ in namespace clases');
    expect(problem?.advice).toMatch(/rule for clusterclasses.*correct classNamespace/);
    // Who may look everywhere finds nothing there.
    const empty = await visit(withToken(fleet.token, wanted));
    expect(broken(empty, 'template objects', [`${template}.class`])).toMatchObject({
      found: 'there is no quick-start in namespace clases',
      expected: 'the platform has none',
    });
  });
});

describe('the provisioner at its start', () => {
  const allThere = 'platform has what the profile names';

  /** What it logs as a warning, until it says `words`. */
  async function warned(path: string, words: string): Promise<string> {
    const lines: string[] = [];
    const log = pino({}, { write: line => lines.push(line) });
    const journal = `journal-${Math.random()}`;
    const config = { ...loadConfig(path, {}), journal: join(lab.folder, journal) };
    const provisioner = await startProvisioner(config, { log });
    try {
      await until(() => lines.some(line => line.includes(words)), `"${words}" in its log`);
    } finally {
      await provisioner.stop();
    }
    const text = lines.filter(line => JSON.parse(line).level >= 40).join('');
    expect(text).not.toContain(fleet.token);
    expect(lines.join('').includes(allThere)).toBe(words === allThere);
    return text;
  }

  test('names a class that is not there, and presses are taken all the same', async () => {
    const path = settings({ template: { ...topology, class: 'quick-strat' } });
    const said = await warned(path, 'a press of this profile would fail');
    expect(said).toContain('class: there is no quick-strat; there is quick-start');
    expect(said).toContain('"profile":"house"');
  });

  test('names a definition that is missing', async () => {
    const lacks = await another({ without: ['KubeadmControlPlane'] });
    const path = settings({ text: lacks.kubeconfig(), template: manifests });
    expect(await warned(path, 'would fail')).toContain('does not serve KubeadmControlPlane');
  });

  test('names the rights that a login lacks', async () => {
    const token = fleet.addAccount({ name: 'nobody' });
    const said = await warned(settings({ text: fleet.kubeconfig(token) }), 'platform cannot be used now');
    expect(said).toMatch(/may not list clusters: give it the Role in provisioner\/deploy/);
  });

  test('names the right to look at classes', async () => {
    const token = fleet.addAccount({ name: 'narrow', rules: rights() });
    const said = await warned(
      settings({ text: fleet.kubeconfig(token) }),
      'a press of this profile would fail',
    );
    expect(said).toMatch(/may not get clusterclasses: give it the Role in provisioner\/deploy/);
    expect(said).not.toContain('could not be checked');
  });

  test('says nothing when all is there', async () => {
    expect(await warned(settings(), allThere)).toBe('');
  });
});
