/**
 * Plays Cluster API's controllers and Kubernetes' garbage collector on a real API server, where none of them run: every
 * Cluster gets, step by step, an infrastructure, an endpoint, a kubeconfig, machines, and at its deletion loses what it
 * owns. The new cluster's API server is a simulated one.
 */

import type { ApiVersion } from '../../provisioner/src/platforms/cluster-api/objects.ts';
import { type ApiServer, startApiServer } from '../../simulator/ccp/api-server.ts';
import { ClusterIdentity } from '../../simulator/ccp/identity.ts';
import { kubeconfig } from '../../simulator/ccp/kubeconfig.ts';
import type { Caller, Thing } from './kube-caller.ts';
import { partKinds } from './own-crds.ts';

const finalizer = 'cluster.cluster.x-k8s.io';
const lookEveryMs = 50;
const workers = 2;

/** Infrastructure, control plane, its one machine, the workers. */
export const lastStep = 3 + workers;

interface Played {
  step: number;
  sinceMs: number;
  server?: ApiServer;
  failure?: string;
}

export interface PlayedOptions {
  caller: Caller;
  version: ApiVersion;
  namespace: string;
  /** Between two steps of a build, in milliseconds. */
  stepMs: number;
}

export class PlayedControllers {
  readonly #options: PlayedOptions;
  readonly #clusters = new Map<string, Played>();
  readonly #loop: Promise<void>;
  #failure: string | undefined;
  #stopped = false;

  constructor(options: PlayedOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  /** The next new Cluster breaks for good after its first step. */
  failNext(words: string): void {
    this.#failure = words;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    await Promise.all([...this.#clusters.values()].map(({ server }) => server?.close()));
  }

  async #run(): Promise<void> {
    const { caller } = this.#options;
    while (!this.#stopped) {
      for (const cluster of await caller.items(this.#path('clusters'))) await this.#look(cluster);
      await new Promise(resolve => setTimeout(resolve, lookEveryMs));
    }
  }

  async #look(cluster: Thing): Promise<void> {
    const { caller, stepMs } = this.#options;
    const { uid = '', name, deletionTimestamp, finalizers = [] } = cluster.metadata;
    let played = this.#clusters.get(uid);
    if (played === undefined) {
      const failure = this.#failure === undefined ? {} : { failure: this.#failure };
      played = { step: 0, sinceMs: performance.now(), ...failure };
      this.#failure = undefined;
      this.#clusters.set(uid, played);
      if (deletionTimestamp === undefined) {
        await caller.call('PATCH', this.#path('clusters', name), {
          metadata: { finalizers: [...finalizers, finalizer] },
        });
      }
    }
    if (performance.now() - played.sinceMs < stepMs) return;
    played.sinceMs = performance.now();
    if (deletionTimestamp !== undefined) return this.#collect(cluster, played);
    if (played.step >= lastStep || (played.step > 0 && played.failure !== undefined)) return;
    if (!(await this.#isComplete(cluster))) return;
    played.step++;
    if (played.step === 2) await this.#initialize(cluster, played);
    const path = `${this.#path('clusters', name)}/status`;
    await caller.call('PATCH', path, { status: this.#status(played) });
  }

  /** As the real ones wait for what a Cluster refers to. */
  async #isComplete({ spec = {} }: Thing): Promise<boolean> {
    for (const ref of [spec.infrastructureRef, spec.controlPlaneRef]) {
      if (ref === undefined) continue;
      const { kind, name } = ref as { kind: string; name: string };
      const kinds = Object.values(partKinds).find(some => some[kind] !== undefined);
      const { status } = await this.#options.caller.call('GET', this.#path(kinds?.[kind] ?? kind, name));
      if (status !== 200) return false;
    }
    return true;
  }

  /** The API server, where it is, and the way in. */
  async #initialize({ metadata, apiVersion }: Thing, played: Played): Promise<void> {
    const { caller, namespace } = this.#options;
    const identity = new ClusterIdentity();
    const address = '127.0.0.1';
    const kubernetesVersion = '1.31.2';
    played.server = await startApiServer({ address, bindAddress: false, identity, kubernetesVersion });
    const { name, uid = '' } = metadata;
    const text = await kubeconfig(played.server.url, identity);
    await caller.must('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      metadata: {
        name: `${name}-kubeconfig`,
        labels: { 'cluster.x-k8s.io/cluster-name': name },
        ownerReferences: [{ apiVersion, kind: 'Cluster', name, uid }],
      },
      type: 'cluster.x-k8s.io/secret',
      data: { value: Buffer.from(text).toString('base64') },
    });
    const controlPlaneEndpoint = { host: address, port: played.server.port };
    await caller.must('PATCH', this.#path('clusters', name), { spec: { controlPlaneEndpoint } });
  }

  #status({ step, failure }: Played): Record<string, unknown> {
    const met = (type: string, is: boolean, reason: string) => ({
      type,
      status: is ? 'True' : 'False',
      reason: is ? type : reason,
      message: '',
      lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ''),
    });
    const conditions = [
      met('InfrastructureReady', step >= 1, 'WaitingForInfrastructure'),
      met('ControlPlaneInitialized', step >= 2, 'WaitingForFirstMachine'),
      met(this.#options.version === 'v1beta1' ? 'Ready' : 'Available', step >= lastStep, 'NotReady'),
    ];
    const count = (desiredReplicas: number, readyReplicas: number) => ({ desiredReplicas, readyReplicas });
    const counts = {
      controlPlane: count(1, Math.min(1, Math.max(0, step - 2))),
      workers: count(workers, Math.max(0, step - 3)),
    };
    const broken = failure === undefined ? {} : { failureReason: 'CreateError', failureMessage: failure };
    // Says Provisioned long before anything answers: nobody is to trust it.
    const phase = step >= 1 ? 'Provisioned' : 'Provisioning';
    if (this.#options.version === 'v1beta1') {
      const ready = { infrastructureReady: step >= 1, controlPlaneReady: step >= 3 };
      return { phase, conditions, ...ready, ...broken, v1beta2: counts };
    }
    const initialization = { infrastructureProvisioned: step >= 1, controlPlaneInitialized: step >= 2 };
    return { phase, conditions, initialization, ...counts, deprecated: { v1beta1: broken } };
  }

  /** What it owns goes first, then the Cluster. */
  async #collect({ metadata }: Thing, played: Played): Promise<void> {
    const { caller, namespace } = this.#options;
    await played.server?.close();
    const lists = Object.values(partKinds).flatMap(kinds => Object.values(kinds));
    const paths = [...lists.map(plural => this.#path(plural)), `/api/v1/namespaces/${namespace}/secrets`];
    for (const path of paths) {
      for (const { metadata: owned } of await caller.items(path)) {
        if (!owned.ownerReferences?.some(({ uid }) => uid === metadata.uid)) continue;
        await caller.call('DELETE', `${path}/${owned.name}`);
      }
    }
    const finalizers = (metadata.finalizers ?? []).filter(one => one !== finalizer);
    await caller.call('PATCH', this.#path('clusters', metadata.name), { metadata: { finalizers } });
  }

  #path(plural: string, name?: string): string {
    return pathOf(this.#options.version, this.#options.namespace, plural, name);
  }
}

/** Of a kind of Cluster API, or of one that {@link partKinds} names. */
export function pathOf(version: ApiVersion, namespace: string, plural: string, name?: string): string {
  const groups = Object.entries(partKinds);
  const [group] = groups.find(([, kinds]) => Object.values(kinds).includes(plural)) ?? ['cluster.x-k8s.io'];
  const list = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
  return name === undefined ? list : `${list}/${name}`;
}
