/** What a simulator can be asked to be. */
import { SetupError } from '../../config/src/setup-error.ts';
import { type Cidr, parseCidr } from './addresses.ts';
import type { Failure } from './failures.ts';

/** Options of `startCcpSimulator`. Everything may be left out. */
export interface CcpSimulatorOptions {
  /** Where the platform's HTTPS server listens. Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. The product uses 443. */
  port?: number;
  /** The one account, an administrator. Default `admin`. */
  user?: string;
  /** Default `simulated`. Give a real one when `host` is not loopback. */
  password?: string;
  /**
   * How many times as fast as a laboratory: 1 builds one master and two workers in 160 s, 16 in 10 s. More than 0;
   * default 1.
   */
  speed?: number;
  /**
   * Where API and node addresses come from: an IPv4 block inside 127.0.0.0/8, /8 to /30. Default 127.20.0.0/16.
   * The first host is the gateway's. Simulators that run at one time should have different blocks.
   */
  addressPool?: string;
  /** How many addresses of the block to skip at the beginning (they come last). Default 10. */
  firstAddress?: number;
  /** Status of a create that went well: the product's swagger says 201, a lab text 200. Default 201. */
  createStatus?: 200 | 201;
  /** Status of the list when there is no cluster: 200 with `[]`, or the swagger's 404. Default 200. */
  emptyListStatus?: 200 | 404;
  /**
   * For how long after a create the read by name says 404, as the platform's own page was seen to meet it
   * (nominal ms, divided by `speed`). The list shows the cluster at once. Default 1,000.
   */
  visibleAfterMs?: number;
  /** How long a token is good for (real ms, whole seconds). Default 24 h, as the product's. */
  tokenLifetimeMs?: number;
  /** Clusters that fit into the laboratory whatever addresses are free. Default 1,000. */
  maxClusters?: number;
  /** The release that `/2/system/livenessHealth` names. Default 3.2.0. */
  version?: string;
  /** Words of the field `state`; the product's own are unknown but for `READY`. */
  stateWords?: Partial<StateWords>;
  /**
   * Whether a cluster's API server listens on the cluster's own address (default). False, or when this machine
   * lacks the address (macOS has 127.0.0.1 only): on 127.0.0.1 with a free port; the cluster's address is then
   * 127.0.0.1 and its kubeconfig names the port.
   */
  bindPoolAddresses?: boolean;
  /** What goes wrong from the start. */
  failures?: readonly Failure[];
  /** What is known or assumed of v3 alone. */
  v3?: Partial<Omit<V3Options, 'words'>> & { words?: Partial<V3Words> };
}

export interface V3Options {
  /**
   * Status of a create and of a change that went well. 200 or 202 (ANS takes both, EKSPY only 200). Default 200, so
   * that every known client is content.
   */
  acceptedStatus: 200 | 202;
  /** Status for a missing or a bad token. Nobody wrote it down; default 401. */
  noTokenStatus: 401 | 403;
  /** For how long a deleted cluster can still be seen, as `DELETING` (nominal ms). Default 10,000, assumed. */
  deleteMs: number;
  /**
   * Whether the kubeconfig of an EKS cluster asks `aws-iam-authenticator` for a token, as the real ones probably do
   * (assumed). Default false: a certificate and a token, as with vSphere, so that a client can log in.
   */
  eksExecUser: boolean;
  /** Words of the field `status` whose real ones are only inferred. */
  words: V3Words;
}

export interface V3Words {
  /** Default `ERROR`. */
  failed: string;
  /** Default `DELETING`. */
  deleting: string;
}

export interface StateWords {
  /** Default `PROVISIONING`, the word of the lab's text (LAB). */
  building: string;
  /** Default `READY`: the only word ever captured. */
  ready: string;
  /** Default `ERROR`: inferred. */
  failed: string;
}

export interface ResolvedOptions
  extends Required<Omit<CcpSimulatorOptions, 'addressPool' | 'stateWords' | 'v3'>> {
  v3: V3Options;
  addressPool: Cidr;
  stateWords: StateWords;
}

const dayMs = 24 * 60 * 60 * 1000;
const loopback: Cidr = { text: '127.0.0.0/8', prefix: 8, first: 127 * 2 ** 24, last: 128 * 2 ** 24 - 1 };
/** Network, gateway and broadcast address leave one of the four addresses of a /30. */
const smallestPrefix = 30;

/** Fills in what was left out. Throws SetupError, one sentence, for the first impossible value. */
export function resolveOptions(options: CcpSimulatorOptions): ResolvedOptions {
  const { addressPool = '127.20.0.0/16', stateWords, v3, ...rest } = options;
  const pool = parseCidr(addressPool);
  if (pool === undefined || pool.first < loopback.first || pool.last > loopback.last) {
    throw new SetupError(`the address pool ${addressPool} is not an IPv4 block inside ${loopback.text}`);
  }
  if (pool.prefix > smallestPrefix) {
    throw new SetupError(`the address pool ${addressPool} has no room: /${smallestPrefix} is the smallest`);
  }
  const resolved = {
    host: '127.0.0.1',
    port: 0,
    user: 'admin',
    password: 'simulated',
    speed: 1,
    firstAddress: 10,
    createStatus: 201 as const,
    emptyListStatus: 200 as const,
    visibleAfterMs: 1000,
    tokenLifetimeMs: dayMs,
    maxClusters: 1000,
    version: '3.2.0',
    bindPoolAddresses: true,
    failures: [],
    ...rest,
    addressPool: pool,
    stateWords: { building: 'PROVISIONING', ready: 'READY', failed: 'ERROR', ...stateWords },
    v3: {
      acceptedStatus: 200 as const,
      noTokenStatus: 401 as const,
      deleteMs: 10_000,
      eksExecUser: false,
      ...v3,
      words: { failed: 'ERROR', deleting: 'DELETING', ...v3?.words },
    },
  };
  if (!(resolved.speed > 0 && Number.isFinite(resolved.speed))) {
    throw new SetupError(`the speed ${resolved.speed} is not possible: expected a number above 0`);
  }
  if (!Number.isInteger(resolved.firstAddress) || resolved.firstAddress < 0) {
    throw new SetupError(`the first address ${resolved.firstAddress} is not possible: expected 0 or more`);
  }
  return resolved;
}
