/** A management cluster for tests: Cluster API's simulator, or a real API server on which its controllers are played. */
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { credentialsOf } from '../../provisioner/src/kubernetes/kubeconfig.ts';
import { readManifests } from '../../provisioner/src/kubernetes/manifests.ts';
import { ClusterApiPlatform } from '../../provisioner/src/platforms/cluster-api/cluster-api.ts';
import type { ApiVersion } from '../../provisioner/src/platforms/cluster-api/objects.ts';
import { placeholders } from '../../provisioner/src/platforms/cluster-api/render.ts';
import type { ClusterApiConfig } from '../../provisioner/src/platforms/cluster-api/settings.ts';
import type { Template } from '../../provisioner/src/platforms/platform.ts';

import { startClusterApiSimulator } from '../../simulator/cluster-api/simulator.ts';
import { type RealApiServer, startRealApiServer } from '../kubernetes/real-api-server.ts';
import { type Backend, Caller } from './kube-caller.ts';
import { definitions, sampleClass } from './own-crds.ts';
import { PlayedControllers } from './played-controllers.ts';

export type Mode = 'topology' | 'manifests';

export interface Management {
  backend: Backend;
  version: ApiVersion;
  namespace: string;
  /** Past the driver, with all rights. */
  caller: Caller;
  /** The next new cluster breaks for good, with these words. */
  failNext(words: string): void;
  close(): Promise<void>;
}

const example = fileURLToPath(
  new URL('../../provisioner/examples/cluster-api-docker-cluster.yaml', import.meta.url),
);

/** One control-plane machine and two workers, in either way. */
export function templateFor(mode: Mode): Template {
  const version = 'v1.31.2';
  if (mode === 'topology') {
    return {
      class: 'quick-start',
      version,
      controlPlane: { replicas: 1 },
      workers: [{ class: 'default-worker', name: 'md-0', replicas: 2 }],
      variables: { region: 'eu-central-1' },
    };
  }
  return {
    manifests: readManifests(example, 'manifests', placeholders),
    version,
    controlPlaneReplicas: 1,
    workerReplicas: 2,
    services: '10.96.0.0/16',
  };
}

/** A kubeconfig with one context. */
export function kubeconfigFor({ url, ca, token }: Backend): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'fleet',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'provisioner', user: { token } }],
    contexts: [{ name: 'fleet', context: { cluster: 'fleet', user: 'provisioner' } }],
    'current-context': 'fleet',
  });
}

export function configFor(backend: Backend, namespace: string): ClusterApiConfig {
  return {
    type: 'cluster-api',
    namespace,
    access: { kind: 'kubeconfig', text: kubeconfigFor(backend), folder: '/' },
  };
}

export function driverFor(backend: Backend, namespace: string): ClusterApiPlatform {
  return new ClusterApiPlatform(configFor(backend, namespace));
}

/** @param speed 160 nominal seconds a build. */
export async function simulated(version: ApiVersion, speed: number): Promise<Management> {
  return (await simulatedLab(version, speed)).management;
}

/** The same with the simulator itself. */
export async function simulatedLab(version: ApiVersion, speed: number) {
  nextPool = (nextPool + 1) % 50;
  const simulator = await startClusterApiSimulator({
    speed,
    // As Cluster API has it: the old version is served along with the new one.
    apiVersions: version === 'v1beta1' ? ['v1beta1'] : ['v1beta1', 'v1beta2'],
    addressPool: `127.${150 + nextPool}.0.0/16`,
  });
  const { url, ca, token } = simulator;
  const backend = { url, ca, token };
  const caller = new Caller(backend);
  const management: Management = {
    backend,
    version,
    namespace: simulator.namespace,
    caller,
    failNext: message => {
      simulator.fail({ kind: 'controllerFails', message, times: 1 });
    },
    close: async () => {
      await caller.close();
      await simulator.close();
    },
  };
  return { management, simulator };
}

/** Each simulator of one test process has addresses of its own, so that API servers do not meet. */
let nextPool = process.pid % 50;

/** A real API server with our own definitions; many tests share it, each with a namespace of its own. */
export interface RealServer {
  backend: Backend;
  server: RealApiServer;
  version: ApiVersion;
  /** A new namespace with the class, and controllers that care for it. */
  management(options?: { stepMs?: number }): Promise<Management>;
  close(): Promise<void>;
}

/** A definition is served a moment after it was taken. */
const servedWithinMs = 60_000;

export async function startRealServer(assets: string, version: ApiVersion): Promise<RealServer> {
  const server = await startRealApiServer(assets);
  const { token = '' } = credentialsOf(server.tokenKubeconfig);
  const backend = { url: server.server, ca: server.ca, token };
  const caller = new Caller(backend);
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  // As Cluster API has it: the old version is served along with the new one.
  const served: ApiVersion[] = version === 'v1beta1' ? ['v1beta1'] : ['v1beta1', 'v1beta2'];
  for (const definition of definitions(served)) await caller.must('POST', crds, definition);
  let count = 0;
  return {
    backend,
    server,
    version,
    management: async ({ stepMs = 150 } = {}) => {
      const namespace = `lab-${++count}`;
      await caller.must('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
      const classes = `/apis/cluster.x-k8s.io/${version}/namespaces/${namespace}/clusterclasses`;
      await untilServed(caller, classes);
      await caller.must('POST', classes, sampleClass(version, 'quick-start', namespace));
      const played = new PlayedControllers({ caller, version, namespace, stepMs });
      return {
        backend,
        version,
        namespace,
        caller,
        failNext: words => played.failNext(words),
        close: () => played.close(),
      };
    },
    close: async () => {
      await caller.close();
      await server.close();
    },
  };
}

async function untilServed(caller: Caller, path: string): Promise<void> {
  const endMs = performance.now() + servedWithinMs;
  while ((await caller.call('GET', path)).status !== 200) {
    if (performance.now() > endMs) throw new Error(`${path} is not served`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}
