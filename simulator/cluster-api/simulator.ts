/** A management cluster with Cluster API, without its laboratory: start it, talk to it, break it, stop it. */
import { isIPv6 } from 'node:net';
import { stringify } from 'yaml';
import { AddressPool } from '../ccp/addresses.ts';
import { makeAuthority, makeServerPair } from '../ccp/certificates.ts';
import { Clock } from '../ccp/clock.ts';
import { Accounts, allRules, type Rule } from './accounts.ts';
import { Api } from './api.ts';
import { classObject } from './classes.ts';
import type { State } from './controllers/cluster.ts';
import { ControllerContext } from './controllers/controller-context.ts';
import { Controllers } from './controllers/controllers.ts';
import { type Failure, Failures } from './failures.ts';
import { type CallRecord, HttpsFront } from './https-front.ts';
import { kindsOf } from './kinds.ts';
import { type ClusterApiSimulatorOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { Store } from './store.ts';
import { Watches } from './watches.ts';

export type { Rule } from './accounts.ts';
export { buildMs } from './controllers/build.ts';
export type { Failure } from './failures.ts';
export type { CallRecord } from './https-front.ts';
export type { ClusterApiSimulatorOptions } from './options.ts';

/** Calls remembered for {@link ClusterApiSimulator.requests}; older ones are forgotten. */
const maxCalls = 100_000;

/** One cluster as an onlooker sees it. */
export interface ClusterSnapshot {
  name: string;
  namespace: string;
  uid: string;
  state: State;
  /** Where its API is or will be; empty before it has one. */
  address: string;
  /** Its API's URL once its control plane answers. */
  apiUrl: string | undefined;
  /** The first range of its pods. */
  cidr: string;
  /** The Kubernetes objects that have been applied to it, oldest first. May hold secrets. */
  objects: object[];
}

/** A running simulator. */
export interface ClusterApiSimulator {
  /** `https://host:port`, without a slash at the end. */
  url: string;
  port: number;
  /** PEM of the authority that has signed its certificate. */
  ca: string;
  /** Of the administrator, who may do everything. */
  token: string;
  namespace: string;
  /** For the management cluster. @param token another account's */
  kubeconfig(token?: string): string;
  /**
   * A service account of its own, with rights in the simulator's namespace (`rules`, as a Role) and in all
   * (`clusterRules`).
   * @returns its token
   */
  addAccount(account: { name: string; rules?: readonly Rule[]; clusterRules?: readonly Rule[] }): string;
  /** Makes a token worthless: 401 from now on. */
  revoke(token: string): void;
  /** All clusters that there are now, oldest first. */
  clusters(): ClusterSnapshot[];
  /** The last 100,000 calls, oldest first. */
  requests(): CallRecord[];
  /** Lets something go wrong from now on. The returned function heals it. Throws SetupError for impossible values. */
  fail(failure: Failure): () => void;
  /** Heals everything. */
  clearFailures(): void;
  openWatches(): number;
  /** Forgets the history: watches from versions before now are told 410. Open watches go on. */
  compact(): void;
  /** The API server is down: nothing listens, every connection is cut, the controllers stand still. */
  pause(): Promise<void>;
  /** It is up again at the same address. Throws SetupError when another program has taken the port. */
  resume(): Promise<void>;
  /** Ends everything, also the clusters' API servers. */
  close(): Promise<void>;
}

/**
 * Starts one with nothing in it but its namespaces and classes. Nothing is kept on disk.
 * Throws SetupError for impossible options and for a port that cannot be had.
 */
export async function startClusterApiSimulator(
  options: ClusterApiSimulatorOptions = {},
): Promise<ClusterApiSimulator> {
  const resolved = resolveOptions(options);
  const host = resolved.host === '0.0.0.0' || resolved.host === '::' ? '127.0.0.1' : resolved.host;
  const authority = await makeAuthority('management-cluster');
  const names = [...new Set([host, '127.0.0.1', 'localhost', 'kubernetes.default.svc'])];
  const pair = await makeServerPair('kube-apiserver', names, authority);
  const parts = makeParts(resolved);
  const { lab, accounts, controllers, served, failures } = parts;
  const token = accounts.add(
    { user: 'system:serviceaccount:default:admin', rules: [], clusterRules: allRules },
    resolved.token,
  );
  const calls: CallRecord[] = [];
  const front = await HttpsFront.start({
    host: resolved.host,
    port: resolved.port,
    pair,
    api: new Api(served, resolved.kubernetesVersion, resolved.namespace),
    accounts,
    failures,
    clock: lab.clock,
    bookmarkEveryMs: resolved.bookmarkEveryMs,
    onCall: call => {
      calls.push(call);
      if (calls.length > maxCalls) calls.shift();
    },
  });
  const url = `https://${isIPv6(host) ? `[${host}]` : host}:${front.port}`;
  const cutters = new Set<NodeJS.Timeout>();
  return {
    url,
    port: front.port,
    ca: authority.certPem,
    token,
    namespace: resolved.namespace,
    kubeconfig: (own = token) => kubeconfigOf(url, authority.certPem, own, resolved.namespace),
    addAccount: ({ name, rules = [], clusterRules = [] }) => {
      const user = `system:serviceaccount:${resolved.namespace}:${name}`;
      return accounts.add({ user, rules, clusterRules });
    },
    revoke: own => accounts.revoke(own),
    clusters: () => controllers.all().map(snapshot),
    requests: () => [...calls],
    fail: failure => startFailure(failure, parts, cutters),
    clearFailures: () => {
      failures.clear();
      for (const timer of cutters) clearInterval(timer);
    },
    openWatches: () => served.watches.size,
    compact: () => served.store.compact(),
    pause: async () => {
      lab.pause();
      await front.pause();
    },
    resume: async () => {
      await front.resume();
      lab.resume();
    },
    close: async () => {
      for (const timer of cutters) clearInterval(timer);
      lab.clock.close();
      lab.resume();
      failures.clear();
      for (const watch of served.watches.all()) watch.cut();
      await front.pause();
      await controllers.close();
    },
  };
}

function makeParts(options: ResolvedOptions) {
  const kinds = kindsOf(options);
  const store = new Store(options.historyLength);
  const failures = new Failures();
  for (const failure of options.failures) failures.add(failure);
  const clock = new Clock(options.speed);
  const pool = new AddressPool(options.addressPool, firstAddress);
  const lab = new ControllerContext({
    store,
    clock,
    pool,
    failures,
    kinds,
    bindPoolAddresses: options.bindPoolAddresses,
  });
  const watches = new Watches();
  const served = {
    kinds,
    store,
    watches,
    counts: options.replicaCounts,
    typedPatchStatus: options.typedPatchStatus,
    deprecatesV1beta1: options.apiVersions.includes('v1beta2'),
  };
  fill(lab, options);
  return {
    lab,
    failures,
    served,
    accounts: new Accounts(),
    controllers: new Controllers(lab, options.controllers),
  };
}

/** Addresses at the beginning of the block come last. */
const firstAddress = 10;

function fill(lab: ControllerContext, { namespace, namespaces, classes }: ResolvedOptions): void {
  const kind = lab.kindOf('', 'Namespace');
  for (const name of new Set(['default', 'kube-system', namespace, ...namespaces])) {
    if (kind === undefined) continue;
    const status = { phase: 'Active' };
    lab.write({ kind, namespace: '', name }, before => ({ ...before, metadata: { name }, status }));
  }
  const classKind = lab.kindOf('cluster.x-k8s.io', 'ClusterClass');
  for (const one of classes) {
    if (classKind === undefined) continue;
    const place = { kind: classKind, namespace: one.namespace ?? namespace, name: one.name };
    const { spec = {}, status = {} } = classObject(one);
    lab.write(place, before => ({ ...before, spec }));
    lab.write(place, before => ({ ...before, status }), 'status');
  }
}

function startFailure(
  failure: Failure,
  { failures, served }: ReturnType<typeof makeParts>,
  cutters: Set<NodeJS.Timeout>,
): () => void {
  const heal = failures.add(failure);
  if (failure.kind === 'cutWatches') {
    const { everyMs, how = 'cut' } = failure;
    const timer = setInterval(() => {
      for (const watch of served.watches.all()) watch[how]();
    }, everyMs).unref();
    cutters.add(timer);
    return () => {
      heal();
      clearInterval(timer);
      cutters.delete(timer);
    };
  }
  if (failure.kind === 'watchGone410') {
    for (const watch of served.watches.all()) {
      if (failure.as === 'status' || failures.take('watchGone410') === undefined) break;
      watch.gone('too old resource version');
    }
  }
  return heal;
}

function snapshot(cluster: ReturnType<Controllers['all']>[number]): ClusterSnapshot {
  const { name, uid, state, address = '', cidr, apiServer, facts, objects, place } = cluster;
  return {
    name,
    namespace: place.namespace,
    uid,
    state,
    address: apiServer?.address ?? address,
    apiUrl: facts.initialized ? apiServer?.url : undefined,
    cidr,
    objects: objects.all(),
  };
}

function kubeconfigOf(server: string, ca: string, token: string, namespace: string): string {
  const authority = Buffer.from(ca).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'management', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'provisioner', user: { token } }],
    contexts: [{ name: 'management', context: { cluster: 'management', user: 'provisioner', namespace } }],
    'current-context': 'management',
  });
}
