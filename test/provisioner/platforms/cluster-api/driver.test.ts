/** The driver against a simulated management cluster: what the contract, which knows no platform, cannot ask. */
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ClusterRequest,
  missingLine,
  type Observation,
  type Template,
  usedRanges,
} from '../../../../provisioner/src/common/platform.ts';
import { Kube } from '../../../../provisioner/src/kubernetes/kube.ts';
import { wayTo } from '../../../../provisioner/src/kubernetes/login.ts';
import type { ApiVersion } from '../../../../provisioner/src/kubernetes/objects.ts';
import { longestName } from '../../../../provisioner/src/platforms/cluster-api/check.ts';
import { ClusterApiPlatform } from '../../../../provisioner/src/platforms/cluster-api/cluster-api.ts';
import { foreignDescription } from '../../../../provisioner/src/platforms/cluster-api/observation.ts';
import { Sets } from '../../../../provisioner/src/platforms/cluster-api/sets.ts';
import { templateOf } from '../../../../provisioner/src/platforms/cluster-api/template.ts';
import { makePlatform } from '../../../../provisioner/src/platforms/kinds.ts';
import {
  type ClusterApiSimulator,
  startClusterApiSimulator,
} from '../../../../simulator/cluster-api/simulator.ts';
import { addressPool } from '../../../fixtures/addresses.ts';
import { until as eventually } from '../../../fixtures/patience.ts';
import { Caller, type Thing } from '../fixtures/kube-caller.ts';
import { configFor, templateFor } from '../fixtures/management.ts';

const never = new AbortController().signal;
// Shared by many calls at once; in a provisioner each build has one of its own.
setMaxListeners(0, never);
const topology = templateFor('topology');
const manifests = templateFor('manifests');

let simulator: ClusterApiSimulator;
let caller: Caller;
let driver: ClusterApiPlatform;
const closing: (() => Promise<void>)[] = [];

/** Both versions are served, as Cluster API does since the second came. */
async function start(preferredVersion: ApiVersion = 'v1beta2', more: object = {}): Promise<void> {
  simulator = await startClusterApiSimulator({
    // 0.2 s a build.
    speed: 800,
    preferredVersion,
    addressPool: addressPool(),
    ...more,
  });
  const { url, ca, token } = simulator;
  caller = new Caller({ url, ca, token });
  // Some tests start a second one.
  const own = { simulator, caller };
  closing.push(
    () => own.simulator.close(),
    () => own.caller.close(),
  );
  driver = platform();
}

function platform(
  behind = { url: simulator.url, ca: simulator.ca },
  token = simulator.token,
): ClusterApiPlatform {
  const made = new ClusterApiPlatform(configFor({ ...behind, token }, 'dashbutton'));
  closing.push(() => made.close());
  return made;
}

beforeEach(() => start());

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function order(name: string, template: Template = topology, press = name): ClusterRequest {
  return {
    name,
    template,
    addOns: [],
    range: '10.128.0.0/18',
    description: `dash button of lab, press ${press}`,
  };
}

async function until(kind: Observation['kind'], request: ClusterRequest, by = driver): Promise<Observation> {
  let last: Observation | undefined;
  const look = async () => {
    last = await by.observe(request, never, true);
    return last.kind === kind ? last : undefined;
  };
  return eventually(look, () => `${kind}, not ${JSON.stringify(last)}`);
}

const group = '/apis/cluster.x-k8s.io/v1beta2/namespaces/dashbutton';
const dockers = '/apis/infrastructure.cluster.x-k8s.io/v1beta1/namespaces/dashbutton/dockerclusters';

/** As somebody else has it. */
function foreign(name: string): object {
  return {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'Cluster',
    metadata: { name, labels: { team: 'others' } },
    spec: { clusterNetwork: { services: { cidrBlocks: ['10.200.0.0/16'] } } },
  };
}

function kept({ metadata, spec }: Thing): object {
  const { labels, annotations, ownerReferences, uid } = metadata;
  return { labels, annotations, ownerReferences, uid, spec };
}

describe('an order', () => {
  test.each(['v1beta1', 'v1beta2'] as const)('preferred %s: all objects, marked, owned', async preferred => {
    await start(preferred);
    const request = order('desk-7', manifests);
    await driver.create(request, never);
    const cluster = await caller.must('GET', `${group}/clusters/desk-7`);
    const marks = { annotations: { 'dashbutton.dev/press': request.description } };
    expect(cluster.metadata).toMatchObject({
      ...marks,
      labels: {
        'dashbutton.dev/cluster': 'desk-7',
        'dashbutton.dev/button': 'desk',
        'dashbutton.dev/press': '7',
      },
    });
    const docker = await caller.must('GET', `${dockers}/desk-7`);
    expect(docker.metadata).toMatchObject({
      ...marks,
      ownerReferences: [expect.objectContaining({ uid: cluster.metadata.uid })],
    });
    expect(await until('ready', request)).toMatchObject({
      id: cluster.metadata.uid,
      description: request.description,
    });
    expect((await driver.access(request, never)).server).toContain(simulator.clusters()[0]?.address);
  });

  test('what a controller has changed since is left as it is when the order comes again', async () => {
    const request = order('desk-7', manifests);
    await driver.create(request, never);
    const workers = `${group}/machinedeployments/desk-7-workers`;
    await caller.must('PATCH', workers, { spec: { replicas: 5 } });
    await driver.create(request, never);
    await platform().create(request, never);
    expect((await caller.must('GET', workers)).spec?.replicas).toBe(5);
  });

  test('another press has the name: not touched', async () => {
    await driver.create(order('desk-7'), never);
    // Until the controllers have written all that they write.
    await until('ready', order('desk-7'));
    const before = kept(await caller.must('GET', `${group}/clusters/desk-7`));
    await expect(driver.create(order('desk-7', topology, 'another'), never)).rejects.toMatchObject({
      message: 'Name taken: there is a Cluster desk-7 that is not ours',
      transient: false,
    });
    expect(kept(await caller.must('GET', `${group}/clusters/desk-7`))).toEqual(before);
  });

  test('one of the names is taken: not touched, and the build fails with that', async () => {
    const docker = { apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1', kind: 'DockerCluster' };
    const made = await caller.must('POST', dockers, { ...docker, metadata: { name: 'desk-7' } });
    const words = 'Name taken: there is a DockerCluster desk-7 that is not ours';
    await expect(driver.create(order('desk-7', manifests), never)).rejects.toThrow(words);
    expect(kept(await caller.must('GET', `${dockers}/desk-7`))).toEqual(kept(made));
    expect(await driver.observe(order('desk-7', manifests), never, true)).toMatchObject({
      kind: 'failed',
      message: words,
    });
  });

  test('somebody takes the name between look and apply: what was added is taken back', async () => {
    // No controllers: in that moment they would have acted on what is taken back.
    await start('v1beta2', { controllers: false });
    const { url, ca, token } = simulator;
    const config = configFor({ url, ca, token }, 'dashbutton');
    let before: object | undefined;
    class Slow extends Kube {
      override async get(path: string, signal: AbortSignal) {
        const found = await super.get(path, signal);
        before ??= kept(await caller.must('POST', `${group}/clusters`, foreign('desk-7')));
        return found;
      }
    }
    const kube = new Slow(wayTo(config));
    closing.push(() => kube.close());
    const sets = new Sets(kube, 'dashbutton', () => {});
    await expect(sets.make(order('desk-7'), templateOf(topology), never)).rejects.toThrow(
      'Name taken: there is a Cluster desk-7 that is not ours',
    );
    // Applied, seen that it was there, taken back.
    expect(kube.requests().apply).toBe(2);
    expect(kept(await caller.must('GET', `${group}/clusters/desk-7`))).toEqual(before);
  });
});

test('a refusal begins with why: a display has room for 80 characters', async () => {
  const wrong = { ...topology, workers: [{ class: 'gpu', name: 'a', replicas: 1 }] };
  await expect(driver.create(order('desk-1', wrong), never)).rejects.toMatchObject({
    transient: false,
    message: expect.stringMatching(
      /^Cluster: 422: MachineDeploymentClass .*"gpu" .* \(spec\.topology\.workers\.\S+: Inv/,
    ),
  });
});

describe('a set that a crash cut short', () => {
  /** A create that ends behind the Cluster. */
  async function cutShort(request: ClusterRequest): Promise<void> {
    const heal = simulator.fail({ kind: 'serverError', method: 'PATCH', resource: 'dockerclusters' });
    await expect(platform().create(request, never)).rejects.toThrow();
    heal();
    expect((await caller.call('GET', `${dockers}/${request.name}`)).status).toBe(404);
  }

  test('is completed by the next process that looks at it, once', async () => {
    const request = order('desk-7', manifests);
    await cutShort(request);
    await until('ready', request);
    const { apply, get } = driver.requests();
    for (let look = 0; look < 50; look++) await driver.observe(request, never, true);
    expect(driver.requests()).toMatchObject({ apply, get });
  });

  test('says what is in the way, and is removed all the same', async () => {
    const request = order('desk-7', manifests);
    await cutShort(request);
    const heal = simulator.fail({ kind: 'forbidden', method: 'PATCH', resource: 'dockerclusters' });
    const seen = await driver.observe(request, never, true);
    expect(seen).toMatchObject({
      kind: 'building',
      phase: expect.stringMatching(/^DockerCluster: 403: may not/),
    });
    expect(seen.kind === 'building' ? seen.phase.length : 0).toBeLessThanOrEqual(40);
    // Not at every look.
    const { apply } = driver.requests();
    for (let look = 0; look < 50; look++) await driver.observe(request, never, true);
    expect(driver.requests().apply).toBeLessThan((apply ?? 0) + 5);
    await driver.remove(request, 'id' in seen ? seen.id : '', never);
    await until('absent', request);
    heal();
  });

  test('whoever only looks makes nothing', async () => {
    const request = order('desk-7', manifests);
    await cutShort(request);
    expect(await driver.observe(request, never)).toMatchObject({ kind: 'building' });
    expect(driver.requests().apply).toBeUndefined();
    expect((await caller.call('GET', `${dockers}/desk-7`)).status).toBe(404);
  });

  test('a Cluster that was deleted meanwhile is not made again', async () => {
    const request = order('desk-7', manifests);
    await cutShort(request);
    const { url, ca, token } = simulator;
    const kube = new Kube(wayTo(configFor({ url, ca, token }, 'dashbutton')));
    closing.push(() => kube.close());
    const cluster = await kube.get(`${group}/clusters/desk-7`, never);
    if (cluster === undefined) throw new Error('it is not there');
    await caller.must('DELETE', `${group}/clusters/desk-7`);
    await until('absent', request);
    await new Sets(kube, 'dashbutton', () => {}).complete(cluster, templateOf(manifests), never);
    expect((await caller.call('GET', `${group}/clusters/desk-7`)).status).toBe(404);
  });

  test('somebody else’s is not completed', async () => {
    await caller.must('POST', `${group}/clusters`, foreign('desk-7'));
    const seen = await until('building', order('desk-7', manifests));
    expect(seen).toMatchObject({ description: foreignDescription });
    expect((await caller.call('GET', `${dockers}/desk-7`)).status).toBe(404);
    expect(driver.requests().apply).toBeUndefined();
  });
});

describe('removal', () => {
  test('not of another uid, not of somebody else’s', async () => {
    const request = order('desk-7');
    await driver.create(request, never);
    await driver.remove(request, 'another-uid', never);
    const { metadata } = await caller.must('POST', `${group}/clusters`, foreign('shop-1'));
    await expect(driver.remove(order('shop-1'), metadata.uid ?? '', never)).rejects.toThrow(
      'Cluster shop-1 is not ours: it is left alone',
    );
    expect(simulator.clusters().map(({ name, state }) => [name, state === 'deleting'])).toEqual([
      ['desk-7', false],
      ['shop-1', false],
    ]);
    expect(driver.requests().delete).toBeUndefined();
  });

  test('of what is not there is no error; with a finalizer it is seen going', async () => {
    await driver.remove(order('none-1'), 'u', never);
    const request = order('desk-7');
    await driver.create(request, never);
    const seen = await until('ready', request);
    const heal = simulator.fail({ kind: 'stuckFinalizer' });
    await driver.remove(request, 'id' in seen ? seen.id : '', never);
    await until('deleting', request);
    // On its way out it is not made again.
    await expect(driver.create(request, never)).rejects.toMatchObject({ transient: true });
    heal();
    await until('absent', request);
  });
});

const missing = async (of: ClusterApiPlatform, template: Template) =>
  (await of.checkTemplate(template, never)).map(missingLine);

describe('what is missing', () => {
  test('nothing, in both ways', async () => {
    expect(await missing(driver, topology)).toEqual([]);
    expect(await missing(driver, manifests)).toEqual([]);
    expect((await caller.items(`${group}/clusters`)).length).toBe(0);
  });

  const wrong: [string, Template, RegExp][] = [
    ['the class', { ...topology, class: 'quick' }, /^class: there is no quick; there is quick-start$/],
    [
      'a worker class',
      { ...topology, workers: [{ class: 'gpu', name: 'a' }] },
      /^workers\.0\.class: there is no gpu; there is default-worker$/,
    ],
    [
      'a variable',
      { ...topology, variables: { regoin: 'x' } },
      /^variables\.regoin: there is no such variable; there is region, imageRepository$/,
    ],
  ];
  test.each(wrong)('what is not there is named: %s', async (_, template, expected) => {
    const lines = await missing(driver, template);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  test('a variable that the class requires', async () => {
    await start('v1beta2', {
      classes: [
        {
          name: 'quick-start',
          variables: [
            { name: 'region', required: true },
            { name: 'size', required: true, schema: { type: 'string', default: 'm' } },
          ],
        },
      ],
    });
    expect(await missing(driver, { ...topology, variables: {} })).toEqual([
      'variables.region: the class requires it',
    ]);
  });

  test('a CRD that is not installed', async () => {
    await start('v1beta2', { without: ['DockerCluster'] });
    expect(await missing(driver, manifests)).toEqual([
      expect.stringMatching(/does not serve DockerCluster of infrastructure/),
    ]);
  });

  test('rights: all of them are named', async () => {
    const token = simulator.addAccount({ name: 'weak' });
    const weak = platform(simulator, token);
    await expect(weak.check(never)).rejects.toThrow(/may not list clusters/);
    expect(await missing(weak, manifests)).toContainEqual(expect.stringMatching(/may not get secrets/));
  });

  test.each(['watch', 'delete'])('the right to %s, which a press needs only later', async verb => {
    const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'].filter(one => one !== verb);
    const clusters = { apiGroups: ['cluster.x-k8s.io'], resources: ['clusters'], verbs };
    const classes = {
      apiGroups: ['cluster.x-k8s.io'],
      resources: ['clusterclasses'],
      verbs: ['get', 'list'],
    };
    const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
    const token = simulator.addAccount({ name: `no-${verb}`, rules: [clusters, classes, secrets] });
    const lines = await missing(platform(simulator, token), topology);
    expect(lines).toEqual([expect.stringContaining(`may not ${verb} clusters`)]);
  });

  test('a namespace that is not there: once, whatever the template', async () => {
    const nowhere = new ClusterApiPlatform(configFor(simulator, 'nowhere'));
    closing.push(() => nowhere.close());
    await nowhere.check(never);
    for (const template of [topology, manifests]) {
      expect(await missing(nowhere, template)).toEqual([
        expect.stringContaining('namespaces "nowhere" not found: make the namespace'),
      ]);
    }
  });

  test('of a template whose files have not been read nothing is known', async () => {
    expect(await missing(driver, { ...manifests, manifests: ['a.yaml'] })).toEqual([]);
  });
});

test('all looks come from one watch', async () => {
  const orders = Array.from({ length: 20 }, (_, i) => order(`desk-${i + 1}`));
  await Promise.all(orders.map(request => driver.create(request, never)));
  const { discover } = driver.requests();
  await Promise.all(orders.map(request => until('ready', request)));
  expect(driver.requests()).toMatchObject({ get: 20, apply: 20, list: 1, discover });
  expect(simulator.openWatches()).toBe(1);
  expect(await usedRanges(driver, never)).toHaveLength(20);
});

test('makePlatform makes it, and names reach as far as a press can', async () => {
  await start('v1beta2', { speed: 20 });
  const made = await makePlatform(configFor(simulator, 'dashbutton'));
  closing.push(() => made.close());
  await made.check(never);
  await made.create(order(longestName, manifests), never);
  expect(await made.observe(order(longestName, manifests), never)).toMatchObject({ kind: 'building' });
});
