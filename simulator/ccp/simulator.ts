/** The container platform without its laboratory: start it, talk to it, break it, stop it. */
import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { addOnState } from './add-on.ts';
import { makeServerPair } from './certificates.ts';
import { type ClusterState, type Generation, type Network, type NodeState, rangeOf } from './cluster.ts';
import type { Failure } from './failures.ts';
import { type Inventory, inventory } from './inventory.ts';
import { type CcpSimulatorOptions, resolveOptions } from './options.ts';
import { PlatformState } from './platform-state.ts';
import { startFront } from './server.ts';
import { v2Api } from './v2/routes.ts';
import { v3Api } from './v3/routes.ts';

export type { Failure } from './failures.ts';
export type { CcpSimulatorOptions } from './options.ts';

/** Calls remembered for {@link CcpSimulator.calls}; older ones are forgotten. */
const maxCalls = 1000;

/** One cluster as an onlooker sees it. */
export interface ClusterSnapshot {
  uuid: string;
  /** The same as `uuid`, by its v3 name. */
  id: string;
  name: string;
  /** The generation through which it was ordered. */
  api: Generation;
  kind: 'vsphere' | 'eks';
  state: ClusterState;
  /** `vpc`: EKS, a network of its own in the cloud. */
  network: Network['plugin'];
  /** The range that the order named: pods' with Calico, nodes' with ACI, the VPC's with EKS. */
  cidr: string;
  /** Where the API is or will be. */
  address: string;
  /** The API's URL while it answers. */
  apiUrl: string | undefined;
  nodes: { name: string; state: NodeState; address: string; isMaster: boolean }[];
  /** Names of those that are installed, oldest first. */
  addOns: string[];
  /** The Kubernetes objects that have been applied to it, oldest first. May hold secrets. */
  objects: object[];
  /** The create's body as it was understood. May hold secrets of the client's. */
  request: Readonly<Record<string, unknown>>;
}

/** One answered call. `status` is 0 when the connection was cut instead. */
export interface CallRecord {
  method: string;
  path: string;
  status: number;
}

/** A running simulator. */
export interface CcpSimulator {
  /** `https://host:port`, without a slash at the end. */
  url: string;
  port: number;
  /** The platform's self-signed certificate: what a client has to trust. */
  caPem: string;
  /** The same as SHA-256, in Node's form `AB:CD:…`. */
  fingerprint256: string;
  user: string;
  password: string;
  /** The uuids and names that a create has to mention. */
  inventory: Inventory;
  /** All clusters that there are now, oldest first. */
  clusters(): ClusterSnapshot[];
  /** The last 10,000 creates that were carried out, also of clusters that are gone, oldest first. */
  made(): { name: string; id: string }[];
  /** Addresses that the pool still has. */
  freeAddresses(): number;
  /** The last 1,000 calls, oldest first. A blocked create appears when it is answered. */
  calls(): CallRecord[];
  /** Lets something go wrong from now on. The returned function ends it. Throws SetupError for impossible values. */
  fail(failure: Failure): () => void;
  /** Ends all failures, or all of one kind, whether they came with the options or later. */
  clearFailures(kind?: Failure['kind']): void;
  /** Makes all tokens given out so far worthless. */
  expireTokens(): void;
  /** Ends everything, also blocked creates (their connections are cut) and the clusters' API servers. */
  close(): Promise<void>;
}

/**
 * Starts a simulator of Cisco Container Platform (APIs v2 and v3) with an empty laboratory. Nothing is kept on disk.
 * Throws SetupError for impossible options and for a port that cannot be had.
 */
export async function startCcpSimulator(options: CcpSimulatorOptions = {}): Promise<CcpSimulator> {
  const resolved = resolveOptions(options);
  const host = resolved.host === '0.0.0.0' || resolved.host === '::' ? '127.0.0.1' : resolved.host;
  const pair = await makeServerPair('ccp', [...new Set([host, '127.0.0.1', 'localhost'])]);
  const lab = new PlatformState(resolved);
  const calls: CallRecord[] = [];
  const front = await startFront({
    host: resolved.host,
    port: resolved.port,
    pair,
    apis: [v2Api(lab), v3Api(lab)],
    clock: lab.clock,
    failures: lab.failures,
    onCall: (method, path, status) => {
      calls.push({ method, path, status });
      if (calls.length > maxCalls) calls.shift();
    },
  });
  return {
    url: `https://${isIPv6(host) ? `[${host}]` : host}:${front.port}`,
    port: front.port,
    caPem: pair.certPem,
    fingerprint256: new X509Certificate(pair.certPem).fingerprint256,
    user: resolved.user,
    password: resolved.password,
    inventory,
    clusters: () => snapshots(lab),
    made: () => [...lab.made],
    freeAddresses: () => lab.pool.free,
    calls: () => [...calls],
    fail: failure => lab.failures.add(failure),
    clearFailures: kind => lab.failures.clear(kind),
    expireTokens: () => lab.sessions.expireTokens(),
    close: async () => {
      await front.close();
      await lab.close();
    },
  };
}

function snapshots(lab: PlatformState): ClusterSnapshot[] {
  return lab.clusters().map(cluster => {
    const { api, network, name, request } = cluster.order;
    const addOns = [...cluster.addOns.values()];
    return {
      uuid: cluster.uuid,
      id: cluster.uuid,
      name,
      api,
      kind: cluster.kind,
      state: cluster.state,
      network: network.plugin,
      cidr: rangeOf(network),
      address: cluster.vip,
      apiUrl: cluster.apiServer?.url,
      nodes: cluster.nodes.map(({ name, state, address, isMaster }) => ({ name, state, address, isMaster })),
      addOns: addOns.filter(one => addOnState(one, lab.clock) === 'installed').map(one => one.name),
      objects: cluster.objects.all(),
      request,
    };
  });
}
